"""Measure how pre-activations and activations are distributed, at initialisation and after training."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.probes import distributions, runner

jobs.start(snakemake.log[0], snakemake.params.code)
runner.run_job(distributions.PROBE, snakemake)
jobs.finish()
