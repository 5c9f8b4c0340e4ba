"""Measure what others published, and put both side by side."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.verification import job

jobs.start(snakemake.log[0], snakemake.params.code)
job.run(snakemake)
jobs.finish()
