"""Write one page with several studies side by side."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.report import side_by_side

jobs.start(snakemake.log[0], snakemake.params.code)
side_by_side.run(snakemake)
jobs.finish()
