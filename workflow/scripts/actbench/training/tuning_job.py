"""The job of one search: choose the learning rate of an activation, depth and setting, and say so."""

from collections.abc import Callable, Mapping
from pathlib import Path

from actbench.data import prepared
from actbench.runtime import devices, progress, provenance
from actbench.storage import choices, parquet
from actbench.training import fitting, trials, tuning


def run(job: object, log: Callable[[str], None]) -> None:
    """Search as the job of its rule: `job` is the script's `snakemake`.

    chosen.json is written last; what is printed comes after all files.
    """
    params, output, keys = job.params.search, job.output, job.wildcards
    fitting.prepare_torch(fitting.Settings(**params["training"]))
    images = prepared.read(job.input.data, job.params.prepared_by)
    with devices.claimed(job.config["device"] if job.resources.gpu else "cpu") as device:
        found = tuning.search(keys.activation, params, images, device, log, keys.setting)
        described = provenance.describe(job.params.code, device)
    parquet.write(parquet.table(found.trials, trials.TRIALS, trials.TRIAL), output.trials)
    parquet.write(parquet.table(found.cost, trials.COST, trials.TRIAL), output.cost)
    written = (found.chosen, params, images.digest, described, provenance.seconds())
    choices.write(Path(output.chosen).parent, *written)
    setting = f", {keys.setting}" if len(job.config["settings"]) > 1 else ""
    title = f"tuned {keys.activation}, depth {keys.depth}{setting}"
    text = summary(title, found.chosen, len(params["tuning"]["learning_rate"]))
    line = progress.line(f"results/{job.config['study']}/logs/progress.txt", text)
    progress.say(line)


def summary(title: str, chosen: list[Mapping], n_candidates: int) -> str:
    """One line on a finished search: what it was, the rate of each fold, and the worst of their scores.

    >>> fold = {"learning_rate": 0.05, "score": 0.963, "at_edge": False}
    >>> summary("tuned relu, depth 4", [fold], 5)
    'tuned relu, depth 4: 0.05 of 5 rates, 96.3 % (validation)'
    """
    rates = " and ".join(f"{rate:g}" for rate in sorted({fold["learning_rate"] for fold in chosen}))
    score = min(fold["score"] for fold in chosen)
    edge = ", at the edge of the grid" if any(fold["at_edge"] for fold in chosen) else ""
    return f"{title}: {rates} of {n_candidates} rates, {100 * score:.1f} % (validation){edge}"
