"""Train the networks of one activation, depth and block of seeds."""

from pathlib import Path

import actbench.jobs as jobs
from actbench import (
    checkpoints,
    cost,
    devices,
    histograms,
    manifest,
    networks,
    parquet,
    prepared,
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

activation, depth = snakemake.wildcards.activation, int(snakemake.wildcards.depth)
images = prepared.read(snakemake.input.data)
rows, history, histogram_rows, costs, states = [], [], [], [], {}
with devices.claimed("cuda" if snakemake.resources.gpu else "cpu") as device:
    for fold in range(params["evaluation"]["folds"] or 1):
        data = splits.split(images, params["evaluation"], params["normalisation"], fold).to(device)
        sizes = [data.train.x.shape[1], *params["hidden_sizes"], data.n_classes]
        for group in [params["seeds"]] if device != "cpu" else [[seed] for seed in params["seeds"]]:
            log.info("seeds %s, fold %d, %s", group, fold, device)
            weights, batches = ([seeds.generator(s, use) for s in group] for use in ("weights", "batches"))
            members = [networks.build(sizes, params["activation"], own).to(device) for own in weights]
            fits = training.fit(members, data, settings, batches, log.info)
            for seed, network, fit in zip(group, members, fits, strict=True):
                keys = dict(zip(parquet.RUN, (activation, depth, seed, fold), strict=True))
                rows.append(keys | training.score(network, data, fit))
                if not network.pure:
                    rebuilt = networks.build(sizes, params["activation"], seeds.generator(seed, "weights"))
                    training.check_stored(network, rebuilt.to(device), data, fit, params["activation"])
                history += [keys | row for row in fit.history]
                histogram_rows += [keys | row for row in fit.histograms]
                costs.append(keys | cost.of_run(sizes, data, settings, fit))
                states[seed, fold] = fit.state
    described = provenance.describe(snakemake.params.code, device)

parquet.write(parquet.table(rows, training.RUNS, parquet.RUN), snakemake.output.runs)
parquet.write(parquet.table(history, training.HISTORY, [*parquet.RUN, "epoch"]), snakemake.output.history)
order = [*parquet.RUN, "source", "epoch", "layer", "tensor"]
parquet.write(parquet.table(histogram_rows, histograms.SCHEMA, order), snakemake.output.histograms)
parquet.write(parquet.table(costs, cost.SCHEMA, parquet.RUN), snakemake.output.cost)
checkpoints.save(states, snakemake.output.model, params)
folder = Path(snakemake.output.config).parent
manifest.write(folder, params, sizes, images.digest, described)
title = "{activation}, depth {depth}, seeds {block}".format(**snakemake.wildcards)
study = snakemake.config["study"]  # at hand; its Snakemake may train networks of another, to verify
told = progress.line(f"results/{study}/logs/progress.txt", training.summary(title, rows))
print(told, flush=True)
jobs.finish()
