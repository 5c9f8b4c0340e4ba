"""How large gradients and activations are in each layer: layer × activation, colour log10 of the rms."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd

from actbench.figures import drawing, looks, shown, svg
from actbench.figures.plotting import Axes, Figure, matplotlib, plt

COLOURS = "viridis"  # perceptually uniform, and monotone in grey
STEPS = 40  # of the bar of colours; matplotlib makes a bitmap of 50 or more
NOTHING = "#dddddd"  # of a cell without a logarithm
DARK, LIGHT = "#0d0d0d", "#fdfdfd"  # of the numbers in cells
WIDTH, BESIDE = 8.6, 1.7  # inches: of the figure, and of what stands beside the cells
COUNT = 0.5  # inches: what stands at the right of a panel
GREY = "#bbbbbb"
WIDEST, LINE = 0.55, 0.19  # inches: a cell at most, a row
WRITTEN = 0.27  # inches: cells at least as wide have their number in them
RUN = ["activation", "depth", "seed", "fold"]


def gradients(
    table: pd.DataFrame, depths: Sequence[int], style: drawing.Style, tensor: str = "weight"
) -> Figure:
    """Root mean square of one tensor's gradient, at initialisation and after training, a column a depth.

    Args:
        table: rows of the table `gradients` of one setting, with `trained`, see `failures.joined`.
        depths, style: what is shown.
        tensor: `weight` or `preactivation`.
    """
    words = {"weight": "weights", "preactivation": "pre-activations"}[tensor]
    rows = table[table["tensor"] == tensor]
    return _figure(rows, depths, style, f"log₁₀ of the RMS gradient of the {words}")


def activations(table: pd.DataFrame, depths: Sequence[int], style: drawing.Style) -> Figure:
    """The same of each hidden layer's activations.

    Args:
        table: rows of the table `distributions` of one setting, with `trained`.
        depths, style: what is shown.
    """
    rows = table[table["signal"] == "activation"]
    rms = np.sqrt(rows["mean"].astype(float) ** 2 + rows["std"].astype(float) ** 2)
    return _figure(rows.assign(rms=rms), depths, style, "log₁₀ of the RMS activation")


def cells(rows: pd.DataFrame) -> pd.DataFrame:
    """The median `rms` over networks by activation, depth, checkpoint and layer, over `n` with a value.

    After training it is over those that trained; where none did, over all that are there, if any, and
    `failed` is true. `n_runs` are the networks at initialisation, `n_trained` those of them that trained.
    """
    rows = rows[rows["checkpoint"].isin(drawing.CHECKPOINTS)].astype({"activation": str, "trained": bool})
    place, key = ["activation", "depth"], ["activation", "depth", "checkpoint", "layer"]
    start = rows[rows["checkpoint"] == "init"]
    counts = start.drop_duplicates(RUN).groupby(place)["trained"].agg(n_runs="size", n_trained="sum")
    rows = rows.merge(counts.reset_index(), on=place)
    rows = rows[(rows["checkpoint"] == "init") | rows["trained"] | (rows["n_trained"] == 0)]
    medians = rows.groupby(key)["rms"].agg(rms="median", n="count").reset_index()
    every = start[[*place, "layer"]].drop_duplicates().merge(counts.reset_index(), on=place)
    every = every.merge(pd.DataFrame({"checkpoint": list(drawing.CHECKPOINTS)}), how="cross")
    found = every.merge(medians, on=key, how="left").fillna({"n": 0})
    return found.assign(failed=(found["checkpoint"] == "trained") & (found["n_trained"] == 0))


def _figure(rows: pd.DataFrame, depths: Sequence[int], style: drawing.Style, label: str) -> Figure:
    found = cells(rows[rows["depth"].isin(list(depths)) & rows["activation"].isin(list(style.labels))])
    layers = {
        depth: shown.some(sorted(found.loc[found["depth"] == depth, "layer"].unique()), shown.HEAT_LAYERS)
        for depth in depths
    }
    beside = len(depths) == 1  # the two checkpoints, of which there is room for both
    columns = [max(len(layers[depth]), 1) for depth in depths] * (1 + beside)
    room = COUNT * len(columns)
    cell = min(WIDEST, (WIDTH - BESIDE - room) / sum(columns))
    n_rows = 1 if beside else len(drawing.CHECKPOINTS)
    width = max(BESIDE + room + cell * sum(columns), drawing.NARROWEST)
    figure, axes = plt.subplots(
        n_rows,
        len(columns),
        figsize=(width, n_rows * LINE * len(style.labels) + 1.5),
        sharex="col",
        sharey=True,
        squeeze=False,
        width_ratios=columns,
    )
    logs = np.log10(found.loc[found["rms"] > 0, "rms"].astype(float))
    low, high = (logs.min(), logs.max()) if len(logs) else (-1.0, 0.0)
    norm = matplotlib.colors.Normalize(low, high if high > low else low + 1)
    colours = matplotlib.cm.ScalarMappable(norm, COLOURS)
    places = product(drawing.CHECKPOINTS.items(), enumerate(depths))
    for axis, ((checkpoint, words), (number, depth)) in zip(axes.flat, places, strict=True):
        own = found[(found["depth"] == depth) & (found["checkpoint"] == checkpoint)]
        _panel(axis, own, layers[depth], style, colours, cell >= WRITTEN)
        drawing.of_panel(axis, depth=depth)
        title = shown.layers(depth)
        axis.set_title(f"{title},\n{words}" if beside else title if checkpoint == "init" else "")
        axis.set_ylabel("" if beside or number else words)
        axis.set_xlabel("layer" if beside or checkpoint != "init" else "")
    _bar(figure, axes, norm, label)
    _legend(figure, found)
    return figure


def _bar(figure: Figure, axes: np.ndarray, norm: "matplotlib.colors.Normalize", label: str) -> None:
    """The bar of colours, in so few steps that it consists of rectangles and of no bitmap."""
    steps = matplotlib.cm.ScalarMappable(norm, matplotlib.colormaps[COLOURS].resampled(STEPS))
    bar = figure.colorbar(steps, ax=axes, label=label, aspect=30, pad=0.01)
    bar.solids.set_edgecolor("face")  # no hair of the ground between two


def _panel(
    axis: Axes,
    found: pd.DataFrame,
    layers: Sequence[int],
    style: drawing.Style,
    colours: "matplotlib.cm.ScalarMappable",
    written: bool,
) -> None:
    """A row an activation, the first at the top; at the right of each, how many networks trained."""
    for place, key in enumerate(style.labels):
        named = {"gid": svg.note([looks.css_class(key)])}
        own = found[found["activation"] == key].set_index("layer")
        for column, layer in enumerate(layers):
            rms = own["rms"].get(layer, np.nan)
            value = np.log10(rms) if rms > 0 else np.nan
            face = NOTHING if np.isnan(value) else colours.to_rgba(value)
            where = (column - 0.5, place - 0.5)
            cell = plt.Rectangle(where, 1, 1, facecolor=face, edgecolor="white", linewidth=0.4)
            drawing.say(cell, f"layer {layer}: {rms:.3g}", activation=key)
            axis.add_patch(cell)
            text = "0" if rms == 0 else "–" if np.isnan(value) else _number(value)
            if written or np.isnan(value):
                dark = {"color": DARK if _is_light(face) else LIGHT, "fontsize": 6.5}
                if len(own) and own["failed"].iloc[0]:
                    dark["bbox"] = {"facecolor": face, "edgecolor": "none", "pad": 0.8}
                axis.text(column, place, text, ha="center", va="center", **dark, **named)
        if len(own):
            _ending(axis, place, own.iloc[0], len(layers), named)
    axis.set_xlim(-0.5, len(layers) - 0.5)
    axis.set_ylim(len(style.labels) - 0.5, -0.5)
    axis.set_yticks(range(len(style.labels)), list(style.labels.values()))
    drawing.of_activations(axis.get_yticklabels(), style.labels)
    ticks = shown.some(range(len(layers)), 9)
    axis.set_xticks(ticks, [str(layers[tick]) for tick in ticks])
    axis.tick_params(length=0)
    axis.grid(visible=False)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _ending(axis: Axes, place: int, row: Mapping, n_layers: int, named: Mapping) -> None:
    """Of one activation after training: how many networks trained, and a line through where none did."""
    if row["checkpoint"] != "trained":
        return
    text = f"{row['n_trained']}/{row['n_runs']}{' ✕' if row['failed'] else ''}"
    where = {"xytext": (4, 0), "textcoords": "offset points", "ha": "left", "va": "center"}
    axis.annotate(text, (n_layers - 0.5, place), fontsize=6.5, color="#555555", **where, **named)
    if row["failed"]:
        hatched = {"fill": False, "hatch": "///", "edgecolor": GREY, "linewidth": 0}
        axis.add_patch(plt.Rectangle((-0.5, place - 0.5), n_layers, 1, **hatched, **named))


def _number(value: float) -> str:
    """With one digit and a true minus, and none before a zero."""
    text = f"{value:.1f}"
    return text.replace("-", "" if float(text) == 0 else "−")


def _is_light(face: str | tuple) -> bool:
    red, green, blue = matplotlib.colors.to_rgb(face)
    return 0.299 * red + 0.587 * green + 0.114 * blue > 0.5


def _legend(figure: Figure, found: pd.DataFrame) -> None:
    """What the marks mean, of those that occur."""
    patch = matplotlib.patches.Patch
    handles = {}
    if found["failed"].any():
        handles["✕ none of its networks trained"] = patch(
            fill=False, hatch="//////", edgecolor="#777777", linewidth=0.4
        )
    if (found["rms"] == 0).any():
        handles["0: the median is zero"] = patch(facecolor=NOTHING)
    if found["rms"].isna().any():
        handles["–: no network has a value"] = patch(facecolor=NOTHING)
    if handles:
        figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=2, frameon=False)
