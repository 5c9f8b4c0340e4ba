"""Measure how pre-activations and activations are distributed, at initialisation and after training."""

from pathlib import Path

import actbench.jobs as jobs
from actbench import distributions, probes, provenance

jobs.start(snakemake.log[0])
n_images, bins = snakemake.params.section["images"], snakemake.params.section["bins"]


def measure(network, data):
    return distributions.measure(network, data.train.x[:n_images], bins)


probes.run(
    Path(snakemake.input.model).parent,
    snakemake.input.data,
    snakemake.threads,
    distributions.SCHEMA,
    measure,
    snakemake.output[0],
    snakemake.params.section,
    provenance.describe(snakemake.params.code, "cpu"),
    ["signal"],
)
jobs.finish()
