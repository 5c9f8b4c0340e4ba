"""The first screen: the answer, the ranking, the main figure and what was run."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.analysis import trends
from actbench.analysis.statistics import without_noise
from actbench.report import sentences
from actbench.report.section import Section, Study
from actbench.report.sections import recipe, why


def context(study: Study) -> dict:
    """See `Section`."""
    over_depths = study.tables["over_depths"]
    return {
        "answer": answer(study.config, study.cells, study.tables, study.labels),
        "decides": recipe.decides(study),
        "theory": why.pointer(study),
        "ranking": ranking(study.comparison, over_depths, study.shown_depths),
        "disagree": bool(study.comparison["runs_disagree"].any()),
        "mixture": sentences.mixture(study.lineage["mixed"]),
        "n_runs": len(study.every["runs"]),
    }


def answer(
    config: Mapping,
    by_depth: Mapping[int, pd.DataFrame],
    tables: Mapping[str, pd.DataFrame],
    labels: Mapping[str, str],
) -> list[str]:
    """The first paragraph: who trained at the ends of the depths, how well, and how sure that is."""
    scores = tables.get("cross_validation")
    if scores is not None:
        first = [sentences.cross_validation(rows, labels, d) for d, rows in scores.groupby("depth")]
    else:
        ends = sorted({max(by_depth), min(by_depth)}, reverse=True)
        first = [sentences.outcome(by_depth[depth], labels) for depth in ends]
        leaders = trends.leaders(tables["runs"])
        first.append(sentences.ranking(tables["over_depths"], labels, len(by_depth), leaders))
    if len(config["seeds"]) == 1:
        first.append("One seed cannot say how sure this is.")
    else:
        first.append(sentences.conclusive(pd.concat(by_depth.values()), labels))
    if len(config["settings"]) > 1:
        first[0] = sentences.with_setting(first[0], next(iter(config["settings"])))
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
    means = without_noise([row["mean"] or 0 for row in rows])
    places = {row["key"]: mean for row, mean in zip(rows, means, strict=True)}
    best = {row["key"]: (-row["n_trained"], -sum(cell.level or 0 for cell in row["cells"])) for row in rows}
    return sorted(rows, key=lambda row: (places[row["key"]], *best[row["key"]]))


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


SECTION = Section(
    id="answer",
    title="Answer",
    template="answer.html",
    tables=("runs", "comparison", "over_depths"),
    figures=("overview",),
    optional=("attribution", "rates", *why.SECTION.tables),
    context=context,
)
