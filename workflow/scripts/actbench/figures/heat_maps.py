"""Maps of activations × layers, whose colour is log10 of an rms, and × learning rates, of accuracies."""

import functools
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd

from actbench.figures import drawing, looks, shown, svg
from actbench.figures.plotting import Axes, Figure, matplotlib, plt

COLOURS = "viridis"  # perceptually uniform, and monotone in grey
BOXES = {False: ("chosen", "-"), True: ("chosen, at the edge", (0, (1.2, 1)))}
STEPS = 40  # of the bar of colours; matplotlib makes a bitmap of 50 or more
NOTHING = "#dddddd"  # of a cell without a logarithm
DARK, LIGHT = "#0d0d0d", "#fdfdfd"  # of the numbers in cells
WIDTH, BESIDE = 8.6, 1.7  # inches: of the figure, and of what stands beside the cells
COUNT = 0.5  # inches: what stands at the right of a panel
GREY = "#bbbbbb"
WIDEST, LINE = 0.55, 0.19  # inches: a cell at most, a row
WRITTEN = 0.31  # inches: cells at least as wide have their number in them
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


def learning_rates(
    tuning: pd.DataFrame,
    rates: pd.DataFrame,
    names: Sequence[str],
    depths: Sequence[int],
    style: drawing.Style,
) -> Figure:
    """Mean validation accuracy by activation and learning rate; a box around each choice, dotted at the edge.

    A row of panels a setting, a column a depth. A diverged trial counts as chance.

    Args:
        tuning, rates: rows of the tables of these names.
        names: settings in their order.
        depths, style: what is shown.
    """
    means = tuning.groupby(["setting", "depth", "activation", "learning_rate"], observed=True)["score"].mean()
    stretched = drawing.stretch(means)
    norm = matplotlib.colors.Normalize(stretched.min(), max(stretched.max(), stretched.min() + 1e-6))
    columns = {
        name: sorted(tuning.loc[tuning["setting"] == name, "learning_rate"].unique()) for name in names
    }
    cell = min(2 * WIDEST, (WIDTH - BESIDE) / len(depths) / max(map(len, columns.values()), default=1))
    figure, axes = drawing.panels(
        len(names),
        len(depths),
        height=LINE * len(style.labels) + 0.6,
        width=WIDTH / len(depths),
        sharey="all",
        sharex="row",
    )
    colours = matplotlib.cm.ScalarMappable(norm, COLOURS)
    for (row, name), (column, depth) in product(enumerate(names), enumerate(depths)):
        axis = axes[row][column]
        chosen = rates[(rates["setting"] == name) & (rates["depth"] == depth)]
        for place, key in enumerate(style.labels):
            found = means.get((name, depth, key), pd.Series(dtype=float))
            for number, rate in enumerate(columns[name]):
                level = found.get(rate, np.nan)
                face = NOTHING if np.isnan(level) else colours.to_rgba(drawing.stretch([level])[0])
                text = "–" if np.isnan(level) else f"{100 * level:.1f}"
                said = f"learning rate {rate:g}: {text} %"
                _cell(axis, number, place, face, text if cell >= WRITTEN * 1.2 else "", said, key)
            for choice in chosen[chosen["activation"] == key].itertuples():
                where = (columns[name].index(choice.learning_rate) - 0.44, place - 0.4)
                _box(axis, where, choice.at_edge, key)
        _dressed(axis, style, [f"{rate:g}" for rate in columns[name]])
        axis.set_title(shown.layers(depth) if row == 0 else "")
        drawing.of_panel(axis, depth=depth, setting=name, words=name if len(names) > 1 else "")
        axis.set_ylabel(drawing.plain(name) if column == 0 and len(names) > 1 else "")
        axis.set_xlabel("learning rate" if row == len(names) - 1 else "")
    bar = _bar(figure, axes, norm, "mean validation accuracy")
    ticks = drawing.levels(*drawing.unstretch([norm.vmin, norm.vmax]))
    bar.set_ticks(drawing.stretch(ticks), labels=[f"{100 * tick:g} %" for tick in ticks], minor=False)
    patch = functools.partial(matplotlib.patches.Patch, fill=False)
    handles = {
        text: (patch(edgecolor=LIGHT, linewidth=4), patch(edgecolor=DARK, linewidth=1.6, linestyle=dashes))
        for at_edge, (text, dashes) in BOXES.items()
        if (rates["at_edge"] == at_edge).any()
    }
    if handles:
        figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=2, frameon=False)
    return figure


def _box(axis: Axes, where: tuple[float, float], at_edge: bool, key: str) -> None:
    """Around a choice, in the cells' dark on their light, so that it is seen on every colour."""
    for colour, width in ((LIGHT, 2.8), (DARK, 1.4)):
        line = {"linewidth": width, "linestyle": BOXES[at_edge][1] if colour == DARK else "-"}
        box = plt.Rectangle(where, 0.88, 0.8, fill=False, edgecolor=colour, **line)
        drawing.say(box, activation=key)
        axis.add_patch(box)


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
        drawing.of_panel(axis, depth=depth, words=words)
        title = shown.layers(depth)
        axis.set_title(f"{title},\n{words}" if beside else title if checkpoint == "init" else "")
        axis.set_ylabel("" if beside or number else words)
        axis.set_xlabel("layer" if beside or checkpoint != "init" else "")
    _bar(figure, axes, norm, label)
    _legend(figure, found)
    return figure


def _bar(
    figure: Figure, axes: np.ndarray, norm: "matplotlib.colors.Normalize", label: str
) -> "matplotlib.colorbar.Colorbar":
    """The bar of colours, in so few steps that it consists of rectangles and of no bitmap."""
    steps = matplotlib.cm.ScalarMappable(norm, matplotlib.colormaps[COLOURS].resampled(STEPS))
    bar = figure.colorbar(steps, ax=axes, label=label, aspect=30, pad=0.01)
    bar.solids.set_edgecolor("face")  # no hair of the ground between two
    return bar


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
            text = "0" if rms == 0 else "–" if np.isnan(value) else _number(value)
            boxed = bool(len(own) and own["failed"].iloc[0])
            shown_text = text if written or np.isnan(value) else ""
            said = f"layer {layer}: {'no value' if np.isnan(rms) else f'{rms:.3g}'}{', none trained' * boxed}"
            _cell(axis, column, place, face, shown_text, said, key, boxed)
        if len(own):
            _ending(axis, place, own.iloc[0], len(layers), named)
    _dressed(axis, style, list(map(str, layers)))


def _cell(
    axis: Axes,
    column: int,
    place: int,
    face: tuple | str,
    text: str,
    said: str,
    key: str,
    boxed: bool = False,
) -> None:
    """A square of one colour with its text, on a ground of that colour if `boxed`; `said` on hover."""
    where = (column - 0.5, place - 0.5)
    cell = plt.Rectangle(where, 1, 1, facecolor=face, edgecolor="white", linewidth=0.4)
    drawing.say(cell, said, activation=key)
    axis.add_patch(cell)
    if text:
        look = {"color": DARK if _is_light(face) else LIGHT, "fontsize": drawing.SMALL}
        if boxed:
            look["bbox"] = {"facecolor": face, "edgecolor": "none", "pad": 0.8}
        written = axis.text(column, place, text, ha="center", va="center", **look)
        drawing.of_activations([written], [key])


def _dressed(axis: Axes, style: drawing.Style, columns: Sequence[str]) -> None:
    """An axis of cells: a row an activation, the first at the top, and some of the columns' names below."""
    axis.set_xlim(-0.5, len(columns) - 0.5)
    axis.set_ylim(len(style.labels) - 0.5, -0.5)
    axis.set_yticks(range(len(style.labels)), list(map(drawing.cut, style.labels.values())))
    drawing.of_activations(axis.get_yticklabels(), style.labels)
    ticks = shown.some(range(len(columns)), 9)
    axis.set_xticks(ticks, [columns[tick] for tick in ticks])
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
    axis.annotate(text, (n_layers - 0.5, place), fontsize=drawing.SMALL, color="#555555", **where, **named)
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
