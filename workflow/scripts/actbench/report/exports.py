"""The comparison as papers want it: LaTeX, wide and for one column, and Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple, Self

import pandas as pd

from actbench.figures.shown import layers
from actbench.report import numbers, table_notes, tex, verdict_sentences
from actbench.report.quotes import About

# Without the package booktabs its rules are plain lines.
RULES = "".join(rf"\providecommand{{\{name}rule}}{{\hline}}" + "\n" for name in ("top", "mid", "bottom"))
# By the word that `numbers.verdict` has: the mark, and what the notes say of it.
MARKS = {
    "better": ("{+}", "$+$ better, the whole interval beyond {margin}"),
    "worse": ("{-}", "$-$ worse, the whole interval beyond {margin}"),
    "better?": ("{+?}", "$+?$ better, but whether by more than {margin} is open"),
    "worse?": ("{-?}", "$-?$ worse, but whether by more than {margin} is open"),
    "equivalent": (r"{\approx}", r"$\approx$ equivalent, the whole interval within {margin}"),
    "inconclusive": ("{?}", "? inconclusive, not told apart"),
    "runs disagree": (r"{\ast}", r"$\ast$ no mean difference, as runs lie more than 25 points apart"),
    "–": ("", "no mark: the baseline, or fewer than two pairs"),
}
USE = "% Needs no package; with booktabs in the preamble, its rules are used. table* spans two columns."
ROWS = 36  # that fit on a page
DEPTHS = 3  # side by side in one column of a paper
LONG = 20  # letters of a label that are one line
MEANS = ("Mean", r"95\,\% interval", "SD")
DIFFERENCES = ("Difference", "Interval", r"$p_{\mathrm{Holm}}$", "$d_z$", "")


def latex(
    comparison: pd.DataFrame, labels: Mapping[str, str], known: About, rates: pd.DataFrame | None = None
) -> str:
    """A `table` with caption, label and notes, a group of rows a depth, in ASCII.

    Args:
        comparison: the table of that name, in the order of the rows to come, those of a depth together.
        labels: id to display text.
        known: what the comparisons share.
        rates: the table of that name, where these were chosen among several.
    """
    rows = comparison.to_dict("records")
    parts = _Parts.of(rows, known)
    heads = ["Activation", "Trained", *(MEANS if parts.seeds else ["Accuracy"])]
    heads += DIFFERENCES if parts.compared else []
    blocks = []
    for depth, group in groupby(rows, key=lambda row: row["depth"]):
        head = rf"\multicolumn{{{len(heads)}}}{{@{{}}l}}{{\textit{{{layers(depth)}}}}} \\"
        blocks.append(([head], [_line(_cells(row, labels, parts)) for row in group]))
    caption = rf"Test accuracy (\%) on {tex.text(known.dataset)} by activation and depth, {_n(known)}"
    if parts.compared:
        caption += f", with the difference to {tex.text(known.baseline)} in percentage points"
    columns = "l" + "r" * (len(heads) - 2) + ("l" if parts.compared else "r")
    notes = " ".join([_notes(parts, known), *_further(rows, labels, known, rates, p_values=parts.compared)])
    made = _Table(_made(caption, known), f"tab:{tex.key(known.study)}", columns, notes, tabcolsep=1.8)
    return _tables(made, [_line(heads)], blocks)


def narrow(
    comparison: pd.DataFrame, labels: Mapping[str, str], known: About, rates: pd.DataFrame | None = None
) -> str:
    """The same for one column of a paper: activation × depth, mean ± half its interval, a mark a verdict.

    Args:
        comparison, labels, known, rates: see `latex`.
    """
    rows = comparison.to_dict("records")
    cells = {(row["activation"], row["depth"]): row for row in rows}
    keys, depths = (list(dict.fromkeys(row[name] for row in rows)) for name in ("activation", "depth"))
    blocks = []
    for start in range(0, len(depths), DEPTHS):
        chosen = depths[start : start + DEPTHS]
        empty = [""] * (min(DEPTHS, len(depths)) - len(chosen))
        head = [_line(["Activation", *(_layers(depth) for depth in chosen), *empty]), r"\midrule"]
        lines = [
            _line([_name(labels[key]), *(_short(cells.get((key, depth))) for depth in chosen), *empty])
            for key in keys
        ]
        blocks.append((head, lines))
    caption = f"Test accuracy (\\%) on {tex.text(known.dataset)} by activation and depth, {_n(known)}"
    parts = _Parts.of(rows, known)
    notes = ["The accuracy of the one seed."]
    if parts.seeds:
        notes = [r"Mean $\pm$ half the width of its 95\,\% interval over the seeds that trained."]
    if any(row["n_trained"] < row["n_seeds"] for row in rows):
        notes.append("In brackets, how many trained.")
    if parts.apart:
        notes.append("A range where runs lie more than 25 points apart.")
    if parts.compared:
        notes.append(f"{_marks(parts, known)} Differences: {_correction(known)}.")
    notes += _further(rows, labels, known, rates, p_values=False)
    caption = _made(caption, known)
    columns = "l" + "r" * min(DEPTHS, len(depths))
    return _tables(
        _Table(caption, f"tab:{tex.key(known.study)}-narrow", columns, " ".join(notes), tabcolsep=3),
        [],
        blocks,
    )


class _Parts(NamedTuple):
    """What occurs in a table, so that its columns and notes are of that and no more.

    Args:
        seeds: whether there are several.
        compared: whether anything is compared with the baseline.
        alone: whether of some cell one of several seeds trained.
        apart: whether the runs of some cell have no mean.
        ranged: whether of some cell the range of the runs stands in place of an interval.
        marks: the words of verdicts.
    """

    seeds: bool
    compared: bool
    alone: bool
    apart: bool
    ranged: bool
    marks: frozenset[str]

    @classmethod
    def of(cls, rows: Sequence[Mapping], known: About) -> Self:
        seeds = known.n_seeds > 1
        return cls(
            seeds=seeds,
            compared=_compared(rows),
            alone=seeds and any(row["n_trained"] == 1 for row in rows),
            apart=any(row["n_trained"] > 1 and not tex.finite(row["mean"]) for row in rows),
            ranged=any(numbers.spread(row).startswith("runs") for row in rows),
            marks=frozenset(map(numbers.verdict, rows)),
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
    seeds = "one seed" if known.n_seeds == 1 else f"$n = {known.n_seeds}$ seeds"
    return f"{seeds}{folds}{setting} (study {tex.text(known.study)})"


def _correction(known: About) -> str:
    if known.n_comparisons == 1:
        return r"95\,\% $t$ interval of the paired differences"
    return (
        r"95\,\% $t$ intervals of the paired differences, simultaneous for "
        f"{known.n_comparisons} comparisons (Bonferroni)"
    )


def _notes(parts: _Parts, known: About) -> str:
    notes = []
    if parts.seeds:
        notes.append(
            r"Mean, SD and interval (95\,\%, Student's $t$ on the logit scale) over the seeds that trained."
        )
    if parts.ranged:
        notes.append("``runs'': their range, where they give no interval.")
    if parts.alone or parts.apart:
        what = {
            (True, False): "the one that trained",
            (False, True): "the median where no mean describes the runs",
        }
        both = "the median where there is no mean"
        notes.append(f"In brackets, {what.get((parts.alone, parts.apart), both)}.")
    if parts.compared:
        notes.append(
            f"Differences are paired by seed where both trained, with {_correction(known)}. "
            rf"$p_{{\mathrm{{Holm}}}}$: two-sided sign-flip test, adjusted by Holm's method; $d_z$: Cohen's. "
            f"{_marks(parts, known)}"
        )
    return " ".join(notes)


def _made(caption: str, known: About) -> str:
    """A caption with how the networks were made."""
    return f"{caption}. Networks: {tex.text(known.recipe)}." if known.recipe else f"{caption}."


def _further(
    rows: Sequence[Mapping],
    labels: Mapping[str, str],
    known: About,
    rates: pd.DataFrame | None,
    *,
    p_values: bool,
) -> list[str]:
    """What a reader of the table must know beside its numbers, a sentence each.

    Args:
        rows: of the comparison table.
        labels, known, rates: see `latex`.
        p_values: whether the table shows p, so that one that disagrees with its verdict has a dagger.
    """
    texts = [known.criterion, *table_notes.unfinished(rows, labels)]
    if p_values:
        texts.append(verdict_sentences.beside_p(rows, labels, known.n_comparisons))
    texts.append(table_notes.rates(rates, labels))
    if known.parameters:
        texts.append(f"Parameters that are not PyTorch's defaults: {'; '.join(known.parameters)}.")
    if known.n_folds > 1:
        texts.append(f"The folds of a seed test all of {known.tested} in turn.")
    else:
        texts.append(f"Every network is tested on the same {known.tested}, one test set.")
    return [tex.text(text) for text in texts if text]


def _marks(parts: _Parts, known: About) -> str:
    margin = rf"$\pm$ {known.points}" if known.margin else "0"
    said = [text.format(margin=margin) for word, (_, text) in MARKS.items() if word in parts.marks]
    return f"Against {tex.text(known.baseline)}: {'; '.join(said)}." if said else ""


def _name(label: str) -> str:
    """A label in the first column; a long one in several lines."""
    if len(label) <= LONG:
        return tex.text(label)
    return rf"\parbox[t]{{7em}}{{\raggedright {tex.text(label, 6)}\strut}}"


def _layers(depth: int) -> str:
    return f"{depth} layer{'' if depth == 1 else 's'}"


def _cells(row: Mapping, labels: Mapping[str, str], parts: _Parts) -> list[str]:
    cells = [_name(labels[row["activation"]]), f"{row['n_trained']}/{row['n_seeds']}"]
    if not parts.seeds:
        return [*cells, tex.number(_percent(row["median"]))]
    mean = tex.number(_percent(row["mean"]))
    if not tex.finite(row["mean"]) and row["n_trained"]:
        mean = f"({tex.number(_percent(row['median']))})"
    spread = numbers.spread(row, 2).replace("\N{NO-BREAK SPACE}%", "").replace("–", "--")
    cells += [mean, spread, tex.number(_percent(row["std"]))]
    if not parts.compared:
        return cells
    if row["verdict"] == "baseline" or row["n_pairs"] < 2:
        return [*cells, "--", "--", "--", "--", ""]
    interval = "--"
    if numbers.interval_of(row) != "–":
        ends = (tex.number(_percent(row[key]), sign=True) for key in ("difference_low", "difference_high"))
        interval = ", ".join(ends)
    return [
        *cells,
        tex.number(_percent(row["difference"]), sign=True),
        interval,
        tex.probability(row["p_holm"]) + (r"$^{\dagger}$" if numbers.disagrees(row) else ""),
        tex.number(row["d_z"]),
        f"${_mark(row)}$",
    ]


def _mark(row: Mapping) -> str:
    return MARKS.get(numbers.verdict(row), ("", ""))[0]


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _short(row: Mapping | None) -> str:
    """A cell of the narrow form."""
    if row is None or row["n_trained"] == 0:
        return "--" if row is None else f"0/{row['n_seeds']}"
    if tex.finite(row["mean"]):
        mean = numbers.fixed(100 * row["mean"])
        known = tex.finite(row["ci_low"])
        mean += rf" \pm {numbers.fixed(50 * (row['ci_high'] - row['ci_low']))}" if known else ""
    elif row["n_trained"] == 1:
        mean = numbers.fixed(100 * row["median"])
    else:
        mean = r"\textrm{--}".join(numbers.fixed(100 * row[end]) for end in ("min", "max"))
    mark = _mark(row)
    some = f" ({row['n_trained']}/{row['n_seeds']})" if row["n_trained"] < row["n_seeds"] else ""
    return f"${mean}{'^' + mark if mark else ''}${some}"


def markdown(comparison: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """A table in GitHub's Markdown, rows as in `latex`."""
    table = _readable(comparison, labels).replace({r"\|": r"\\|"}, regex=True)
    return table.to_markdown(index=False, disable_numparse=True) + "\n"


def _readable(comparison: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """The columns of a paper's table, as text; those of comparisons where there are any."""
    given, rows = comparison.to_dict("records"), []
    compared = _compared(given)
    for row in given:
        cells = {
            "Hidden layers": str(row["depth"]),
            "Activation": labels[row["activation"]],
            "Trained": f"{row['n_trained']}/{row['n_seeds']}",
            "Accuracy": _level(row),
        }
        if row["n_seeds"] > 1:
            cells |= {"95 % interval": numbers.spread(row, 2), "SD": numbers.percent(row["std"], 2)}
        if compared:
            known = row["verdict"] != "baseline" and row["n_pairs"] > 1
            found = {
                "Difference": numbers.points(row["difference"]),
                "Interval": numbers.interval_of(row),
                "p (Holm)": numbers.significant(row["p_holm"]) if known else "–",
                "d_z": "–" if pd.isna(row["d_z"]) else numbers.signed(row["d_z"]),
            }
            cells |= found if known else dict.fromkeys(found, "–")
            cells["Verdict"] = numbers.verdict(row)
        rows.append(cells)
    return pd.DataFrame(rows)


def _level(row: Mapping) -> str:
    """A mean; where there is none the one accuracy, or the median of runs that lie apart."""
    if pd.notna(row["mean"]) or not row["n_trained"]:
        return numbers.percent(row["mean"], 2)
    return f"{'median ' if row['n_trained'] > 1 else ''}{numbers.percent(row['median'], 2)}"


def _compared(rows: Sequence[Mapping]) -> bool:
    """Whether anything is compared with the baseline: two seeds and another activation."""
    return any(row["n_seeds"] > 1 for row in rows) and any(row["verdict"] != "baseline" for row in rows)
