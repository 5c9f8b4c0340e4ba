"""Draw the report's figures of histograms, one for each depth, from the study's histograms."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.figures import histograms_job

jobs.start(snakemake.log[0], snakemake.params.code)
histograms_job.run(snakemake)
jobs.finish()
