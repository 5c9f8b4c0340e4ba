"""Draw parallel coordinates. Not called hiplot.py, which would hide the package of that name."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.export import hiplot

jobs.start(snakemake.log[0], snakemake.params.code)
hiplot.run(snakemake)
jobs.finish()
