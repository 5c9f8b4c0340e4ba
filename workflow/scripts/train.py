"""Train the networks of one activation, depth and block of seeds."""

from pathlib import Path

import actbench.jobs as jobs
from actbench import (
    devices,
    files,
    histograms,
    networks,
    parquet,
    progress,
    provenance,
    seeds,
    splits,
    training,
)

log = jobs.start(snakemake.log[0])
params = snakemake.params.block
settings = training.Settings(**params["training"])
training.prepare_torch(settings)

rows, history, histogram_rows, states = [], [], [], {}
with devices.claimed("cuda" if snakemake.resources.gpu else "cpu") as device:
    data = splits.load(snakemake.input.data, **params["evaluation"], normalisation=params["normalisation"])
    data = data.to(device)
    sizes = [data.train.x.shape[1], *params["hidden_sizes"], data.n_classes]
    for seed in params["seeds"]:
        log.info("seed %d, %s", seed, device)
        keys = {
            "activation": snakemake.wildcards.activation,
            "depth": int(snakemake.wildcards.depth),
            "seed": seed,
            "fold": 0,
        }
        network = networks.build(sizes, params["activation"], seeds.generator(seed, "weights")).to(device)
        fit = training.fit(network, data, settings, seeds.generator(seed, "batches"), log.info)
        rows.append(keys | training.score(network, data, fit))
        history += [keys | row for row in fit.history]
        histogram_rows += [keys | row for row in fit.histograms]
        states[seed, 0] = fit.state
    described = provenance.describe(Path(snakemake.scriptdir), device)

parquet.write(parquet.table(rows, training.RUNS, parquet.RUN), snakemake.output.runs)
parquet.write(parquet.table(history, training.HISTORY, [*parquet.RUN, "epoch"]), snakemake.output.history)
order = [*parquet.RUN, "source", "epoch", "layer", "tensor"]
parquet.write(parquet.table(histogram_rows, histograms.SCHEMA, order), snakemake.output.histograms)
networks.save(states, snakemake.output.model)
files.write_json({"params": params, "sizes": sizes, "provenance": described}, snakemake.output.config)
title = "{activation}, depth {depth}, seeds {block}".format(**snakemake.wildcards)
told = progress.line(Path(snakemake.log[0]).parents[1] / "progress.txt", training.summary(title, rows))
print(told, flush=True)
jobs.finish()
