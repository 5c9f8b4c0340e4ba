"""Predict from an activation, an initialisation and the images what its networks are before they train."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.training import theory_job

jobs.start(snakemake.log[0], snakemake.params.code)
theory_job.run(snakemake)
jobs.finish()
