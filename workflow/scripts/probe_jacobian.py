"""Measure the Jacobian of the logits with respect to the image, at initialisation and after training."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.probes import jacobian, runner

jobs.start(snakemake.log[0], snakemake.params.code)
runner.run_job(jacobian.PROBE, snakemake)
jobs.finish()
