"""Every activation at each depth, and its comparison with the baseline."""

import math
from collections.abc import Mapping

import pandas as pd

from actbench.analysis import statistics
from actbench.report import findings, identical, quotes, search_sentences, sentences, share_sentences
from actbench.report.section import Section, Study
from actbench.report.sections import answer, recipe
from actbench.report.verdict_sentences import beside_p, unfinished


def context(study: Study) -> dict:
    """See `Section`."""
    cells, labels = study.cells, study.labels
    n_seeds = len(study.config["seeds"])
    n_comparisons = int((study.every["comparison"]["verdict"] != "baseline").sum())
    runs = statistics.per_seed(study.tables["runs"])
    apart = {depth: share_sentences.of_runs(rows, runs) for depth, rows in cells.items()}
    short = {depth: share_sentences.of_runs(rows, runs, digits=0) for depth, rows in cells.items()}
    shares = study.tables.get("shares", pd.DataFrame())
    differing = shares[shares["n_both"] < n_seeds] if len(shares) else shares
    settings = list(study.config["settings"])
    named = settings[0] if len(settings) > 1 else ""
    n_shares = len(study.every.get("shares", shares))
    margin, folds = study.config["report"]["equivalence"], study.config["evaluation"]["folds"] or 1
    finding = findings.comparison(study.comparison, labels, margin, folds)
    later = study.once(search_sentences.of_study)
    later = {place: one for place, one in later.items() if place[2] == settings[0]}
    same = [
        keys
        for keys in identical.groups(study.tables["runs"])
        if "pairs" not in study.every or study.config["report"]["baseline"] in keys
    ]
    apart_from_p = beside_p(study.comparison.to_dict("records"), labels, max(n_comparisons, 1))
    return {
        "finding": finding,
        "same": identical.sentence(same, labels),
        "shares": shares_by_depth(differing, labels) if share_sentences.differ(shares) else {},
        "n_alike": len(shares) - len(differing),
        "alike": share_sentences.alike(shares, labels),
        "n_shares": n_shares,
        "shares_beside_p": share_sentences.beside_p(shares, max(n_shares, 1)),
        "share_verdicts": share_sentences.verdicts(shares, study.comparison, labels),
        "shares_decided": share_sentences.decided(shares, labels, n_shares, named),
        "diverged_later": "" if recipe.SECTION.is_shown(study) else search_sentences.diverged(later, labels),
        "ended": {depth: share_sentences.ended(rows, labels) for depth, rows in cells.items()},
        "apart": short,
        "apart_sentences": {depth: share_sentences.apart(found, labels) for depth, found in apart.items()},
        "cells": by_depth(study.ranked),
        "outcomes": {depth: sentences.outcome(rows, labels) for depth, rows in cells.items()},
        "verdicts": {
            depth: f"{sentences.verdicts(rows, labels)} {unfinished(rows, labels)}".strip()
            for depth, rows in cells.items()
        },
        "required_seeds": {depth: sentences.required_seeds(rows, labels) for depth, rows in cells.items()},
        "quotes": quoted(study, study.ranked),
        "n_comparisons": n_comparisons,
        "smallest_p": " ".join([sentences.smallest_p(n_seeds, n_comparisons), *filter(None, [apart_from_p])]),
        "test_error": test_set_error(study.comparison, study.images["tested"]),
    }


def quoted(study: Study, comparison: pd.DataFrame) -> list[str]:
    """The sentences to quote: those of the first screen, then one a comparison, in the order of its rows."""
    shares, rates = study.tables.get("shares"), quotes.searched(study)
    compared = quotes.of(comparison, study.labels, quotes.about(study), shares, rates)
    return [*answer.quoted(study), *compared] if compared else []


def by_depth(rows: pd.DataFrame) -> dict[int, list[dict]]:
    """The rows of a table by depth, as they stand."""
    found: dict[int, list[dict]] = {}
    for row in rows.to_dict("records"):
        found.setdefault(row["depth"], []).append(row)
    return found


def shares_by_depth(shares: pd.DataFrame, labels: Mapping[str, str]) -> dict[int, list[dict]]:
    """The rows of that table by depth, in the order of the labels."""
    order = list(labels)
    rows = by_depth(shares.sort_values("depth", kind="stable"))
    return {depth: sorted(own, key=lambda row: order.index(row["activation"])) for depth, own in rows.items()}


def test_set_error(comparison: pd.DataFrame, n_test: int) -> float | None:
    """Standard error of the best mean accuracy that comes from testing on `n_test` images only."""
    best = comparison["mean"].max()
    return None if pd.isna(best) else math.sqrt(best * (1 - best) / n_test)


SECTION = Section(
    id="comparison",
    title="By depth",
    template="comparison.html",
    tables=("runs", "comparison", "over_depths"),
    figures=("accuracy",),
    optional=("shares",),
    context=context,
)
