"""Choose the learning rate of one activation, depth and setting."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.training import tuning_job

log = jobs.start(snakemake.log[0], snakemake.params.code)
tuning_job.run(snakemake, log.info)
jobs.finish()
