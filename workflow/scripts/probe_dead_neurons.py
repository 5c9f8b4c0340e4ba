"""Count dead, zero-gradient, dormant and saturated units over all training images."""

from pathlib import Path

import actbench.jobs as jobs
from actbench import dead_neurons, probes, provenance

jobs.start(snakemake.log[0])
threshold = snakemake.params.section["dormant_threshold"]


def measure(network, data):
    return dead_neurons.measure(network, data.train.x, threshold)


probes.run(
    Path(snakemake.input.model).parent,
    snakemake.input.data,
    snakemake.threads,
    dead_neurons.SCHEMA,
    measure,
    snakemake.output[0],
    snakemake.params.section,
    provenance.describe(snakemake.params.code, "cpu"),
)
jobs.finish()
