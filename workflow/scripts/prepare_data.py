"""Get one data set, check it and store it as one file."""

from actbench import datasets, logs

logs.start(snakemake.log[0])
datasets.prepare(snakemake.wildcards.dataset, snakemake.config["data_dir"], snakemake.output[0])
logs.finish()
