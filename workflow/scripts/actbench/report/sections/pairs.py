"""Every two activations of a depth compared."""

from collections.abc import Mapping

import pandas as pd

from actbench.report import findings
from actbench.report.section import Section, Study
from actbench.report.verdict_sentences import beside_p


def context(study: Study) -> dict:
    """See `Section`."""
    margin, n_seeds = study.config["report"]["equivalence"], len(study.config["seeds"])
    finding = findings.pairs(study.tables["pairs"], margin, n_seeds)
    rows, n_pairs = pairs(study.tables["pairs"], study.labels), len(study.every["pairs"])
    return {
        "finding": findings.placed(finding, study.config["settings"]),
        "pairs": rows,
        "pairs_beside_p": beside_p(rows, study.labels, n_pairs),
        "n_pairs": n_pairs,
    }


def pairs(compared: pd.DataFrame, labels: Mapping[str, str]) -> list[dict]:
    """The rows of all pairs, by depth in the order of the labels."""
    order = {key: number for number, key in enumerate(labels)}
    rows = compared.to_dict("records")
    return sorted(rows, key=lambda row: (row["depth"], order[row["activation"]], order[row["other"]]))


SECTION = Section(
    id="pairs",
    title="All pairs",
    template="pairs.html",
    tables=("pairs",),
    context=context,
)
