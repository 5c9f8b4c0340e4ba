"""Train the networks of one activation, depth and block of seeds."""

import sys
from pathlib import Path

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.data import prepared, splits
from actbench.networks import checkpoints
from actbench.runtime import devices, progress, provenance, streams
from actbench.storage import histograms, manifest, parquet
from actbench.training import block, cost, fitting

log = jobs.start(snakemake.log[0], snakemake.params.code)
params, output = snakemake.params.block, snakemake.output
fitting.prepare_torch(fitting.Settings(**params["training"]))
images = prepared.read(snakemake.input.data, snakemake.params.prepared_by)
with devices.claimed(snakemake.config["device"] if snakemake.resources.gpu else "cpu") as device:
    done = block.train(snakemake.wildcards.activation, params, images, device, log.info)
    described = provenance.describe(snakemake.params.code, device)

parquet.write(parquet.table(done.runs, fitting.RUNS, parquet.RUN), output.runs)
parquet.write(parquet.table(done.history, fitting.HISTORY, [*parquet.RUN, "epoch"]), output.history)
order = [*parquet.RUN, "source", "epoch", "layer", "tensor"]
parquet.write(parquet.table(done.histograms, histograms.SCHEMA, order), output.histograms)
parquet.write(parquet.table(done.cost, cost.SCHEMA, parquet.RUN), output.cost)
checkpoints.save(done.states, output.model, params)
evaluated = splits.evaluated(images, params["evaluation"])
written = (params, done.sizes, images.digest, described, evaluated, provenance.seconds())
manifest.write(Path(output.config).parent, *written)
title = "{activation}, depth {depth}, seeds {block}".format(**snakemake.wildcards)
study = snakemake.config["study"]  # at hand; its Snakemake may train networks of another, to verify
told = progress.line(f"results/{study}/logs/progress.txt", fitting.summary(title, done.runs))
print(told, file=streams.standard("stdout"), flush=True)
jobs.finish()
