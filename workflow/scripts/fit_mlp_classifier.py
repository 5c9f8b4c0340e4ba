"""Train scikit-learn's MLPClassifier in the setting of our own networks."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.verification import sklearn_mlp

jobs.start(snakemake.log[0], snakemake.params.code)
sklearn_mlp.run(snakemake)
jobs.finish()
