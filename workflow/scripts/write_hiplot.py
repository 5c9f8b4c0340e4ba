"""Draw parallel coordinates. Not called hiplot.py, which would hide the package of that name."""

import actbench.jobs as jobs
from actbench import files, parallel_coordinates, parquet

jobs.start(snakemake.log[0])
history = parquet.read(snakemake.input.history).to_pandas()
files.write_text(parallel_coordinates.page(history, snakemake.params.labels), snakemake.output[0])
print(f"Parallel coordinates: {snakemake.output[0]}", flush=True)
jobs.finish()
