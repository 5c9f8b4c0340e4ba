"""Count dead, zero-gradient, dormant and saturated units over all training images."""

import sys
from pathlib import Path

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.probes import dead_neurons, runner

jobs.start(snakemake.log[0], snakemake.params.code)
planned = {entry["id"]: entry["spec"] for entry in snakemake.config["activations"]}
threshold = snakemake.params.section["dormant_threshold"]


def measure(network, data):
    return dead_neurons.measure(network, data.train.x, threshold)


runner.run(
    Path(snakemake.input.model).parent,
    snakemake.input.data,
    dead_neurons.SCHEMA,
    measure,
    snakemake.output[0],
    snakemake.params.section,
    planned[snakemake.wildcards.activation],
    snakemake.params.code,
)
jobs.finish()
