"""Write TensorBoard's event files. Not called tensorboard.py, which would hide the package of that name."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
import pyarrow.compute as pc
from actbench.export import tensorboard
from actbench.storage import files, parquet, records

jobs.start(snakemake.log[0], snakemake.params.code)
planned = records.Plan(**snakemake.params.made_with)
sources = [snakemake.input.history, snakemake.input.histograms]
records.checked(snakemake.input.made_by, planned, sources)
history = parquet.read(snakemake.input.history).to_pandas()
by_epoch = pc.field("source").isin(list(tensorboard.HISTOGRAMS))
histograms = parquet.read(snakemake.input.histograms).filter(by_epoch).to_pandas()
with files.atomic_folder(snakemake.output[0]) as folder:
    tensorboard.write(folder, history, histograms)
print(f"See them with: tensorboard --logdir {snakemake.output[0]}", flush=True)
jobs.finish()
