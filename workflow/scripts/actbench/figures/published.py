"""Published numbers against measured ones, in units of their tolerance: ±1 is as far as they may differ."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from actbench.figures import drawing, plotting
from actbench.figures.plotting import Axes, Figure, Line2D, PdfPages, matplotlib, plt
from actbench.storage import files

MARKS = {
    "agrees": {"marker": "o", "color": "#444444", "markersize": 4.5, "linestyle": ""},
    "differs": {"marker": "x", "color": "#d2001e", "markersize": 6.5, "markeredgewidth": 2, "linestyle": ""},
}
BAND, EDGE = "#e6e6e6", "#888888"
NARROW, FARTHEST = 1.25, 4.0  # units of tolerance: half the axis where all agree, and at most
APART, SPREAD = 0.04, 0.7  # marks closer than this stand beside each other; over so much of a row
ROW, FRAME = 0.205, 0.75  # inches: a row, and what is around the panel
WIDTH = 8.4
VALUES, AGREE = {"published": 72, "measured": 142}, 60  # where text ends, in points from the panel


def deviation(row: Mapping) -> float:
    """Measured less published, in units of the tolerance: 0 where both are the same, whatever the tolerance.

    Infinite where they differ and no difference is allowed, NaN where a number is not known.
    """
    published, measured, tolerance = row["published"], row["measured"], row["tolerance"]
    if measured is None or tolerance is None or math.isnan(measured) or math.isnan(tolerance):
        return math.nan
    difference = measured - published
    if difference == 0:
        return 0.0
    return difference / tolerance if tolerance else math.copysign(math.inf, difference)


def overview(groups: Mapping[str, Sequence[Mapping]]) -> Figure:
    """All numbers at a glance: a row a group, a mark a number.

    Args:
        groups: rows of each; a row has `published`, `measured`, `tolerance` (None where not known) and
            `verdict` (agrees, differs or open).
    """
    figure, axis = _panel(len(groups))
    rows = [row for group in groups.values() for row in group]
    reach = _reach(rows)
    for place, group in enumerate(groups.values()):
        known = [row for row in group if row["verdict"] in MARKS]
        for row, offset in zip(known, _beside(known, reach), strict=True):
            axis.plot(_clipped(deviation(row), reach), place + offset, **MARKS[row["verdict"]])
        agree = sum(row["verdict"] == "agrees" for row in group)
        _at_the_right(axis, place, AGREE, f"{agree} of {len(group)}", bold=any(map(_differs, group)))
    _at_the_right(axis, -1, AGREE, "agree")
    _finish(axis, [drawing.plain(name) for name in groups], reach)
    _explain(figure, rows)
    return figure


def numbers(groups: Mapping[str, Sequence[Mapping]]) -> Figure:
    """Each number by itself, a row a number, with both values at the right.

    Args:
        groups: as of `overview`, whose rows also have a `label`; a group's name stands above its rows.
    """
    figure, axis = _panel(sum(map(len, groups.values())) + len(groups))
    rows = [row for group in groups.values() for row in group]
    reach, labels, heads = _reach(rows), [], []
    for name, group in groups.items():
        heads.append(len(labels))
        labels.append(drawing.plain(name))
        for row in group:
            place = len(labels)
            labels.append(drawing.plain(row["label"]))
            if row["verdict"] in MARKS:
                axis.plot(_clipped(deviation(row), reach), place, **MARKS[row["verdict"]])
            else:
                axis.text(0, place, "open", ha="center", va="center", fontsize="small", style="italic")
            for key, x in VALUES.items():
                _at_the_right(axis, place, x, text(row[key]), bold=_differs(row))
    for key, x in VALUES.items():
        _at_the_right(axis, -1, x, key)
    _finish(axis, labels, reach)
    for place, label in enumerate(axis.get_yticklabels()):
        label.set_fontweight("bold" if place in heads else "normal")
    _explain(figure, rows)
    return figure


def save_pages(figures: Iterable[Figure], path: str | Path) -> None:
    """Write figures as the pages of one PDF, whole or not at all and without a date; they stay open."""
    with (
        files.atomic(path) as temporary,
        plotting.fonts(),
        plotting.ticks_once(),
        PdfPages(temporary, metadata={"CreationDate": None}) as pages,
    ):
        for figure in figures:
            pages.savefig(figure)


def text(value: float | None) -> str:
    """Six digits, with a true minus; a dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    return f"{value:.6g}".replace("e-0", "e-").replace("-", "−")


def _panel(n_rows: int) -> tuple[Figure, Axes]:
    return plt.subplots(figsize=(WIDTH, ROW * (n_rows + 1) + FRAME))


def _reach(rows: Iterable[Mapping]) -> float:
    """Half the width of the axis."""
    sizes = [abs(deviation(row)) for row in rows]
    most = max((size for size in sizes if not math.isnan(size)), default=0.0)
    return NARROW if most <= 1 else min(most * 1.1, FARTHEST)


def _clipped(value: float, reach: float) -> float:
    return min(max(value, -0.97 * reach), 0.97 * reach)


def _beside(rows: Sequence[Mapping], reach: float) -> list[float]:
    """How far above or below its row's middle each mark stands, so that none hides another."""
    places = [round(_clipped(deviation(row), reach) / (APART * reach)) for row in rows]
    n, seen, found = Counter(places), Counter(), []
    for place in places:
        step = min(0.16, SPREAD / n[place])
        found.append(step * (seen[place] - (n[place] - 1) / 2))
        seen[place] += 1
    return found


def _finish(axis: Axes, labels: Sequence[str], reach: float) -> None:
    axis.axvspan(-1, 1, color=BAND, linewidth=0, zorder=0)
    for edge in (-1, 1):
        axis.axvline(edge, color=EDGE, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    axis.axvline(0, color=EDGE, linewidth=0.8, zorder=1)
    axis.set_xlim(-reach, reach)
    axis.set_ylim(len(labels) - 0.4, -0.6)
    axis.set_yticks(range(len(labels)), labels)
    axis.tick_params(axis="y", length=0)
    axis.grid(visible=False)
    axis.spines["left"].set_visible(False)
    axis.xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda x, _: f"{x:g}".replace("-", "−")))
    axis.set_xlabel("(measured − published) / tolerance")


def _explain(figure: Figure, rows: Sequence[Mapping]) -> None:
    """A legend of the marks that are drawn, and of the band."""
    used = {verdict: look for verdict, look in MARKS.items() if any(r["verdict"] == verdict for r in rows)}
    handles = [Line2D([], [], **look) for look in used.values()]
    handles.append(matplotlib.patches.Patch(color=BAND))
    figure.legend(
        handles, [*used, "within the tolerance"], loc="outside upper center", ncols=3, frameon=False
    )


def _at_the_right(axis: Axes, place: int, x: float, words: str, bold: bool = False) -> None:
    """Text beside the panel at a row, which ends at `x`."""
    weight = "bold" if bold else "normal"
    where = {"xycoords": axis.get_yaxis_transform(), "textcoords": "offset points", "annotation_clip": False}
    axis.annotate(
        words, (1, place), (x, 0), ha="right", va="center", fontsize="small", fontweight=weight, **where
    )


def _differs(row: Mapping) -> bool:
    return row["verdict"] == "differs"
