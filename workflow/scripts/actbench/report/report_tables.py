"""The rows of the report's tables, from the study's tables and from what its jobs took."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd

from actbench.analysis.statistics import without_noise

STAGES = (
    "train",
    "probe_gradients",
    "probe_distributions",
    "probe_dead_neurons",
    "describe_activations",
    "time_activations",
    "aggregate",
    "figures",
    "histogram_figures",
)


def ranking(comparison: pd.DataFrame, over_depths: pd.DataFrame, depths: Sequence[int]) -> list[dict]:
    """A row an activation, best average rank first: its rank, its cells at these depths, its networks."""
    ranks = over_depths[over_depths["measure"] == "rank"].set_index("activation")
    level = comparison.assign(level=comparison["mean"].fillna(comparison["median"]))
    rows = []
    for key, cells in level.groupby("activation", observed=True):
        rank = {name: _number(ranks.loc[key, name]) for name in ("mean", "ci_low", "ci_high")}
        totals = {"n_trained": int(cells["n_trained"].sum()), "n_runs": int(cells["n_seeds"].sum())}
        shown = cells[cells["depth"].isin(depths)].sort_values("depth")
        rows.append({"key": key, **rank, **totals, "cells": list(shown.itertuples())})
    means = without_noise([row["mean"] or 0 for row in rows])
    places = {row["key"]: mean for row, mean in zip(rows, means, strict=True)}
    best = {row["key"]: (-row["n_trained"], -sum(cell.level or 0 for cell in row["cells"])) for row in rows}
    return sorted(rows, key=lambda row: (places[row["key"]], *best[row["key"]]))


def trends(over_depths: pd.DataFrame, labels: Mapping[str, str]) -> list[dict]:
    """A row an activation: accuracy and dead units at the first and the last depth, see `trends.over_depths`.

    Each part is the summary of the change with the means `first` and `last`. None where there is one depth.
    """
    found = over_depths.set_index(["activation", "measure"]).to_dict("index")
    if not any(measure.endswith("_change") for _, measure in found):
        return []
    return [
        {
            "key": key,
            "parts": [
                found[key, f"{name}_change"]
                | {end: found[key, f"{name}_{end}"]["mean"] for end in ("first", "last")}
                for name in ("accuracy", "dead_init", "dead_trained")
            ],
        }
        for key in labels
    ]


def improving(runs: pd.DataFrame, max_epochs: int) -> pd.DataFrame:
    """By activation and depth `n_networks` that trained, and `n_improving` of them that had not finished.

    Their best epoch, by validation accuracy, lies in the last tenth of the epochs they may take. Without
    validation images there is no best epoch, and none are counted.
    """
    late = runs["trained"] & (10 * runs["best_epoch"].fillna(0) > 9 * max_epochs)
    cells = runs.assign(late=late).groupby(["activation", "depth"], observed=True)
    return cells.agg(n_networks=("trained", "sum"), n_improving=("late", "sum"))


def decay(rows: pd.DataFrame, labels: Mapping[str, str]) -> dict[int, list[dict]]:
    """By depth a row an activation: slopes of the weights' and the pre-activations' gradients.

    `parts` are those of the weights at initialisation and after training, then of the pre-activations.
    """
    columns = list(product(("weight", "preactivation"), ("init", "trained")))
    slopes = rows[rows["measure"] == "slope"].set_index(["depth", "activation", "tensor", "checkpoint"])
    found, nothing = slopes.to_dict("index"), {"n": 0, "mean": None}
    return {
        depth: [
            {"key": key, "parts": [found.get((depth, key, *column), nothing) for column in columns]}
            for key in labels
        ]
        for depth in sorted(rows["depth"].unique())
    }


def pairs(compared: pd.DataFrame | None, labels: Mapping[str, str]) -> list[dict]:
    """The rows of all pairs, by depth in the order of the labels; none if they were not compared."""
    if compared is None:
        return []
    order = {key: number for number, key in enumerate(labels)}
    rows = compared.to_dict("records")
    return sorted(rows, key=lambda row: (row["depth"], order[row["activation"]], order[row["other"]]))


def cross_validation(scores: pd.DataFrame | None) -> dict | None:
    """The table of that name, best first, and the columns of its folds; None without cross-validation."""
    if scores is None:
        return None
    rows = scores.sort_values(["depth", "seed", "rank_test_score"])
    return {
        "folds": [name for name in rows if name.startswith("split")],
        "rows": rows.to_dict("records"),
    }


def networks(config: Mapping, runs: pd.DataFrame) -> list[dict]:
    """Hidden sizes and numbers of parameters of each depth; these differ if an activation has its own."""
    counts = runs.groupby("depth")["n_parameters"].unique()
    return [
        {"depth": depth, "hidden": sizes, "parameters": sorted(counts[depth])}
        for depth, sizes in zip(config["depths"], config["network"]["hidden_sizes"], strict=True)
    ]


def dead_by_layer(dead: pd.DataFrame, labels: Mapping[str, str]) -> dict[int, list[dict]]:
    """Dead units of each layer, by depth: rows of activation, checkpoint, n and (mean count, width) pairs.

    Means over runs; only activations of which any unit died.
    """
    dying = dead.groupby("activation", observed=True)["n_dead"].sum()
    dead = dead[dead["activation"].isin(dying[dying > 0].index)]
    keys = ["depth", "activation", "checkpoint", "layer"]
    means = dead.groupby(keys, observed=True).agg(
        n=("n_dead", "size"), mean=("n_dead", "mean"), width=("n_neurons", "first")
    )
    found: dict[int, list[dict]] = {}
    for (depth, key, checkpoint), part in means.groupby(level=keys[:3], observed=True):
        row = {"key": key, "checkpoint": checkpoint, "n": int(part["n"].iloc[0])}
        row["layers"] = list(zip(part["mean"], part["width"], strict=True))
        found.setdefault(int(depth), []).append(row)
    order = list(labels)
    return {
        d: sorted(rows, key=lambda r: (order.index(r["key"]), r["checkpoint"])) for d, rows in found.items()
    }


def unit_shares(dead: pd.DataFrame, labels: Mapping[str, str]) -> list[dict]:
    """Shares of all hidden units that are dead, dormant or saturated, a row an activation and depth.

    Means over runs; keys `{measure}_{checkpoint}`, and `n_{checkpoint}` for the number of runs.
    """
    keys = ["activation", "depth", "checkpoint"]
    counts = ["n_neurons", "n_dead", "n_dormant", "n_saturated"]
    grouped = dead.groupby([*keys, "seed", "fold"], observed=True)[counts]
    runs = grouped.sum().where(grouped.count().eq(grouped.size(), axis=0))  # null where a layer's count is
    shares = runs.div(runs["n_neurons"], axis=0).groupby(keys, observed=True)
    means, sizes = shares.mean(), shares.size()
    rows: dict[tuple, dict] = {}
    for (activation, depth, checkpoint), mean in means.iterrows():
        row = rows.setdefault((depth, list(labels).index(activation)), {"depth": depth, "key": activation})
        row |= {f"{count.removeprefix('n_')}_{checkpoint}": mean[count] for count in counts[1:]}
        row[f"n_{checkpoint}"] = int(sizes[activation, depth, checkpoint])
    return [rows[place] for place in sorted(rows)]


def stage_times(lineage: Mapping) -> list[dict]:
    """Jobs and their summed wall time in seconds, stage by stage.

    `lineage` as `lineage.gather` gives it.
    """
    return [
        {
            "name": stage,
            "jobs": sum(record["jobs"] for record in lineage["stages"][stage]),
            "seconds": lineage["stage_seconds"][stage],
        }
        for stage in STAGES
        if stage in lineage["stages"]
    ]


def training_cost(rows: pd.DataFrame, labels: Mapping[str, str]) -> dict[int, list[dict]]:
    """By depth a row an activation: n, seconds and operations of a network, and what a second did.

    `rows` as in `cost.SCHEMA`. Seconds are median, lowest and highest; operations the median.
    """
    found: dict[int, list[dict]] = {}
    cells = dict(list(rows.groupby(["depth", "activation"], observed=True)))
    for depth, key in sorted(cells, key=lambda place: (place[0], list(labels).index(place[1]))):
        cell = cells[depth, key]
        seconds, total = cell["seconds"], cell["seconds"].sum()
        row = {
            "key": key,
            "n": len(cell),
            "seconds": seconds.median(),
            "seconds_low": seconds.min(),
            "seconds_high": seconds.max(),
            "gflop": cell["flops"].median() / 1e9,
            "images_per_second": cell["n_images"].sum() / total,
            "gflops": cell["flops"].sum() / total / 1e9,
        }
        found.setdefault(int(depth), []).append(row)
    return found


def activation_cost(rows: pd.DataFrame, baseline: str) -> dict[str, dict]:
    """By activation: nanoseconds an element forward and backward, and both relative to the baseline's.

    `rows` as in `function_cost.SCHEMA`. Medians over rounds; a ratio is taken within its round.
    """
    wide = rows.pivot(index="round", columns=["activation", "direction"], values="ns_per_element")
    table = {}
    for key in wide.columns.unique("activation"):
        medians = {name: float(np.median(wide[key, name])) for name in ("forward", "backward")}
        both, reference = (
            sum(wide[name, way] for way in ("forward", "backward")) for name in (key, baseline)
        )
        table[key] = medians | {"ratio": float((both / reference).median()), "n": len(wide)}
    return table


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
