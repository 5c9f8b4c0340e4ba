"""Write the page of a network that somebody else trained."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.report import checkpoint

jobs.start(snakemake.log[0], snakemake.params.code)
checkpoint.run(snakemake)
jobs.finish()
