"""Time every activation function of the study, forward and backward, side by side."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
import torch
from actbench.activations import timing
from actbench.runtime import devices, provenance
from actbench.storage import parquet

jobs.start(snakemake.log[0], snakemake.params.code)
params = snakemake.params
torch.set_num_threads(params.threads)
with devices.claimed(snakemake.config["device"] if snakemake.resources.gpu else "cpu") as device:
    rows = timing.measure(params.specs, params.shape, device)
table = parquet.table(rows, timing.SCHEMA, ["activation", "direction", "round"])
record = {
    "params": {"specs": params.specs, "shape": params.shape, "threads": params.threads},
    "provenance": provenance.describe(params.code, device),
    "seconds": provenance.seconds(),
}
parquet.write(table, snakemake.output[0], record)
jobs.finish()
