"""The job of one block: train its networks, write what they leave, and say so."""

from collections.abc import Callable
from pathlib import Path

from actbench.data import prepared, splits
from actbench.networks import checkpoints
from actbench.runtime import devices, progress, provenance, streams
from actbench.storage import histograms, manifest, parquet
from actbench.training import block, cost, fitting

HISTOGRAMS = [*parquet.RUN, "source", "epoch", "layer", "tensor"]


def run(job: object, log: Callable[[str], None]) -> None:
    """Train a block as the job of its rule: `job` is the script's `snakemake`.

    The manifest is written last; what is printed comes after all files.
    """
    params, output = job.params.block, job.output
    fitting.prepare_torch(fitting.Settings(**params["training"]))
    images = prepared.read(job.input.data, job.params.prepared_by)
    with devices.claimed(job.config["device"] if job.resources.gpu else "cpu") as device:
        keys = job.wildcards
        done = block.train(keys.activation, params, images, device, log, keys.setting)
        described = provenance.describe(job.params.code, device)
    parquet.write(parquet.table(done.runs, fitting.RUNS, parquet.RUN), output.runs)
    parquet.write(parquet.table(done.history, fitting.HISTORY, [*parquet.RUN, "epoch"]), output.history)
    parquet.write(parquet.table(done.histograms, histograms.SCHEMA, HISTOGRAMS), output.histograms)
    parquet.write(parquet.table(done.cost, cost.SCHEMA, parquet.RUN), output.cost)
    checkpoints.save(done.states, output.model, params)
    evaluated = splits.evaluated(images, params["evaluation"])
    written = (params, done.recipe.sizes, images.digest, described, evaluated, provenance.seconds())
    manifest.write(Path(output.config).parent, *written, done.initial)
    title = "{activation}, depth {depth}, seeds {block}".format(**job.wildcards)
    study = job.config["study"]  # at hand; its Snakemake may train networks of another, to verify
    line = progress.line(f"results/{study}/logs/progress.txt", fitting.summary(title, done.runs))
    print(line, file=streams.standard("stdout"), flush=True)
