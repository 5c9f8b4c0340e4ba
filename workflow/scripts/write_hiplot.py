"""Draw parallel coordinates. Not called hiplot.py, which would hide the package of that name."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.export import hiplot
from actbench.storage import files, parquet, records

jobs.start(snakemake.log[0], snakemake.params.code)
planned = records.Plan(**snakemake.params.made_with)
records.checked(snakemake.input.made_by, planned, [snakemake.input.history])
history = parquet.read(snakemake.input.history).to_pandas()
files.write_text(hiplot.page(history, snakemake.params.labels), snakemake.output[0])
print(f"Parallel coordinates: {snakemake.output[0]}", flush=True)
jobs.finish()
