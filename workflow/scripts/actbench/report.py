"""What the report says and shows: the context of its template, from the study's tables and figures."""

import csv
import math
from collections.abc import Collection, Mapping, Sequence
from itertools import product
from pathlib import Path

import latex2mathml.converter
import numpy as np
import pandas as pd
import yaml
from markupsafe import Markup

from actbench import bibliography, catalogue, exports, page, parquet, sentences
from actbench import config as configuration
from actbench.errors import UserError

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


def context(
    config: Mapping,
    tables: Mapping[str, pd.DataFrame],
    figures: Sequence[str | Path],
    csvs: Sequence[str | Path],
    lineage: Mapping,
    timings: Sequence[str | Path],
    costs: Mapping[str, pd.DataFrame],
    folder: str | Path,
) -> dict:
    """Everything the template shows.

    Args:
        config: the resolved config.
        tables: `runs`, `comparison`, `over_depths`, `decay`, `dead_neurons` and `properties` of the study,
            `cross_validation` if it has folds, `pairs` if all pairs were compared.
        figures: the figure files; embedded under their stems.
        csvs: tables to embed for download, by their stems.
        lineage: what the tables were made by, see `lineage.gather`.
        timings: Snakemake's benchmark files, `timings/{stage}/….tsv` or `timings/{stage}.tsv`.
        costs: `training` by network (see `cost`) and `activations` by function (see `function_cost`).
        folder: where stylesheet and script lie.
    """
    check_runs(config, tables["runs"])
    labels = {entry["id"]: entry["label"] for entry in config["activations"]}
    comparison, images = tables["comparison"], configuration.image_counts(config)
    by_depth = {depth: _ranked(comparison[comparison["depth"] == depth]) for depth in config["depths"]}
    n_seeds, over_depths = len(config["seeds"]), tables["over_depths"]
    shown_depths = configuration.shown_depths(config["depths"])
    costs_by_name = {"training_cost": costs["training"], "function_cost": costs["activations"]}
    ranked = pd.concat([_in_order(cells, labels) for cells in by_depth.values()])
    return {
        "config": config,
        "labels": labels,
        "dataset": catalogue.DATASETS[config["dataset"]].title,
        "images": images,
        "css": page.stylesheet(folder),
        "config_yaml": yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True),
        "figures": {Path(path).stem: page.data_uri(path) for path in figures},
        "script": page.script(folder),
        "csvs": {Path(path).stem: page.data_uri(path) for path in csvs}
        | {
            name: page.embedded(rows.to_csv(index=False), page.MEDIA[".csv"])
            for name, rows in costs_by_name.items()
        },
        "papers": {
            "comparison.tex": page.embedded(exports.latex(ranked, labels)),
            "comparison.md": page.embedded(exports.markdown(ranked, labels)),
            "sources.bib": page.embedded(
                bibliography.of(entry["spec"]["name"] for entry in config["activations"])
            ),
        },
        "answer": answer(config, by_depth, over_depths, tables.get("cross_validation"), labels),
        "ranking": ranking(comparison, over_depths, shown_depths),
        "trends": trends(over_depths, labels) if len(config["depths"]) > 1 and n_seeds > 1 else [],
        "depth_effect": sentences.depth_effect(over_depths, labels),
        "decay": decay(tables["decay"], labels),
        "pairs": _pairs(tables.get("pairs"), labels),
        "settle": {depth: sentences.settle(cells, labels) for depth, cells in by_depth.items()},
        "depths": by_depth,
        "outcomes": {depth: sentences.outcome(cells, labels) for depth, cells in by_depth.items()},
        "verdicts": {depth: sentences.verdicts(cells, labels) for depth, cells in by_depth.items()},
        "smallest_p": sentences.smallest_p(n_seeds, len(comparison) - len(config["depths"])),
        "cross_validation": cross_validation(tables.get("cross_validation"), labels),
        "judged": judged(config),
        "summarised": configuration.summarised(config),
        "shown_depths": shown_depths,
        "networks": networks(config, tables["runs"]),
        "dead_layers": dead_by_layer(tables["dead_neurons"], labels),
        "test_error": test_set_error(comparison, images["tested"]),
        "n_runs": len(tables["runs"]),
        "failures": failures(tables["runs"], labels),
        "dead": unit_shares(tables["dead_neurons"], labels),
        "properties": {
            row["activation"]: row | typeset(row) for row in tables["properties"].to_dict("records")
        },
        "lineage": lineage,
        "mixture": sentences.mixture(lineage["mixed"]),
        "stages": stage_times(timings),
        "training_cost": training_cost(costs["training"], labels),
        "activation_cost": activation_cost(costs["activations"], config["report"]["baseline"]),
        "timed_shape": (config["training"]["batch_size"], max(map(max, config["network"]["hidden_sizes"]))),
    }


def check_runs(config: Mapping, runs: pd.DataFrame) -> None:
    """Compare the table of runs with the config it is to be reported with.

    Raises:
        UserError: it is not the table of exactly these runs.
    """
    seeds, folds = config["seeds"], range(config["evaluation"]["folds"] or 1)
    planned = product((entry["id"] for entry in config["activations"]), config["depths"], seeds, folds)
    found = runs[parquet.RUN].astype({"activation": str}).itertuples(index=False, name=None)
    if sorted(found) != sorted(planned):
        raise UserError(
            f"results/{config['study']}/tables/runs.parquet holds other runs than are planned: "
            "delete it and run again."
        )


def answer(
    config: Mapping,
    by_depth: Mapping[int, pd.DataFrame],
    over_depths: pd.DataFrame,
    scores: pd.DataFrame | None,
    labels: Mapping[str, str],
) -> list[str]:
    """The first paragraph's sentences: ranking, outcomes at the ends of the depths, what is decided."""
    if scores is not None:
        first = [sentences.cross_validation(rows, labels, d) for d, rows in scores.groupby("depth")]
    else:
        first = [sentences.ranking(over_depths, labels, len(by_depth))]
        ends = sorted({max(by_depth), min(by_depth)}, reverse=True)
        first += [sentences.outcome(by_depth[depth], labels) for depth in ends]
    first.append(sentences.decided(pd.concat(by_depth.values()), labels))
    if len(config["seeds"]) == 1:
        first.append("One seed cannot say how sure this is.")
    return [text for text in first if text]


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
    best = {row["key"]: (-row["n_trained"], -sum(cell.level or 0 for cell in row["cells"])) for row in rows}
    return sorted(rows, key=lambda row: (row["mean"] or 0, *best[row["key"]]))


def trends(over_depths: pd.DataFrame, labels: Mapping[str, str]) -> list[dict]:
    """A row an activation: what each layer does to accuracy and to dead units, see `trends.over_depths`."""
    measures = ("accuracy_per_layer", "dead_per_layer_init", "dead_per_layer_trained")
    found = over_depths.set_index(["activation", "measure"]).to_dict("index")
    return [{"key": key, "parts": [found[key, name] for name in measures]} for key in labels]


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


def judged(config: Mapping) -> str:
    """The images whose accuracy by epoch is drawn: validation, test or training."""
    if configuration.image_counts(config)["validation"]:
        return "validation"
    return "test" if config["training"]["test_each_epoch"] else "training"


def cross_validation(scores: pd.DataFrame | None, labels: Mapping[str, str]) -> dict | None:
    """The table of that name, best first, and a sentence for each depth; None without cross-validation."""
    if scores is None:
        return None
    rows = scores.sort_values(["depth", "seed", "rank_test_score"])
    return {
        "folds": [name for name in rows if name.startswith("split")],
        "rows": rows.to_dict("records"),
        "sentences": [sentences.cross_validation(r, labels, d) for d, r in rows.groupby("depth")],
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


def typeset(row: Mapping) -> dict[str, Markup | None]:
    """MathML of an activation's formula and derivative, None where there is no formula."""
    keys = ("formula", "formula_derivative")
    convert = latex2mathml.converter.convert
    return {
        key: Markup(convert(row[key])) if isinstance(row[key], str) else None  # noqa: S704, the registry's own
        for key in keys
    }


def test_set_error(comparison: pd.DataFrame, n_test: int) -> float | None:
    """Standard error of the best mean accuracy that comes from testing on `n_test` images only."""
    best = comparison["mean"].max()
    return None if pd.isna(best) else math.sqrt(best * (1 - best) / n_test)


def failures(runs: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """A line for each activation and depth of which runs diverged."""
    diverged = runs[runs["status"] == "diverged"]
    return [
        f"{labels[activation]}, depth {depth}: seeds {', '.join(map(str, sorted(set(cell['seed']))))}"
        for (activation, depth), cell in diverged.groupby(["activation", "depth"], observed=True)
    ]


def unit_shares(dead: pd.DataFrame, labels: Mapping[str, str]) -> list[dict]:
    """Shares of all hidden units that are dead, dormant or saturated, a row an activation and depth.

    Means over runs; keys `{measure}_{checkpoint}`, and `n_{checkpoint}` for the number of runs.
    """
    keys = ["activation", "depth", "checkpoint"]
    counts = ["n_neurons", "n_dead", "n_dormant", "n_saturated"]
    runs = dead.groupby([*keys, "seed", "fold"], observed=True)[counts].sum()
    shares = runs.div(runs["n_neurons"], axis=0).groupby(keys, observed=True)
    means, sizes = shares.mean(), shares.size()
    rows: dict[tuple, dict] = {}
    for (activation, depth, checkpoint), mean in means.iterrows():
        row = rows.setdefault((depth, list(labels).index(activation)), {"depth": depth, "key": activation})
        row |= {f"{count.removeprefix('n_')}_{checkpoint}": mean[count] for count in counts[1:]}
        row[f"n_{checkpoint}"] = int(sizes[activation, depth, checkpoint])
    return [rows[place] for place in sorted(rows)]


def timings(folder: Path, jobs: Collection[str]) -> list[Path]:
    """Snakemake's benchmark files, as far as they are there.

    Args:
        folder: `results/{study}/timings`.
        jobs: the names of all planned jobs that have a stage's folder for themselves: blocks, activations.
    """
    found = [path for path in folder.glob("*/*.tsv") if path.stem in jobs]
    return sorted([*found, *folder.glob("*.tsv")])


def stage_times(paths: Sequence[str | Path]) -> list[dict]:
    """Jobs and their summed wall time in seconds, stage by stage."""
    seconds: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for path in map(Path, paths):
        stage = path.stem if path.stem in seconds else path.parent.name
        if stage in seconds:
            with open(path, encoding="utf-8") as lines:
                seconds[stage] += [float(row["s"]) for row in csv.DictReader(lines, delimiter="\t")]
    return [{"name": stage, "jobs": len(s), "seconds": sum(s)} for stage, s in seconds.items() if s]


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


def _pairs(pairs: pd.DataFrame | None, labels: Mapping[str, str]) -> list[dict]:
    """The rows of all pairs, by depth in the order of the labels; none if they were not compared."""
    if pairs is None:
        return []
    order = {key: number for number, key in enumerate(labels)}
    rows = pairs.to_dict("records")
    return sorted(rows, key=lambda row: (row["depth"], order[row["activation"]], order[row["other"]]))


def _in_order(cells: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """The rows of one depth in the order of the labels."""
    return cells.sort_values("activation", key=lambda column: column.map(list(labels).index).astype(int))


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _ranked(cells: pd.DataFrame) -> pd.DataFrame:
    """Most reliably trained first, then highest mean (or median, where runs are too few for a mean)."""
    level = cells["mean"].fillna(cells["median"]).fillna(0)
    order = cells.assign(level=level).sort_values(["n_trained", "level"], ascending=False, kind="stable")
    return order.drop(columns="level")
