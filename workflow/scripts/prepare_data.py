"""Get one data set, check it and store it as one file."""

import actbench.jobs as jobs
from actbench import datasets

jobs.start(snakemake.log[0])
datasets.prepare(snakemake.wildcards.dataset, snakemake.config["data_dir"], snakemake.output[0])
jobs.finish()
