"""Measure gradients on one fixed batch of training images, at initialisation and after training."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.probes import gradients, runner

jobs.start(snakemake.log[0], snakemake.params.code)
runner.run_job(gradients.PROBE, snakemake)
jobs.finish()
