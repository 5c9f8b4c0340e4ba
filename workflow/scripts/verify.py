"""Tell how the comparison with published numbers ended, and fail where one differs."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.verification import outcome

jobs.start(snakemake.log[0], snakemake.params.code)
outcome.verify(snakemake)
jobs.finish()
