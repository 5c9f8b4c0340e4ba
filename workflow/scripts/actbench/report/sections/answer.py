"""The first screen: the headline, the findings, the ranking and the main figure."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.figures import order, shown
from actbench.report import headline, numbers, search_sentences, sentences
from actbench.report.section import Section, Study
from actbench.report.sections import recipe, why
from actbench.report.verdict_sentences import legend


def context(study: Study) -> dict:
    """See `Section`."""
    names = list(study.config["settings"])
    setting = names[0] if len(names) > 1 else ""
    claim, basis = headline.headline(study.tables["runs"], study.labels, setting, differences(study))
    ranked = ranking(study.comparison, study.tables["over_depths"], study.shown_depths)
    cells = [cell for row in ranked for cell in row["cells"]]
    return {
        "headline": claim,
        "basis": basis,
        "findings": findings(study),
        "lost": lost(study.comparison, study.labels),
        "ranking": ranked,
        "verdict_legend": legend(
            {numbers.verdict(cell) for cell in cells if cell["n_trained"]},
            study.config["report"]["equivalence"],
        ),
        "disagree": bool(study.comparison["runs_disagree"].any()),
        "all_trained": bool((study.comparison["n_trained"] == study.comparison["n_seeds"]).all()),
        "in_rows": len(shown.activations(study.config)) > shown.BESIDE,
        "mixture": sentences.mixture(study.lineage["mixed"]),
        "n_runs": len(study.every["runs"]),
    }


def differences(study: Study) -> pd.DataFrame:
    """The differences in accuracy of which the page has intervals: to the baseline, and of all pairs."""
    to_baseline = study.comparison.rename(columns={"baseline": "other"})
    return pd.concat([to_baseline, *([study.tables["pairs"]] if "pairs" in study.tables else [])])


def findings(study: Study) -> list[dict]:
    """What the study found, a sentence each: `name`, `text` and the id of the `section` that shows it."""
    config, cells, labels = study.config, study.comparison, study.labels
    settings, folds = config["settings"], config["evaluation"]["folds"] or 1
    rates, later = study.every.get("rates"), study.once(search_sentences.of_study)
    decides = headline.recipe(study.every["comparison"], rates, settings, labels, later)
    shown_by = recipe.SECTION.id if recipe.SECTION.is_shown(study) else "method"
    found = (
        ("Training", headline.trained(cells, labels, folds, study.tables.get("history")), "comparison"),
        ("Accuracy", headline.accuracy(cells, labels), "comparison"),
        ("Recipe", decides, shown_by),
        ("Theory", why.pointer(study), "why"),
        ("Limits", headline.limits(config, cells, rates, labels), "method"),
    )
    return [{"name": name, "text": text, "section": section} for name, text, section in found if text]


def ranking(comparison: pd.DataFrame, over_depths: pd.DataFrame, depths: Sequence[int]) -> list[dict]:
    """A row an activation as `order.ranked`: its rank, its cells at these depths, its networks."""
    ranks = over_depths[over_depths["measure"] == "rank"].set_index("activation")
    level = comparison.assign(level=comparison["mean"].fillna(comparison["median"]))
    rows = []
    for key, cells in level.groupby("activation", observed=True):
        rank = {name: _number(ranks.loc[key, name]) for name in ("mean", "ci_low", "ci_high")}
        totals = {"n_trained": int(cells["n_trained"].sum()), "n_runs": int(cells["n_seeds"].sum())}
        shown = cells[cells["depth"].isin(depths)].sort_values("depth")
        rows.append({"key": key, **rank, **totals, "cells": shown.to_dict("records")})
    places = order.ranked(comparison, over_depths)
    return sorted(rows, key=lambda row: places.index(row["key"]))


def lost(comparison: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """How many networks of which activations did not train, most first: `prelu (10 of 10 diverged)`."""
    counts = comparison.groupby("activation", observed=True)[["n_seeds", "n_trained", "n_diverged"]].sum()
    counts = counts.assign(n=counts["n_seeds"] - counts["n_trained"]).query("n > 0")
    parts = []
    for key, row in counts.sort_values("n", ascending=False, kind="stable").iterrows():
        n, diverged = row["n"], row["n_diverged"]
        how = "" if not diverged else " diverged" if diverged == n else f", {diverged} diverged"
        parts.append(f"{labels[key]} ({n} of {row['n_seeds']}{how})")
    return numbers.some(parts)


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


SECTION = Section(
    id="answer",
    title="Answer",
    template="answer.html",
    tables=("runs", "comparison", "over_depths"),
    figures=("overview",),
    optional=("attribution", "rates", "tuning", "pairs", "history", *why.SECTION.tables),
    context=context,
)
