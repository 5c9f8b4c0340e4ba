"""Networks that did not train, or diverged, drawn so that they can be told from others.

The former are dotted with crosses, mixed with grey; a cross in a box of paper ends the line of the latter.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from actbench.figures import drawing, looks
from actbench.figures.plotting import Axes, Figure, Line2D, matplotlib
from actbench.storage import parquet

RUN = ["activation", "seed", "fold"]
WORDS, DIVERGED = "did not train", "diverged"
CROSSES = 6  # along a line of networks that did not train
ENDED = {
    "linestyle": "",
    "marker": "X",
    "markersize": 6.5,
    "markeredgecolor": "white",
    "markeredgewidth": 0.6,
    "zorder": 5,
}
GREY, SHARE = "#a6a6a6", 0.6  # what their colour is mixed with, and how much of it
DOTS = (0, (1, 2.5))


def joined(table: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """The table with the columns `trained`, and `status` where there is one, of `runs`, a row a network.

    Args:
        table: rows of one setting, with some or all of the keys of a run.
        runs: the table of that name, of the same setting.
    """
    keys = [key for key in parquet.RUN if key in table]
    found = ["trained"] + ["status"] * ("status" in runs)
    return table.merge(runs[[*keys, *found]], on=keys, how="left", validate="many_to_one")


def failed(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of networks that did not train and did not diverge; none where the table does not say so."""
    return table[~table["trained"].astype(bool) & ~_diverged(table)] if "trained" in table else table[:0]


def diverged(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of networks that diverged; none where the table has no `status`."""
    return table[_diverged(table)]


def _diverged(table: pd.DataFrame) -> pd.Series:
    return table["status"].eq(DIVERGED) if "status" in table else pd.Series(False, table.index)


def look(of_trained: Mapping) -> dict:
    """The look of an activation's networks that did not train, from that of the others."""
    if looks.is_behind(of_trained):
        return {**of_trained, "linestyle": DOTS}
    own, grey = (np.array(matplotlib.colors.to_rgb(colour)) for colour in (of_trained["color"], GREY))
    mixed = tuple(map(float, (1 - SHARE) * own + SHARE * grey))
    return {**of_trained, "color": mixed, "linestyle": DOTS, "marker": "x"}


def lines(axis: Axes, table: pd.DataFrame, x: str, y: str, of_trained: Mapping, summarised: bool) -> None:
    """As `drawing.lines`, of the networks that trained and then of those that did not, each with a median.

    Of those that diverged there are the thin lines alone, and behind others none; call `endings` when the
    axis has its limits.
    """
    lost, gone = failed(table), diverged(table)
    kept = table.drop([*lost.index, *gone.index])
    every = max(1, len(lost[x].unique()) // CROSSES)
    crosses = {"markersize": 4, "markevery": every, **look(of_trained)}
    for rows, own, words in ((kept, of_trained, ""), (lost, crosses, WORDS)):
        if len(rows):
            drawing.lines(axis, rows, x, y, own, summarised, words)
    if looks.is_behind(of_trained):
        return
    for _, run in gone.dropna(subset=y).groupby(RUN, observed=True):
        thin = {"linewidth": 0.8, "alpha": 0.6, "linestyle": of_trained["linestyle"]}
        axis.plot(run[x], run[y], color=of_trained["color"], **thin)


def endings(axis: Axes, table: pd.DataFrame, x: str, y: str, style: drawing.Style) -> None:
    """A cross where each network that diverged ends, or leaves the axis, whose limits stay as they are.

    Those whose lines are behind others have none.
    """
    (left, right), (bottom, top) = axis.get_xlim(), axis.get_ylim()
    own = diverged(table).dropna(subset=y)
    for (key, seed, fold), run in own[own["activation"].isin(style.coloured)].groupby(RUN, observed=True):
        last = run.sort_values(x)
        outside = last[~last[y].between(bottom, top)]
        end = (outside if len(outside) else last).iloc[0 if len(outside) else -1]
        place = np.clip(end[x], left, right), np.clip(end[y], bottom, top)
        (cross,) = axis.plot(*place, color=style.looks[key]["color"], clip_on=False, **ENDED)
        fold_too = f", fold {fold}" if table["fold"].nunique() > 1 else ""
        drawing.say(cross, f"seed {seed}{fold_too}, {DIVERGED}", activation=key)
    axis.set(xlim=(left, right), ylim=(bottom, top))


def legend(style: drawing.Style, figure: Figure, shown: Iterable[pd.DataFrame]) -> None:
    """The legend of a figure, which explains how failures look where any of the tables `shown` has one."""
    handles = {
        WORDS: (failed, Line2D([], [], color=GREY, linestyle=DOTS, marker="x", markersize=4)),
        DIVERGED: (diverged, Line2D([], [], color=GREY, **ENDED)),
    }
    tables = list(shown)
    found = {
        words: handle
        for words, (rows, handle) in handles.items()
        if any(rows(table)["activation"].isin(style.coloured).any() for table in tables)
    }
    style.legend(figure, found)
