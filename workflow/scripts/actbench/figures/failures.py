"""Networks that did not train, drawn so that they can be told from others: dotted, and mixed with grey."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from actbench.figures import drawing
from actbench.figures.plotting import Axes, Figure, Line2D, matplotlib
from actbench.storage import parquet

WORDS = "did not train"
GREY, SHARE = "#a6a6a6", 0.6  # what their colour is mixed with, and how much of it
DOTS = (0, (1, 2.5))


def joined(table: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """The table with the column `trained` of `runs`, which has a row a network.

    Args:
        table: rows of one setting, with some or all of the keys of a run.
        runs: the table of that name, of the same setting.
    """
    keys = [key for key in parquet.RUN if key in table]
    return table.merge(runs[[*keys, "trained"]], on=keys, how="left", validate="many_to_one")


def failed(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of networks that did not train; none where the table does not say who did."""
    return table[~table["trained"].astype(bool)] if "trained" in table else table[:0]


def look(of_trained: Mapping) -> dict:
    """The look of an activation's networks that did not train, from that of the others."""
    own, grey = (np.array(matplotlib.colors.to_rgb(colour)) for colour in (of_trained["color"], GREY))
    mixed = tuple(map(float, (1 - SHARE) * own + SHARE * grey))
    return {**of_trained, "color": mixed, "linestyle": DOTS} | (
        {"marker": "x"} if "marker" in of_trained else {}
    )


def lines(axis: Axes, table: pd.DataFrame, x: str, y: str, of_trained: Mapping, summarised: bool) -> None:
    """As `drawing.lines`, of the networks that trained and then of those that did not, each with a median."""
    lost = failed(table)
    for rows, own, words in ((table.drop(lost.index), of_trained, ""), (lost, look(of_trained), WORDS)):
        if len(rows):
            drawing.lines(axis, rows, x, y, own, summarised, words)


def legend(style: drawing.Style, figure: Figure, shown: Iterable[pd.DataFrame]) -> None:
    """The legend of a figure, which explains how failures look where any of the tables `shown` has one."""
    labels = list(style.labels)
    any_failed = any(failed(table)["activation"].isin(labels).any() for table in shown)
    handle = Line2D([], [], color=GREY, linestyle=DOTS, marker="x", markersize=4)
    style.legend(figure, {WORDS: handle} if any_failed else None)
