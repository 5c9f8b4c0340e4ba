"""Time every activation function of the study, forward and backward, side by side."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.activations import timing

jobs.start(snakemake.log[0], snakemake.params.code)
timing.run(snakemake)
jobs.finish()
