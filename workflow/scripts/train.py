"""Train the networks of one activation, depth and block of seeds."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.training import job

log = jobs.start(snakemake.log[0], snakemake.params.code)
job.run(snakemake, log.info)
jobs.finish()
