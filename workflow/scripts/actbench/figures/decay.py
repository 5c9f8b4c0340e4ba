"""Who trained, against how far the first layer's gradient is predicted to fall behind the last's."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from actbench.figures import drawing, looks, shown
from actbench.figures.plotting import Axes, Figure, Line2D, plt

INK = "#222222"
APART = 0.034  # of the width: what lies closer is set apart
LANE, TALLEST = 0.1, 7.0  # inches: between marks that are set apart, and the figure at most
CROSSED = 0.036  # of the width: a number beside a mark, which the line of the limit would cross
WORDS = 0.2  # of the width: room for what is expected on one side of the limit
LABELLED = 12  # shares that are written at the axis


def decay_and_training(
    expectations: pd.DataFrame,
    comparison: pd.DataFrame,
    names: Sequence[str],
    limit: float,
    style: drawing.Style,
) -> Figure:
    """Share of seeds that trained against the predicted log10 of first over last gradient, a mark a cell.

    A panel a setting. A cell is an activation at a depth, which is the number beside it. Each share that
    occurs is a band; marks that would lie on each other are set apart in it. Cells of which nothing is
    expected, for their gradients grow, have open marks.

    Args:
        expectations, comparison: the tables of these names, of all settings.
        names: settings in their order, of which the first `shown.MARKED_SETTINGS` with a mark are drawn.
        limit: above it a cell is expected to train.
        style: what is shown.
    """
    keys, plain = ["activation", "depth", "setting"], {"activation": str, "setting": str}
    cells = pd.merge(
        expectations[[*keys, "log10_first_last", "expected_to_train"]].astype(plain),
        comparison[[*keys, "n_seeds", "n_trained"]].astype(plain),
        on=keys,
    ).dropna(subset="log10_first_last")
    cells = cells[cells["activation"].isin(list(style.labels))].assign(
        x=lambda rows: rows["log10_first_last"].astype(float),
        share=lambda rows: rows["n_trained"] / rows["n_seeds"],
        open=lambda rows: rows["expected_to_train"].isna(),
    )
    low, high = (min(cells["x"].min(), limit), max(cells["x"].max(), limit)) if len(cells) else (limit, 0.0)
    room = 0.05 * max(high - low, 1.0)
    low, high = low - room, high + 1.6 * room
    names = [name for name in names if (cells["setting"] == name).any()][: shown.MARKED_SETTINGS] or names[:1]
    numbered = len(cells) <= shown.NUMBERED_CELLS and cells["depth"].nunique() > 1
    parts = {name: _in_bands(cells[cells["setting"] == name], APART * (high - low)) for name in names}
    tallest = [max(height, 1.0) for _, _, height in parts.values()]
    figure, axes = plt.subplots(
        len(names),
        1,
        figsize=(7.2, min(1.4 + 0.5 * len(names) + LANE * sum(tallest), TALLEST + 0.5 * (len(names) - 1))),
        sharex=True,
        squeeze=False,
        height_ratios=[4 + height for height in tallest],
    )
    grown = cells.loc[cells["open"], "x"].min()
    for axis, (name, (own, ticks, height)) in zip(axes.flat, parts.items(), strict=True):
        _cells(axis, own, style, numbered, (limit - CROSSED * (high - low), limit))
        axis.axvline(limit, color=INK, linewidth=1)
        axis.axvspan(limit, high if np.isnan(grown) else grown, color="#009e73", alpha=0.06, linewidth=0)
        axis.set_xlim(low, high)
        axis.set_ylim(0, max(height, 1))
        written = shown.some(list(ticks), LABELLED)
        axis.set_yticks([ticks[share] for share in written], [f"{100 * share:.3g} %" for share in written])
        for top in own.groupby("share")["y"].max()[:-1]:
            axis.axhline(top + 1, color="#cccccc", linewidth=0.8)
        axis.grid(visible=False, axis="y")
        axis.set_ylabel(drawing.plain(name) if len(names) > 1 else "")
        drawing.of_panel(axis, setting=name, words=name if len(names) > 1 else "")
    words = {"fontsize": drawing.SMALL, "color": INK, "va": "bottom"}
    words["transform"] = axes[0][0].get_xaxis_transform()
    left = (limit - low) / (high - low)
    if 1 - left > WORDS:
        axes[0][0].text(limit, 1.01, "expected to train →", ha="left", **words)
    if left > WORDS:
        axes[0][0].text(limit, 1.01, "← expected not to\N{EM SPACE}", ha="right", **words)
    axes[-1][0].set_xlabel("predicted log10 of the first layer's gradient over the last's, at initialisation")
    figure.supylabel("seeds that trained", fontsize="medium")
    mark = {"linestyle": "", "marker": "o", "markerfacecolor": "none"}
    handles = {}
    if numbered:
        digit = {"marker": f"${cells['depth'].max()}$", "markersize": 6, "markeredgewidth": 0}
        handles["hidden layers"] = Line2D([], [], color="#555555", linestyle="", **digit)
    if cells["open"].any():
        handles["nothing expected"] = Line2D([], [], color=INK, **mark)
    style.legend(figure, handles, without=set(style.labels) - set(cells["activation"]), every=True)
    return figure


def _in_bands(cells: pd.DataFrame, apart: float) -> tuple[pd.DataFrame, dict[float, float], float]:
    """Cells with their place `y`, the middle of each share's band, and the height of all, in lanes."""
    cells = cells.sort_values(["x", "activation", "depth"], kind="stable").assign(y=0.0)
    ticks, height = {}, 0.0
    for share, rows in cells.groupby("share"):
        lanes = _lanes(rows["x"].to_numpy(), apart)
        ticks[share] = height + 1 - lanes.min()
        cells.loc[rows.index, "y"] = ticks[share] + lanes
        height = ticks[share] + lanes.max() + 1
    return cells, ticks, height


def _cells(
    axis: Axes, cells: pd.DataFrame, style: drawing.Style, numbered: bool, crossed: tuple[float, float]
) -> None:
    """A mark each, and its depth beside it if `numbered`, at the left of those within `crossed`."""
    order = cells["activation"].map(list(style.labels).index)
    for row in cells.loc[order.sort_values(kind="stable").index].itertuples():
        face = {"markerfacecolor": "none", "markeredgewidth": 1.2} if row.open else {}
        look = looks.mark(style.looks[row.activation])
        (mark,) = axis.plot(
            row.x, row.y, **look | {"linestyle": "", "markersize": 5.5, "clip_on": False} | face
        )
        words = f"{shown.layers(row.depth)}: {row.n_trained} of {row.n_seeds} trained"
        predicted = f"{row.x:.3g}".replace("-", "−")
        whose = {"activation": row.activation, "depth": row.depth, "setting": row.setting}
        drawing.say(mark, f"{words}, predicted {predicted}", **whose)
        if numbered:
            left = crossed[0] < row.x < crossed[1]
            place = {"xytext": (-4 if left else 4, 0), "ha": "right" if left else "left", "va": "center"}
            place |= {"textcoords": "offset points", "fontsize": drawing.SMALL, "color": "#555555"}
            text = axis.annotate(str(row.depth), (row.x, row.y), **place)
            drawing.say(text, **whose)


def _lanes(x: np.ndarray, apart: float) -> np.ndarray:
    """For ascending x the lane of each, 0, 1, −1, 2, …: the first in which none lies closer than `apart`."""
    ends: list[float] = []
    found = []
    for place in x:
        lane = next((i for i, end in enumerate(ends) if place - end >= apart), len(ends))
        ends[lane : lane + 1] = [place]
        found.append(lane)
    numbers = np.array(found)
    return np.where(numbers % 2, (numbers + 1) // 2, -(numbers // 2))
