"""The figure of the first screen: how accurate networks are by activation and depth, and which failed."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from actbench.figures import drawing, shown
from actbench.figures.plotting import Axes, Figure, plt

ROW, LETTER = 0.18, 0.09  # inches: a row, and a letter of a count in a strip beside it
NARROW, FEW_DEPTHS = 5.3, 8  # inches, which a phone shows whole, and depths that it has room for
WIDE = 0.9  # inches of a depth from which on its counts are written out
STRIP = "did not train"
CROSS = "✕"
WORDS = {"ha": "center", "va": "center", "fontsize": drawing.SMALL}


def overview(
    comparison: pd.DataFrame,
    depths: Sequence[int],
    style: drawing.Style,
    chance: float,
    order: Sequence[str] = (),
) -> Figure:
    """Mean test accuracy and its interval by depth and activation; hollow where some did not train.

    Rows of the table `comparison`; a mark stands for the median where there is no mean, and a dotted line for
    the range of the runs where there is no interval. A strip says how many trained where not all did. Few
    activations are marks beside each other at each depth; of more than `shown.BESIDE` each has a row, in this
    `order`, or without one see `ordered`.
    """
    if len(style.labels) > shown.BESIDE:
        return _rows(comparison, shown.some(depths, shown.DEPTHS), style, chance, order)
    return _columns(comparison, shown.some(depths, shown.PANELS), style, chance)


def mark(
    axis: Axes,
    place: float,
    cell: Mapping,
    look: Mapping,
    hollow: bool,
    linewidth: float = 1.4,
    size: float = 5,
    flat: bool = False,
    **of: object,
) -> None:
    """A mean accuracy with its interval, or the dotted range of its runs; `flat`: at the height `place`.

    `of`: whose it is, see `drawing.say`.
    """
    colour, runs = look["color"], pd.isna(cell["ci_low"])
    ends = [cell["min"], cell["max"]] if runs else [cell["ci_low"], cell["ci_high"]]
    level = cell["median"] if pd.isna(cell["mean"]) else cell["mean"]
    line = {"color": colour, "linewidth": linewidth, "linestyle": ":" if runs else "-"}
    face = {"markersize": size, "markerfacecolor": "white" if hollow else colour}
    spot = {"color": colour, "linestyle": "", "marker": look["marker"]} | face
    for values, kind in ((ends, line), ([level], spot)):
        places = [place] * len(values)
        (drawn,) = axis.plot(*((values, places) if flat else (places, values)), **kind)
        which = f"{shown.layers(of['depth'])}, " if "depth" in of else ""
        drawing.say(drawn, *([] if pd.isna(level) else [which + _in_words(level, cell)]), **of)


def _in_words(level: float, cell: Mapping) -> str:
    """A mean or median of trained networks with what stands behind it, for who points at its mark."""
    runs = pd.isna(cell["ci_low"])
    low, high = (cell["min"], cell["max"]) if runs else (cell["ci_low"], cell["ci_high"])
    kind = "runs" if runs else "95 % interval"
    return (
        f"{100 * level:.1f} % ({kind} {100 * low:.1f}–{100 * high:.1f} %), "
        f"{cell['n_trained']:g} of {cell['n_seeds']:g} trained"
    )


def extent(comparison: pd.DataFrame) -> tuple[pd.Series, float]:
    """The upper ends of intervals or runs, and the lowest lower end."""
    cells = comparison[["ci_low", "ci_high", "min", "max"]].astype(float)
    return cells["ci_high"].fillna(cells["max"]), cells["ci_low"].fillna(cells["min"]).min()


def _columns(comparison: pd.DataFrame, depths: Sequence[int], style: drawing.Style, chance: float) -> Figure:
    """A place on the horizontal axis for each depth, and below it a row for each activation that failed."""
    failed = [key for key in style.labels if len(_failures(comparison, key, depths))]
    below = ROW * len(failed) + 0.25 if failed else 0.0
    width = NARROW if len(depths) <= FEW_DEPTHS else NARROW + 0.6
    figure, axes = plt.subplots(
        2 if failed else 1,
        1,
        figsize=(width, 3.4 + below),
        height_ratios=[3.2, below] if failed else None,
        sharex=True,
        squeeze=False,
    )
    axis, lowest = axes[0][0], axes[-1][0]
    axis.axhline(chance, color="#888888", linewidth=1, linestyle=":")
    reach = 0.28 if len(depths) > 1 else 0.4
    offsets = np.linspace(-reach, reach, len(style.labels)) if len(style.labels) > 1 else [0.0]
    room = 72 * (width - 1) / len(depths)  # points of a depth
    size = float(np.clip(0.7 * room * 2 * reach / max(len(style.labels) - 1, 1), 2, 5))
    for offset, (key, look) in zip(offsets, style.looks.items(), strict=True):
        cells = comparison[comparison["activation"] == key].set_index("depth").reindex(depths)
        places = np.arange(len(depths)) + offset
        for left in range(len(depths) - 1):  # of both depths: gone where one is hidden
            ends = slice(left, left + 2)
            (between,) = axis.plot(
                places[ends], cells["mean"].iloc[ends], **style.line(key), linewidth=0.8, alpha=0.6
            )
            drawing.say(between, activation=key, depth=depths[ends])
        for place, (depth, row) in zip(places, cells.to_dict("index").items(), strict=True):
            partly = row["n_trained"] != row["n_seeds"]
            mark(axis, place, row, look, partly, size=size, activation=key, depth=depth)
    if failed:
        _strip_below(lowest, comparison, depths, failed, style, wide=room > 72 * WIDE)
    lowest.set_xticks(range(len(depths)), depths)
    lowest.set_xlim(-0.5, len(depths) - 0.5)
    lowest.set_xlabel("hidden layers")
    axis.grid(visible=False, axis="x")
    axis.set_ylabel("test accuracy of trained networks")
    drawing.stretched([axis], *extent(comparison))
    style.legend(figure)
    return figure


def _strip_below(
    strip: Axes,
    comparison: pd.DataFrame,
    depths: Sequence[int],
    failed: Sequence[str],
    style: drawing.Style,
    wide: bool,
) -> None:
    """How many trained of each cell that did not train from every seed, a row an activation."""
    for row, key in enumerate(failed):
        for cell in _failures(comparison, key, depths).itertuples():
            text = _count(cell.n_trained, cell.n_seeds, wide) + " trained" * (wide and cell.n_trained > 0)
            written = strip.text(depths.index(cell.depth), row, text, **WORDS)
            drawing.say(written, activation=key, depth=cell.depth)
    names = [drawing.cut(style.labels[key]) for key in failed]
    strip.set_yticks(range(len(failed)), names, fontsize=drawing.SMALL)
    drawing.of_activations(strip.get_yticklabels(), failed)
    strip.set_ylim(len(failed) - 0.4, -0.6)
    _as_strip(strip)
    strip.set_title(f"{STRIP} ({CROSS}), or in part", loc="left", fontsize=drawing.SMALL, pad=3)


def _rows(
    comparison: pd.DataFrame,
    depths: Sequence[int],
    style: drawing.Style,
    chance: float,
    order: Sequence[str],
) -> Figure:
    """A panel for each depth, its strip beside it, with a row for each activation."""
    cells = comparison[comparison["activation"].isin(list(style.labels)) & comparison["depth"].isin(depths)]
    order = [key for key in order if key in style.labels] or ordered(cells, style)
    failed = bool((cells["n_trained"] < cells["n_seeds"]).any())
    counts = cells.loc[cells["n_trained"] < cells["n_seeds"], ["n_trained", "n_seeds"]]
    longest = max((len(_count(*row, wide=len(depths) == 1)) for row in counts.to_numpy()), default=0)
    strip = max(0.42, LETTER * longest + 0.1)
    widths = [strip, 1.6] if failed else [1.6]
    figure, axes = plt.subplots(
        1,
        len(widths) * len(depths),
        figsize=(max(NARROW, 1.1 + sum(widths) * len(depths)), ROW * len(order) + 1),
        width_ratios=widths * len(depths) if len(depths) > 1 or not failed else [strip, 4.7 - strip],
        sharey=True,
        squeeze=False,
    )
    panels = axes[0][len(widths) - 1 :: len(widths)]
    for number, (axis, depth) in enumerate(zip(panels, depths, strict=True)):
        axis.axvline(chance, color="#888888", linewidth=1, linestyle=":")
        here = cells[cells["depth"] == depth].set_index("activation")
        for row, key in enumerate(order):
            if key not in here.index:
                continue
            cell = here.loc[key].to_dict()
            partly, look = cell["n_trained"] != cell["n_seeds"], style.looks[key]
            mark(axis, row, cell, look, partly, size=4.5, flat=True, activation=key, depth=depth)
            if partly:
                text = _count(cell["n_trained"], cell["n_seeds"], wide=len(depths) == 1)
                written = axes[0][2 * number].text(0, row, text, **WORDS)
                drawing.say(written, activation=key, depth=depth)
        axis.set_title(shown.layers(depth) if len(depths) > 1 else "")
        axis.grid(visible=True, axis="y")
        axis.tick_params(axis="y", length=0)
    for strip in axes[0][::2] if failed else ():
        _as_strip(strip)
        strip.set_xlim(-0.5, 0.5)
        strip.set_xticks([])
        strip.set_xlabel(STRIP.replace(" train", "\ntrain"), fontsize=drawing.SMALL)
    names = [drawing.cut(style.labels[key]) for key in order]
    axes[0][0].set_yticks(range(len(order)), names, fontsize=drawing.SMALL)
    drawing.of_activations(axes[0][0].get_yticklabels(), order)
    axes[0][0].set_ylim(len(order) - 0.4, -0.6)
    drawing.stretched(panels, *extent(cells), along="x", most={1: drawing.TICKS, 2: 6}.get(len(depths), 5))
    figure.supxlabel("test accuracy of trained networks", fontsize="medium")
    return figure


def ordered(comparison: pd.DataFrame, style: drawing.Style) -> list[str]:
    """Ids, those of the highest accuracies over the depths first; what did not train counts as 0."""
    cells = comparison[comparison["activation"].isin(list(style.labels))]
    level = cells["mean"].fillna(cells["median"]).astype(float).fillna(0) * cells["n_trained"]
    means = level.groupby(cells["activation"].astype(str)).mean()
    found = list(means.sort_values(ascending=False, kind="stable").index)
    return [*found, *(key for key in style.labels if key not in found)]


def _failures(comparison: pd.DataFrame, key: str, depths: Iterable[int]) -> pd.DataFrame:
    """An activation's cells of these depths in which not every seed trained."""
    own = comparison[(comparison["activation"] == key) & comparison["depth"].isin(depths)]
    return own[own["n_trained"] < own["n_seeds"]]


def _count(n_trained: int, n_seeds: int, wide: bool) -> str:
    """`0 of 5 ✕`, or where there is little room `✕` and `2/5`."""
    if wide:
        return f"{n_trained} of {n_seeds}{'' if n_trained else f' {CROSS}'}"
    return f"{n_trained}/{n_seeds}" if n_trained else CROSS


def _as_strip(axis: Axes) -> None:
    """An axis that holds words: no grid, no ticks, a tinted ground."""
    axis.grid(visible=False)
    axis.tick_params(axis="y", length=0)
    axis.set_facecolor("#e6e6e6")
    axis.spines[["left", "bottom"]].set_visible(False)
