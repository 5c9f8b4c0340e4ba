"""Count dead, zero-gradient, dormant and saturated units over all training images."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.probes import dead_neurons, runner

jobs.start(snakemake.log[0], snakemake.params.code)
runner.run_job(dead_neurons.PROBE, snakemake)
jobs.finish()
