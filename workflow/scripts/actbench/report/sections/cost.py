"""What training took, network by network, and what the functions cost by themselves."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from actbench.report import layer_findings
from actbench.report.section import Section, Study
from actbench.study import grid


def context(study: Study) -> dict:
    """See `Section`."""
    config, training, functions = study.config, study.tables["training_cost"], study.tables["function_cost"]
    downloads = {"function_cost": functions}
    if not study.summarised:
        named, every = grid.is_named(config), study.every["training_cost"]
        downloads["training_cost"] = every if named else every.drop(columns="setting")
    blocks = grid.blocks(config["seeds"], config["seeds_per_job"])
    by_depth = training_cost(training, study.labels, blocks.values())
    of_functions = activation_cost(functions, config["report"]["baseline"])
    baseline = study.labels[config["report"]["baseline"]]
    setting = next(iter(config["settings"])) if len(config["settings"]) > 1 else ""
    return {
        "finding": layer_findings.cost(by_depth, of_functions, study.labels, baseline, setting),
        "training_cost": by_depth,
        "n_jobs": len(blocks),
        "tuning_cost": tuning_cost(study.every, study.labels),
        "activation_cost": of_functions,
        "timed_shape": (config["training"]["batch_size"], max(map(max, config["network"]["hidden_sizes"]))),
        "downloads": downloads,
    }


def training_cost(
    rows: pd.DataFrame, labels: Mapping[str, str], blocks: Iterable[Sequence[int]]
) -> dict[int, list[dict]]:
    """By depth a row an activation: n jobs, seconds and operations of a network, and what a second did.

    `rows` as in `training.cost.SCHEMA`; `blocks` are the seeds that one job trains. Its networks share one
    clock, so a job has one number of seconds a network; they are median, lowest and highest over jobs.
    Operations are the median over networks.
    """
    job_of = {seed: job for job, seeds in enumerate(blocks) for seed in seeds}
    cell = ["depth", "activation"]
    of_jobs = rows.groupby([*cell, rows["seed"].map(job_of)], observed=True)["seconds"].mean()
    seconds = of_jobs.groupby(level=cell, observed=True).agg(["size", "median", "min", "max"])
    of_cells = rows.groupby(cell, observed=True)
    totals = of_cells[["seconds", "n_images", "flops"]].sum()
    table = pd.DataFrame(
        {
            "n": seconds["size"],
            "seconds": seconds["median"],
            "seconds_low": seconds["min"],
            "seconds_high": seconds["max"],
            "gflop": of_cells["flops"].median() / 1e9,
            "images_per_second": totals["n_images"] / totals["seconds"],
            "gflops": totals["flops"] / totals["seconds"] / 1e9,
        }
    ).to_dict("index")
    found: dict[int, list[dict]] = {}
    for depth, key in sorted(table, key=lambda place: (place[0], list(labels).index(place[1]))):
        found.setdefault(int(depth), []).append({"key": key} | table[depth, key])
    return found


def tuning_cost(tables: Mapping[str, pd.DataFrame], labels: Mapping[str, str]) -> list[dict]:
    """A row an activation whose learning rates were searched: networks, epochs and seconds of the search.

    `tables` as `Study` has them; the sums are over depths, settings and folds, `share` that of the search in
    its seconds and those of the networks that are evaluated.
    """
    if "tuning_cost" not in tables:
        return []
    searched, trained = (
        dict(list(tables[name].groupby("activation", observed=True)["seconds"]))
        for name in ("tuning_cost", "training_cost")
    )
    epochs = tables["tuning_cost"].groupby("activation", observed=True)["epochs_run"].sum()
    return [
        {
            "key": key,
            "n": len(searched[key]),
            "epochs": int(epochs[key]),
            "seconds": searched[key].sum(),
            "n_evaluated": len(trained[key]),
            "seconds_evaluated": trained[key].sum(),
            "share": searched[key].sum() / (searched[key].sum() + trained[key].sum()),
        }
        for key in labels
        if key in searched
    ]


def activation_cost(rows: pd.DataFrame, baseline: str) -> dict[str, dict]:
    """By activation: nanoseconds an element forward and backward, and both relative to the baseline's.

    `rows` as in `activations.timing.SCHEMA`. Medians over n rounds; a ratio is taken within its round and
    has its quartiles, `ratio_low` and `ratio_high`, too.
    """
    wide = rows.pivot(index="round", columns=["activation", "direction"], values="ns_per_element")
    table = {}
    for key in wide.columns.unique("activation"):
        medians = {name: float(np.median(wide[key, name])) for name in ("forward", "backward")}
        both, reference = (
            sum(wide[name, way] for way in ("forward", "backward")) for name in (key, baseline)
        )
        low, ratio, high = (both / reference).quantile([0.25, 0.5, 0.75])
        table[key] = medians | {"ratio": ratio, "ratio_low": low, "ratio_high": high, "n": len(wide)}
    return table


SECTION = Section(
    id="cost",
    title="Cost",
    template="cost.html",
    tables=("training_cost", "function_cost"),
    context=context,
)
