"""Measure gradients on one fixed batch of training images, at initialisation and after training."""

import sys
from pathlib import Path

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.probes import gradients, runner

jobs.start(snakemake.log[0], snakemake.params.code)
planned = {entry["id"]: entry["spec"] for entry in snakemake.config["activations"]}
n_images, bins = snakemake.params.section["images"], snakemake.params.section["bins"]


def measure(network, data):
    return gradients.measure(network, data.train.x[:n_images], data.train.y[:n_images], bins)


runner.run(
    Path(snakemake.input.model).parent,
    snakemake.input.data,
    gradients.SCHEMA,
    measure,
    snakemake.output[0],
    snakemake.params.section,
    planned[snakemake.wildcards.activation],
    snakemake.params.code,
    ["tensor"],
)
jobs.finish()
