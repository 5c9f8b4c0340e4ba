"""Measure how pre-activations and activations are distributed, at initialisation and after training."""

from pathlib import Path

import actbench.jobs as jobs
from actbench import distributions, probes

jobs.start(snakemake.log[0])
n_images, bins = snakemake.params.section["images"], snakemake.params.section["bins"]


def measure(network, data):
    return distributions.measure(network, data.train.x[:n_images], bins)


folder = Path(snakemake.input.model).parent
probes.run(
    folder,
    snakemake.input.data,
    snakemake.threads,
    distributions.SCHEMA,
    measure,
    snakemake.output[0],
    ["signal"],
)
jobs.finish()
