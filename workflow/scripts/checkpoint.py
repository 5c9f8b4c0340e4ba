"""Measure a network that somebody else trained, on the study's data set."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.probes import checkpoint

jobs.start(snakemake.log[0], snakemake.params.code)
checkpoint.run(snakemake)
jobs.finish()
