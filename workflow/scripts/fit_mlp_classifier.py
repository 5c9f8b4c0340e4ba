"""Train scikit-learn's MLPClassifier in the setting of our own networks."""

import actbench.jobs as jobs
from actbench import mlp_classifier, parquet

jobs.start(snakemake.log[0])
rows = mlp_classifier.fit(snakemake.input.data, snakemake.params.block)
parquet.write(mlp_classifier.table(rows), snakemake.output[0])
jobs.finish()
