"""Time every activation function of the study, forward and backward, side by side."""

import actbench.jobs as jobs
import torch
from actbench import devices, function_cost, parquet

jobs.start(snakemake.log[0])
params = snakemake.params
torch.set_num_threads(params.threads)
with devices.claimed("cuda" if snakemake.resources.gpu else "cpu") as device:
    rows = function_cost.measure(params.specs, params.shape, device)
table = parquet.table(rows, function_cost.SCHEMA, ["activation", "direction", "round"])
parquet.write(table, snakemake.output[0])
jobs.finish()
