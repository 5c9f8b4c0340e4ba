"""Measure gradients on one fixed batch of training images, at initialisation and after training."""

from pathlib import Path

import actbench.jobs as jobs
from actbench import gradients, probes, provenance

jobs.start(snakemake.log[0])
n_images, bins = snakemake.params.section["images"], snakemake.params.section["bins"]


def measure(network, data):
    return gradients.measure(network, data.train.x[:n_images], data.train.y[:n_images], bins)


probes.run(
    Path(snakemake.input.model).parent,
    snakemake.input.data,
    snakemake.threads,
    gradients.SCHEMA,
    measure,
    snakemake.output[0],
    snakemake.params.section,
    provenance.describe(snakemake.params.code, "cpu"),
    ["tensor"],
)
jobs.finish()
