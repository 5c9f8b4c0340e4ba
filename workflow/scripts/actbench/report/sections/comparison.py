"""Every activation at each depth, and its comparison with the baseline."""

import math

import pandas as pd

from actbench.report import sentences
from actbench.report.section import Section, Study


def context(study: Study) -> dict:
    """See `Section`."""
    cells, labels = study.cells, study.labels
    n_comparisons = int((study.every["comparison"]["verdict"] != "baseline").sum())
    return {
        "cells": cells,
        "outcomes": {depth: sentences.outcome(rows, labels) for depth, rows in cells.items()},
        "verdicts": {depth: sentences.verdicts(rows, labels) for depth, rows in cells.items()},
        "required_seeds": {depth: sentences.required_seeds(rows, labels) for depth, rows in cells.items()},
        "n_comparisons": n_comparisons,
        "smallest_p": sentences.smallest_p(len(study.config["seeds"]), n_comparisons),
        "test_error": test_set_error(study.comparison, study.images["tested"]),
    }


def test_set_error(comparison: pd.DataFrame, n_test: int) -> float | None:
    """Standard error of the best mean accuracy that comes from testing on `n_test` images only."""
    best = comparison["mean"].max()
    return None if pd.isna(best) else math.sqrt(best * (1 - best) / n_test)


SECTION = Section(
    id="comparison",
    title="By depth",
    template="comparison.html",
    tables=("runs", "comparison"),
    figures=("accuracy",),
    context=context,
)
