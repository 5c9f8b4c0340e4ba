"""Draw the report's figures of runs and layers from the study's tables."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.figures import results_job

jobs.start(snakemake.log[0], snakemake.params.code)
results_job.run(snakemake)
jobs.finish()
