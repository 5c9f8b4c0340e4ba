"""Write the page that says which initialisation to use, from what theory predicts under each."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.report import prediction

jobs.start(snakemake.log[0], snakemake.params.code)
prediction.run(snakemake)
jobs.finish()
