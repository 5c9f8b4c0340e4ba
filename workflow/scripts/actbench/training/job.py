"""The job of one block: train its networks, write what they leave, and say so."""

from collections.abc import Callable, Mapping
from pathlib import Path

from actbench.data import prepared, splits
from actbench.networks import checkpoints
from actbench.runtime import devices, progress, provenance
from actbench.storage import choices, files, histograms, manifest, parquet
from actbench.training import block, cost, fitting, scoring

HISTOGRAMS = [*parquet.RUN, "source", "epoch", "layer", "tensor"]


def run(job: object, log: Callable[[str], None]) -> None:
    """Train a block as the job of its rule: `job` is the script's `snakemake`.

    The manifest is written last; what is printed comes after all files.
    """
    params, output = job.params.block, job.output
    fitting.prepare_torch(fitting.Settings(**params["training"]))
    images = prepared.read(job.input.data, job.params.prepared_by)
    chosen = job.input.get("chosen")
    rates = _rates(chosen, params, images.digest, job.params.code) if chosen else None
    with devices.claimed(job.config["device"] if job.resources.gpu else "cpu") as device:
        keys = job.wildcards
        done = block.train(keys.activation, params, images, device, log, keys.setting, rates)
        described = provenance.describe(job.params.code, device)
    parquet.write(parquet.table(done.runs, scoring.RUNS, parquet.RUN), output.runs)
    parquet.write(parquet.table(done.history, fitting.HISTORY, [*parquet.RUN, "epoch"]), output.history)
    parquet.write(parquet.table(done.histograms, histograms.SCHEMA, HISTOGRAMS), output.histograms)
    parquet.write(parquet.table(done.cost, cost.SCHEMA, parquet.RUN), output.cost)
    checkpoints.save(done.states, output.model, params, done.snapshots)
    evaluated = splits.evaluated(images, params["evaluation"])
    written = (params, done.recipe.sizes, images.digest, described, evaluated, provenance.seconds())
    digest = files.digest(chosen) if chosen else None
    manifest.write(Path(output.config).parent, *written, digest, done.initial)
    named = list(job.config["settings"]) != ["default"]
    setting = f"{keys.setting}, " if named else ""
    title = f"{keys.activation}, depth {keys.depth}, {setting}seeds {keys.block}"
    study = job.config["study"]  # at hand; its Snakemake may train networks of another, to verify
    line = progress.line(f"results/{study}/logs/progress.txt", scoring.summary(title, done.runs))
    progress.say(line)


def _rates(path: str, params: Mapping, images: str, code: Mapping[str, str]) -> list[float]:
    """What the search chose for each fold, see `choices.rates`."""
    searched = choices.search_params(params)
    return choices.rates(path, searched, images, provenance.named(code, Path(next(iter(code))).parent))
