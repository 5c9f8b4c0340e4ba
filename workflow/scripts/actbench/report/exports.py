"""The comparison as papers want it: LaTeX, wide and for one column, and Markdown."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from actbench.figures.shown import layers
from actbench.report import numbers, tex
from actbench.report.quotes import About

# Without the package booktabs its rules are plain lines.
RULES = "".join(rf"\providecommand{{\{name}rule}}{{\hline}}" + "\n" for name in ("top", "mid", "bottom"))
MARKS = {"better": "{+}", "worse": "{-}", "equivalent": r"{\approx}", "inconclusive": "{?}", "baseline": ""}
USE = "% Needs no package; with booktabs in the preamble, its rules are used. table* spans two columns."
ROWS = 36  # that fit on a page
DEPTHS = 3  # side by side in one column of a paper
HEADS = (
    *("Activation", "Trained", "Mean", r"95\,\% interval", "SD"),
    *("Difference", "Interval", r"$p_{\mathrm{Holm}}$", "$d_z$", ""),
)


def latex(comparison: pd.DataFrame, labels: Mapping[str, str], known: About) -> str:
    """A `table` with caption, label and notes, a group of rows a depth, in ASCII.

    Args:
        comparison: the table of that name, in the order of the rows to come.
        labels: id to display text.
        known: what the comparisons share.
    """
    blocks = []
    for depth, rows in comparison.groupby("depth", sort=False):
        head = rf"\multicolumn{{{len(HEADS)}}}{{@{{}}l}}{{\textit{{{layers(depth)}}}}} \\"
        blocks.append(([head], [_line(_cells(row, labels)) for row in rows.to_dict("records")]))
    caption = (
        rf"Test accuracy (\%) on {tex.text(known.dataset)} by activation and depth, {_n(known)}, "
        f"with the difference to {tex.text(known.baseline)} in percentage points."
    )
    made = _Table(caption, f"tab:{tex.key(known.study)}", "l" + "r" * 8 + "l", _notes(known), tabcolsep=2)
    return _tables(made, [_line(HEADS)], blocks)


def narrow(comparison: pd.DataFrame, labels: Mapping[str, str], known: About) -> str:
    """The same for one column of a paper: activation × depth, mean ± half its interval, a mark a verdict.

    Args:
        comparison, labels, known: see `latex`.
    """
    depths = list(dict.fromkeys(comparison["depth"]))
    cells = {(row["activation"], row["depth"]): row for row in comparison.to_dict("records")}
    keys = list(dict.fromkeys(comparison["activation"]))
    blocks = []
    for start in range(0, len(depths), DEPTHS):
        chosen = depths[start : start + DEPTHS]
        empty = [""] * (min(DEPTHS, len(depths)) - len(chosen))
        head = [_line(["Activation", *(_layers(depth) for depth in chosen), *empty]), r"\midrule"]
        rows = [
            _line([tex.text(labels[key]), *(_short(cells.get((key, depth))) for depth in chosen), *empty])
            for key in keys
        ]
        blocks.append((head, rows))
    caption = f"Test accuracy (\\%) on {tex.text(known.dataset)} by activation and depth, {_n(known)}."
    notes = (
        r"Mean $\pm$ half the width of its 95\,\% interval over the seeds that trained, in brackets how many "
        "where not all did; a range where they lie more than 25 points apart. "
        f"{_marks(known)} Differences: {_correction(known)}."
    )
    columns = "l" + "r" * min(DEPTHS, len(depths))
    return _tables(
        _Table(caption, f"tab:{tex.key(known.study)}-narrow", columns, notes, tabcolsep=3), [], blocks
    )


class _Table(NamedTuple):
    """What is around the rows, in LaTeX."""

    caption: str
    label: str
    columns: str
    notes: str
    tabcolsep: float

    def filled(self, lines: list[str], number: int, of: int) -> str:
        """The table, or one of several that follow one another."""
        caption = f"{self.caption} Part {number} of {of}." if of > 1 else self.caption
        label = self.label if number == 1 else f"{self.label}-{number}"
        return "\n".join(
            [
                r"\begin{table}[tbp]",
                r"\centering",
                r"\setlength{\belowcaptionskip}{4pt}",
                rf"\caption{{{caption}}}",
                rf"\label{{{label}}}",
                r"\footnotesize",
                rf"\setlength{{\tabcolsep}}{{{self.tabcolsep}pt}}",
                rf"\begin{{tabular}}{{@{{}}{self.columns}@{{}}}}",
                r"\toprule",
                *lines,
                r"\bottomrule",
                r"\end{tabular}",
                "",
                r"\smallskip",
                rf"\parbox{{\linewidth}}{{\scriptsize\raggedright {self.notes}}}",
                r"\end{table}",
                "",
            ]
        )


def _tables(made: _Table, top: list[str], blocks: list[tuple[list[str], list[str]]]) -> str:
    """As many tables as pages need.

    Args:
        made: what is around them.
        top: the first lines of each.
        blocks: head and rows of each group, which a rule separates.
    """
    parts: list[list[list[str]]] = [[]]
    filled = 0
    for head, rows in blocks:
        for start in range(0, len(rows), ROWS):
            piece = rows[start : start + ROWS]
            if filled and filled + len(piece) > ROWS:
                parts.append([])
                filled = 0
            parts[-1].append([*head, *piece])
            filled += len(piece)
    texts = []
    for number, part in enumerate(parts, start=1):
        groups = [*([top] if top else []), *part]
        lines = [line for group in groups for line in (r"\midrule", *group)][1:]
        texts.append(made.filled(lines, number, len(parts)))
    return f"{USE}\n{RULES}" + "\n".join(texts)


def _line(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def _n(known: About) -> str:
    folds = f" of {known.n_folds} folds each" if known.n_folds > 1 else ""
    setting = f", setting {tex.text(known.setting)}" if known.setting else ""
    return f"$n = {known.n_seeds}$ seeds{folds}{setting} (study {tex.text(known.study)})"


def _correction(known: About) -> str:
    if known.n_comparisons == 1:
        return r"95\,\% $t$ interval of the paired differences"
    return (
        r"95\,\% $t$ intervals of the paired differences, simultaneous for "
        f"{known.n_comparisons} comparisons (Bonferroni)"
    )


def _notes(known: About) -> str:
    return (
        r"Mean, SD and interval (95\,\%, Student's $t$ on the logit scale) over the seeds that trained; "
        "``runs'' is their range where they give no interval. Differences are paired by seed where both "
        rf"trained, with {_correction(known)}. $p_{{\mathrm{{Holm}}}}$: two-sided sign-flip test, adjusted "
        f"by Holm's method; $d_z$: Cohen's. {_marks(known)} Tested on {known.n_test} examples."
    )


def _marks(known: About) -> str:
    return (
        rf"Against {tex.text(known.baseline)}: $+$ better and $-$ worse, the whole interval beyond "
        rf"$\pm {100 * known.margin:g}$ points; $\approx$ equivalent, within; ? inconclusive."
    )


def _layers(depth: int) -> str:
    return f"{depth} layer{'' if depth == 1 else 's'}"


def _cells(row: Mapping, labels: Mapping[str, str]) -> list[str]:
    compared = row["verdict"] != "baseline" and row["n_pairs"] > 1
    change = numbers.change(row["difference_low"], row["difference_high"])
    interval = "--"
    if compared and change != "–":
        ends = (tex.number(100 * row[key], sign=True) for key in ("difference_low", "difference_high"))
        interval = ", ".join(ends)
    return [
        tex.text(labels[row["activation"]]),
        f"{row['n_trained']}/{row['n_seeds']}",
        tex.number(_percent(row["mean"])),
        numbers.spread(row, 2).replace("\N{NO-BREAK SPACE}%", "").replace("–", "--"),
        tex.number(_percent(row["std"])),
        tex.number(_percent(row["difference"]), sign=True) if compared else "--",
        interval,
        tex.probability(row["p_holm"]) if compared and tex.finite(row["difference"]) else "--",
        tex.number(row["d_z"]) if compared else "--",
        f"${_mark(row)}$" if _mark(row) else "",
    ]


def _mark(row: Mapping) -> str:
    return "" if numbers.verdict(row) == "–" else MARKS[row["verdict"]]


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _short(row: Mapping | None) -> str:
    """A cell of the narrow form."""
    if row is None or row["n_trained"] == 0:
        return "--" if row is None else f"0/{row['n_seeds']}"
    if tex.finite(row["mean"]):
        mean = f"{100 * row['mean']:.1f}"
        known = tex.finite(row["ci_low"])
        mean += rf" \pm {50 * (row['ci_high'] - row['ci_low']):.1f}" if known else ""
    else:
        mean = rf"{100 * row['min']:.1f}\textrm{{--}}{100 * row['max']:.1f}"
    mark = _mark(row)
    some = f" ({row['n_trained']}/{row['n_seeds']})" if row["n_trained"] < row["n_seeds"] else ""
    return f"${mean}{'^' + mark if mark else ''}${some}"


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
