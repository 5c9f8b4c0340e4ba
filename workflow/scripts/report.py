"""Write the report, the resolved config, and what made the tables."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.report import job

jobs.start(snakemake.log[0], snakemake.params.code)
job.run(snakemake)
jobs.finish()
