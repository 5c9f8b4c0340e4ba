"""The comparison for papers, and every table for download."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.report import citations, exports, layer_findings, page, quotes
from actbench.report.section import Section, Study
from actbench.report.sections import comparison


def context(study: Study) -> dict:
    """See `Section`."""
    labels, trained_at = study.labels, study.lineage.get("stages", {}).get("train", ())
    rows = _in_order(study.comparison, study.config["depths"], labels)
    known, rates = quotes.about(study), quotes.searched(study)
    sentences = comparison.quoted(study, rows)
    return {
        "finding": layer_findings.downloads,
        "papers": {
            "comparison.tex": page.embedded(exports.latex(rows, labels, known, rates)),
            "comparison-narrow.tex": page.embedded(exports.narrow(rows, labels, known, rates)),
            "comparison.md": page.embedded(exports.markdown(rows, labels)),
            "sentences.txt": page.embedded("\n\n".join([*(sentences or [quotes.NOTHING]), ""])),
            "sources.bib": page.embedded(citations.of_study(study.config, trained_at)),
        },
        "sources": citations.purposes(study.config),
    }


def _in_order(rows: pd.DataFrame, depths: Sequence[int], labels: Mapping[str, str]) -> pd.DataFrame:
    """The rows by depth, those of a depth in the order of the labels."""
    order = {"depth": list(depths), "activation": list(labels)}
    return rows.sort_values(list(order), key=lambda column: column.map(order[column.name].index).astype(int))


SECTION = Section(
    id="downloads",
    title="Downloads",
    template="downloads.html",
    tables=("runs", "comparison", "over_depths"),
    context=context,
)
