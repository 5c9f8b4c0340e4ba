"""The comparison table as papers want it: LaTeX with booktabs, and Markdown."""

from collections.abc import Mapping

import pandas as pd

from actbench.report import numbers


def latex(comparison: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """A `tabular` for the package booktabs, a row a depth and activation; characters of TeX are escaped.

    Args:
        comparison: the table of that name, in the order of the rows to come.
        labels: id to display text.
    """
    table = _readable(comparison, labels)
    plain = table.replace({"\N{NO-BREAK SPACE}": " ", "–": "--", "−": "-"}, regex=True)
    columns = "ll" + "r" * (len(table.columns) - 2)
    styled = plain.style.hide(axis="index").format(escape="latex")
    return styled.format_index(axis=1, escape="latex").to_latex(hrules=True, column_format=columns)


def markdown(comparison: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """A table in GitHub's Markdown, rows as in `latex`."""
    table = _readable(comparison, labels).replace({r"\|": r"\\|"}, regex=True)
    return table.to_markdown(index=False, disable_numparse=True) + "\n"


def _readable(comparison: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """The columns of a paper's table, as text."""
    rows = []
    for row in comparison.itertuples():
        compared = row.verdict != "baseline" and row.n_pairs > 1
        open_n = row.n_pairs if row.verdict == "inconclusive" else None
        interval = numbers.change(row.difference_low, row.difference_high, n=open_n)
        rows.append(
            {
                "Hidden layers": str(row.depth),
                "Activation": labels[row.activation],
                "Trained": f"{row.n_trained}/{row.n_seeds}",
                "Accuracy": numbers.percent(row.mean, 2),
                "95 % interval": numbers.spread(row._asdict(), 2),
                "SD": numbers.percent(row.std, 2),
                "Difference": numbers.points(row.difference) if compared else "–",
                "Interval": interval if compared else "–",
                "p (Holm)": f"{row.p_holm:.2g}" if compared else "–",
                "d_z": "–" if not compared or pd.isna(row.d_z) else f"{row.d_z:.2f}",
                "Verdict": numbers.verdict(row._asdict()),
            }
        )
    return pd.DataFrame(rows)
