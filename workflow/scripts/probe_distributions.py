"""Measure how pre-activations and activations are distributed, at initialisation and after training."""

import sys
from pathlib import Path

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.probes import distributions, runner

jobs.start(snakemake.log[0], snakemake.params.code)
planned = {entry["id"]: entry["spec"] for entry in snakemake.config["activations"]}
n_images, bins = snakemake.params.section["images"], snakemake.params.section["bins"]


def measure(network, data):
    return distributions.measure(network, data.train.x[:n_images], bins)


runner.run(
    Path(snakemake.input.model).parent,
    snakemake.input.data,
    distributions.SCHEMA,
    measure,
    snakemake.output[0],
    snakemake.params.section,
    planned[snakemake.wildcards.activation],
    snakemake.params.code,
    ["signal"],
)
jobs.finish()
