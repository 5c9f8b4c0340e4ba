"""Train scikit-learn's MLPClassifier in the setting of our own networks."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
import actbench.jobs as jobs
from actbench import mlp_classifier, parquet, provenance

jobs.start(snakemake.log[0], snakemake.params.code)
rows = mlp_classifier.fit(snakemake.input.data, snakemake.params.block)
record = {
    "params": snakemake.params.block,
    "provenance": provenance.describe(snakemake.params.code, "cpu"),
    "seconds": provenance.seconds(),
}
parquet.write(mlp_classifier.table(rows), snakemake.output[0], record)
jobs.finish()
