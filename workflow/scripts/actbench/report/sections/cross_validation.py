"""The scores of cross-validation, fold by fold."""

import pandas as pd

from actbench.report import findings
from actbench.report.section import Section, Study


def context(study: Study) -> dict:
    """See `Section`."""
    table = study.tables["cross_validation"]
    finding = findings.cross_validation(table, study.labels)
    return {"finding": finding, "scores": scores(table)}


def scores(table: pd.DataFrame) -> dict:
    """The table of that name, best first, and the columns of its folds."""
    rows = table.sort_values(["depth", "seed", "rank_test_score"])
    return {
        "folds": [name for name in rows if name.startswith("split")],
        "rows": rows.to_dict("records"),
    }


SECTION = Section(
    id="cross-validation",
    title="Cross-validation",
    template="cross_validation.html",
    tables=("cross_validation",),
    context=context,
)
