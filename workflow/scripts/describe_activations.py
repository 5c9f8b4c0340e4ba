"""Tabulate every activation function of the study, its derivative and what properties follow from them."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.activations import description

log = jobs.start(snakemake.log[0], snakemake.params.code)
description.run(snakemake, log.warning)
jobs.finish()
