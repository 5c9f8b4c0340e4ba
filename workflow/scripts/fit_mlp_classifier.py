"""Train scikit-learn's MLPClassifier in the setting of our own networks."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.runtime import provenance
from actbench.storage import parquet
from actbench.verification import sklearn_mlp

jobs.start(snakemake.log[0], snakemake.params.code)
rows = sklearn_mlp.fit(snakemake.input.data, snakemake.params.block)
record = {
    "params": snakemake.params.block,
    "provenance": provenance.describe(snakemake.params.code, "cpu"),
    "seconds": provenance.seconds(),
}
parquet.write(sklearn_mlp.table(rows), snakemake.output[0], record)
jobs.finish()
