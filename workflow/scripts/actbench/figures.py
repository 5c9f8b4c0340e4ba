"""Every figure of the report, drawn from the study's tables."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy import stats

from actbench import files, statistics

CHECKPOINTS = {"init": "at initialisation", "trained": "after training"}
DASHES = ["-", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (5, 1.5, 1.5, 1.5))]
MARKERS = "osD^vPX<>*"
COLUMNS = 6
WIDEST = 13.5
ACCURACIES = {
    "val_accuracy": "validation accuracy",
    "test_accuracy": "test accuracy",
    "train_accuracy": "training accuracy",
}
LOSSES = {"train_loss": "training loss", "val_loss": "validation loss"}
BANDS = [(0, 1), (0.07, 0.93), (0.16, 0.84), (0.31, 0.69)]
WORST_ERROR = 1e-4
SHAPE_BINS = 40
SPREAD = (0.05, 0.95)
PLACES = re.compile(r'\b(d|x|y)="[^"]*"')
DECIMALS = re.compile(r"(\.\d\d)\d+")
ACCURACY_TICKS = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999]


@dataclass(frozen=True)
class Style:
    """One colour, dash pattern and marker for each activation, the same in every figure.

    `summarised`: whether runs are too many to be drawn one by one, see `config.summarised`.
    """

    labels: Mapping[str, str]
    summarised: bool = False

    def __post_init__(self):
        object.__setattr__(self, "labels", {key: plain(text) for key, text in self.labels.items()})
        palette = sns.color_palette("colorblind", 10)
        looks = {
            key: {
                "color": palette[i % 10],
                "linestyle": DASHES[(i + i // 10) % len(DASHES)],
                "marker": MARKERS[i % len(MARKERS)],
            }
            for i, key in enumerate(self.labels)
        }
        object.__setattr__(self, "looks", looks)

    def line(self, key: str) -> dict:
        return {name: self.looks[key][name] for name in ("color", "linestyle")}

    def legend(self, figure: Figure, keys: Sequence[str] | None = None) -> None:
        """One legend above the panels."""
        keys = list(self.labels) if keys is None else keys
        handles = [Line2D([], [], **self.looks[key], markersize=4) for key in keys]
        labels = [self.labels[key] for key in keys]
        figure.legend(
            handles, labels, loc="outside upper center", ncols=min(len(keys), COLUMNS), frameon=False
        )


def plain(text: str) -> str:
    """Text that matplotlib shows as it stands instead of reading mathematics between dollar signs."""
    return text.replace("$", r"\$")


def use_style() -> None:
    """Settings of every figure; the same data give the same SVG bytes."""
    sns.set_theme(context="paper", style="ticks", font_scale=1.0)
    matplotlib.rcParams |= {
        "axes.grid": True,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": "medium",
        "figure.constrained_layout.use": True,
        "font.family": "DejaVu Sans",
        "grid.color": "#e6e6e6",
        "grid.linewidth": 0.6,
        "svg.hashsalt": "actbench",
    }


def save(figure: Figure, path: str | Path) -> None:
    """Write SVG or PNG, as the ending says, whole or not at all and without a date."""
    kind = Path(path).suffix.removeprefix(".")
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with files.atomic(path) as temporary:
        figure.savefig(temporary, format=kind, metadata=metadata, dpi=160)
        if kind == "svg":
            temporary.write_text(_coarser(temporary.read_text(encoding="utf-8")), encoding="utf-8")
    plt.close(figure)


def _coarser(svg: str) -> str:
    """An SVG whose places have two decimals (hundredths of a point) instead of six: a third fewer bytes."""
    return PLACES.sub(lambda place: DECIMALS.sub(r"\1", place[0]), svg)


def accuracy(runs: pd.DataFrame, depths: Sequence[int], style: Style, chance: float) -> Figure:
    """Test accuracy of every run, with mean and 95 % interval of the trained runs of each cell.

    Where runs are many, the width of a shape is how many runs lie at that height.
    """
    width = max(_panel_width(len(depths)), 0.45 * len(style.labels))
    columns = min(len(depths), max(1, int(WIDEST / width)))
    rows = -(-len(depths) // columns)
    figure, axes = _panels(rows, columns, height=3.4, width=width, sharey="all")
    for number, axis in enumerate(axes.flat):
        axis.set_visible(number < len(depths))
        axis.tick_params(labelbottom=number + columns >= len(depths))
    for axis, depth in zip(axes.flat, depths, strict=False):
        axis.axhline(chance, color="#888888", linewidth=1, linestyle=":")
        for position, key in enumerate(style.labels):
            cell = runs[(runs["depth"] == depth) & (runs["activation"] == key)]
            _accuracy_column(axis, position, cell, style.looks[key], style.summarised)
        names = list(style.labels.values())
        axis.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
        axis.set_xlim(-0.6, len(names) - 0.4)
        axis.grid(visible=False, axis="x")
        axis.set_title(_layers(depth))
    _stretched(axes.flat, runs["test_accuracy"])
    figure.supylabel("test accuracy", fontsize="medium")
    return figure


def learning_curves(history: pd.DataFrame, depths: Sequence[int], style: Style) -> Figure:
    """Accuracy and losses by epoch: a thin line a run (if many, a band of 90 % of them), the median thick.

    Accuracy is the validation images', or where none were held out the test images', if those were
    looked at, else the training images'. The validation loss is drawn where there is one.
    """
    measured = [column for column in ACCURACIES if history[column].notna().any()]
    rows = [*measured[:1], *(column for column in LOSSES if history[column].notna().any())]
    figure, axes = _panels(max(len(rows), 1), len(depths), height=2.1)
    for (row, column), (number, depth) in product(enumerate(rows), enumerate(depths)):
        axis = axes[row][number]
        for key, part in _by_activation(history[history["depth"] == depth], style):
            _lines(axis, part, "epoch", column, style.line(key), style.summarised)
        axis.set_title(_layers(depth) if row == 0 else "")
        axis.set_xlabel("epoch" if row == len(rows) - 1 else "")
        axis.set_ylabel("" if number else (ACCURACIES | LOSSES)[column])
        _whole_numbers(axis)
    for row, column in enumerate(rows):
        if column in ACCURACIES:
            _stretched(axes[row], history[column])
        else:
            _log_scale(axes[row], history[column])
    style.legend(figure)
    return figure


def gradients(table: pd.DataFrame, depths: Sequence[int], style: Style, tensor: str) -> Figure:
    """Root mean square of one tensor's gradient by layer, on a log scale, before and after training."""
    part = table[(table["tensor"] == tensor) & (table["rms"] > 0)]
    words = {"weight": "weights", "preactivation": "pre-activations"}
    figure, axes = _by_checkpoint(part, depths, style, "rms", f"RMS gradient of the {words[tensor]}")
    _log_scale(axes.flat, part["rms"])
    return figure


def dead_neurons(table: pd.DataFrame, depths: Sequence[int], style: Style) -> Figure:
    """Share of units whose output is exactly 0 for every training image, by layer."""
    part = table.assign(share=table["n_dead"] / table["n_neurons"])
    figure, axes = _by_checkpoint(part, depths, style, "share", "dead units")
    _percent(axes)
    return figure


def saturation(table: pd.DataFrame, depths: Sequence[int], style: Style) -> Figure:
    """Share of pre-activations at which the activation is saturated, by layer."""
    part = table[table["signal"] == "preactivation"].dropna(subset="saturated_fraction")
    figure, axes = _by_checkpoint(part, depths, style, "saturated_fraction", "saturated pre-activations")
    _percent(axes)
    return figure


def distributions(histograms: pd.DataFrame, depth: int, style: Style) -> Figure:
    """Densities of the activations of the first seed's network, one curve a layer, first layer on top.

    `histograms` holds the rows of source `distribution` and signal `activation`.
    """
    return _ridge_panels(histograms, depth, style, depth, "activation h", _ridges)


def gradient_histograms(histograms: pd.DataFrame, depth: int, style: Style) -> Figure:
    """Histograms with density curves of the first seed's weight gradients, one a layer, first layer on top.

    Each layer has its own unit, the root mean square of its gradient, which is written beside it.
    `histograms` holds the rows of source `gradient` and tensor `weight`.
    """
    label = "weight gradient, in units of its root mean square (the number beside each layer)"
    return _ridge_panels(histograms, depth, style, depth + 1, label, _gradient_ridges)


def epoch_histograms(histograms: pd.DataFrame, depth: int, style: Style) -> Figure:
    """How weights and their gradients spread from epoch to epoch, in the first and the last Linear layer.

    Bands hold all, 86 %, 68 % and 38 % of the entries, the line is the median (the bands of TensorBoard's
    distributions); the first seed's networks. `histograms` holds the sources `weight_epoch` and
    `gradient_epoch`.
    """
    part = _first_run(histograms[histograms["depth"] == depth])
    keys = [key for key in style.labels if (part["activation"] == key).any()]
    kinds = list(product(("weight_epoch", "gradient_epoch"), sorted(part["layer"].unique())))
    figure, axes = _panels(max(len(kinds), 1), max(len(keys), 1), height=1.5, width=1.9)
    for (row, (source, layer)), (column, key) in product(enumerate(kinds), enumerate(keys)):
        axis = axes[row][column]
        cell = part[(part["source"] == source) & (part["layer"] == layer) & (part["activation"] == key)]
        _bands(axis, cell.dropna(subset="low").sort_values("epoch"), style.looks[key]["color"])
        axis.set_title("" if row else style.labels[key])
        axis.set_xlabel("epoch" if row == len(kinds) - 1 else "")
        words = "weights" if source == "weight_epoch" else "gradients"
        axis.set_ylabel("" if column else f"{words}, layer {layer}")
    return figure


def functions(table: pd.DataFrame, style: Style) -> Figure:
    """Each activation function and its derivative."""
    keys = list(style.labels)
    columns = min(len(keys), COLUMNS)
    rows = -(-len(keys) // columns)
    figure, axes = _panels(rows, columns, height=1.9, width=1.75)
    for axis, key in zip(axes.flat, keys, strict=False):
        part = table[table["activation"] == key]
        axis.plot(part["x"], part["f"], color=style.looks[key]["color"], linewidth=1.8)
        axis.plot(part["x"], part["derivative"], color="#444444", linewidth=1, linestyle=(0, (4, 2)))
        axis.set_title(style.labels[key])
        axis.set_ylim(-2, 4)
    for axis in list(axes.flat)[len(keys) :]:
        axis.set_visible(False)
    handles = [Line2D([], [], color="#444444", linestyle=dash) for dash in ("-", (0, (4, 2)))]
    figure.legend(handles, ["f", "f′"], loc="outside upper center", ncols=2, frameon=False)
    return figure


def images(pixels: np.ndarray, labels: np.ndarray, classes: Sequence[str], examples: int = 4) -> Figure:
    """The first images [N, H, W] of each class, a column a class."""
    figure, axes = plt.subplots(examples, len(classes), figsize=(0.85 * len(classes), 0.8 * examples + 0.3))
    for column, name in enumerate(classes):
        chosen = pixels[labels == column][:examples]
        axes[0][column].set_title(plain(name), fontsize="small")
        for axis, image in zip(axes[:, column], chosen, strict=False):
            axis.imshow(image, cmap="gray_r", interpolation="nearest")
        for axis in axes[:, column]:
            axis.axis("off")
    return figure


def _panel_width(columns: int) -> float:
    """Inches: panels share the width of the page, but none is narrow or needlessly wide."""
    return min(max(8.4 / columns, 2.6), 4.2)


def _panels(
    rows: int, columns: int, height: float, width: float = 0.0, sharey: str = "row"
) -> tuple[Figure, np.ndarray]:
    size = ((width or _panel_width(columns)) * columns + 0.5, height * rows + 0.6)
    return plt.subplots(rows, columns, figsize=size, sharex="col", sharey=sharey, squeeze=False)


def _by_checkpoint(
    table: pd.DataFrame, depths: Sequence[int], style: Style, column: str, label: str
) -> tuple[Figure, np.ndarray]:
    """A grid of checkpoints × depths, `column` by layer, with lines as in `learning_curves`."""
    figure, axes = plt.subplots(
        len(CHECKPOINTS),
        len(depths),
        figsize=(_panel_width(len(depths)) * len(depths) + 0.5, 4.9),
        sharex="col",
        sharey=True,
        squeeze=False,
    )
    for (row, (checkpoint, words)), (number, depth) in product(
        enumerate(CHECKPOINTS.items()), enumerate(depths)
    ):
        axis = axes[row][number]
        part = table[(table["checkpoint"] == checkpoint) & (table["depth"] == depth)]
        for key, lines in _by_activation(part, style):
            _lines(axis, lines, "layer", column, style.looks[key] | {"markersize": 3}, style.summarised)
        axis.set_title(_layers(depth) if row == 0 else "")
        axis.set_xlabel("layer" if row else "")
        axis.set_ylabel(words if number == 0 else "")
        _whole_numbers(axis)
    figure.supylabel(label, fontsize="medium")
    style.legend(figure)
    return figure, axes


def _by_activation(table: pd.DataFrame, style: Style) -> Iterator[tuple[str, pd.DataFrame]]:
    for key in style.labels:
        part = table[table["activation"] == key]
        if len(part):
            yield key, part


def _lines(axis: Axes, table: pd.DataFrame, x: str, y: str, look: Mapping, summarised: bool) -> None:
    table = table.dropna(subset=y)
    by_x = table.groupby(x)[y]
    median = by_x.median()
    if summarised:
        low, high = (by_x.quantile(share) for share in SPREAD)
        axis.fill_between(median.index, low, high, color=look["color"], alpha=0.12, linewidth=0)
    else:
        thin = {"color": look["color"], "linewidth": 0.6, "alpha": 0.35}
        for _, run in table.groupby(["seed", "fold"]):
            axis.plot(run[x], run[y], **thin)
    axis.plot(median.index, median, linewidth=1.5, **look)


def _accuracy_column(
    axis: Axes, position: float, cell: pd.DataFrame, look: Mapping, summarised: bool
) -> None:
    """One activation's runs (hollow: not trained), the number of diverged ones, mean and interval."""
    ok = cell[cell["status"] == "ok"].sort_values(["seed", "fold"])
    if len(ok):
        (_accuracy_shape if summarised else _accuracy_points)(axis, position, ok, look)
    n_diverged = len(cell) - len(ok)
    if n_diverged:
        axis.text(position, 0.02, f"{n_diverged}×\nNaN", ha="center", va="bottom", fontsize="x-small")
    by_seed = statistics.per_seed(cell)
    trained = by_seed.loc[by_seed["trained"], "test_accuracy"]
    interval = statistics.t_interval(trained)
    if interval:
        low, high = np.clip(interval, 0, 1 - 1e-4)
        axis.plot([position, position], [low, high], color="#222222", linewidth=1.2, zorder=2)
    if interval or (len(trained) and len(ok) > len(trained)):
        axis.plot([position - 0.3, position + 0.3], [trained.mean()] * 2, color="#222222", zorder=2)


def _accuracy_points(axis: Axes, position: float, ok: pd.DataFrame, look: Mapping) -> None:
    """Seeds side by side."""
    spots = position + np.linspace(-0.22, 0.22, len(ok)) if len(ok) > 1 else np.array([position])
    faces = [look["color"] if trained else "white" for trained in ok["trained"]]
    axis.scatter(
        spots,
        ok["test_accuracy"],
        s=16,
        marker=look["marker"],
        c=faces,
        edgecolors=[look["color"]],
        zorder=3,
    )


def _accuracy_shape(axis: Axes, position: float, ok: pd.DataFrame, look: Mapping) -> None:
    """As many runs at each height as the shape is wide there; heights as on the stretched axis."""
    heights = _stretch(ok["test_accuracy"])
    edges = np.linspace(0, heights.max() + 1e-9, SHAPE_BINS + 1)
    widest = np.histogram(heights, edges)[0].max()
    for trained, face in ((False, "white"), (True, look["color"])):
        counts, _ = np.histogram(heights[ok["trained"] == trained], edges)
        half = 0.4 * np.append(counts, 0) / widest
        drawn = {"step": "post", "facecolor": face, "edgecolor": look["color"], "linewidth": 0.6}
        axis.fill_betweenx(_unstretch(edges), position - half, position + half, where=half > 0, **drawn)


def _stretch(accuracies: pd.Series) -> np.ndarray:
    """Minus log10 of the error, which is at least `WORST_ERROR`."""
    return -np.log10(np.clip(1 - np.asarray(accuracies, dtype=float), WORST_ERROR, None))


def _unstretch(heights: np.ndarray) -> np.ndarray:
    return 1 - 10.0 ** (-np.asarray(heights, dtype=float))


def _stretched(axes: Iterable[Axes], accuracies: pd.Series) -> None:
    """An accuracy axis on which equal steps are equal ratios of errors, so that 97 % and 98 % differ."""
    best = min(max(accuracies.max() if accuracies.notna().any() else 0.9, 0.9), 1 - WORST_ERROR)
    for axis in axes:
        axis.set_yscale("function", functions=(_stretch, _unstretch))
        top = 1 - (1 - best) * 0.7
        axis.set_ylim(0, top)
        ticks = [tick for tick in ACCURACY_TICKS if tick <= top]
        axis.set_yticks(ticks, [f"{100 * tick:g} %" for tick in ticks], minor=False)
        axis.set_yticks([], minor=True)


def _ridge_panels(
    histograms: pd.DataFrame, depth: int, style: Style, n_layers: int, label: str, draw: Callable
) -> Figure:
    """A panel for each activation and checkpoint; `draw(axis, rows, n_layers)` draws a curve a layer."""
    part = _first_run(histograms[histograms["depth"] == depth])
    keys = list(style.labels)
    columns, height = min(len(keys), COLUMNS), min(1.2 + 0.2 * n_layers, 3.4)
    rows = 2 * -(-len(keys) // columns)
    size = (1.75 * max(columns, 3) + 0.5, height * rows + 0.6)
    figure, axes = plt.subplots(rows, columns, figsize=size, sharey=True, squeeze=False)
    for axis in axes.flat:
        axis.set_visible(False)
    for (number, key), (below, checkpoint) in product(enumerate(keys), enumerate(CHECKPOINTS)):
        axis = axes[2 * (number // columns) + below][number % columns]
        axis.set_visible(True)
        cell = part[(part["checkpoint"] == checkpoint) & (part["activation"] == key)]
        draw(axis, cell.dropna(subset="low"), n_layers)
        step = max(1, n_layers // 5)
        shown = range(0, n_layers, step)
        axis.set_yticks([n_layers - 1 - layer for layer in shown], shown)
        axis.grid(visible=False, axis="y")
        axis.set_title("" if below else style.labels[key])
        axis.set_ylabel("" if number % columns else f"layer, {CHECKPOINTS[checkpoint]}")
    figure.supxlabel(label, fontsize="medium")
    return figure


def _first_run(histograms: pd.DataFrame) -> pd.DataFrame:
    """The rows of the first seed's first fold."""
    part = histograms[histograms["seed"] == histograms["seed"].min()]
    return part[part["fold"] == part["fold"].min()]


def _ridges(axis: Axes, layers: pd.DataFrame, n_layers: int) -> None:
    """One filled curve a layer: the square root of its density, scaled to its own peak."""
    colours = sns.color_palette("viridis", n_layers)
    for row in layers.itertuples():
        base = n_layers - 1 - row.layer
        _ridge(axis, np.array(row.counts), _edges(row), base, colours[row.layer])
    if len(layers):
        axis.set_xlim(*_central_range(layers))


def _gradient_ridges(axis: Axes, layers: pd.DataFrame, n_layers: int, reach: float = 3.5) -> None:
    """One filled histogram a layer with its density curve, and the root mean square that is its unit."""
    colours = sns.color_palette("viridis", n_layers)
    grid = np.linspace(-reach, reach, 141)
    axis.set_xlim(-reach, reach)
    for row in layers.itertuples():
        base, edges, counts = n_layers - 1 - row.layer, _edges(row), np.array(row.counts)
        centres = (edges[1:] + edges[:-1]) / 2
        unit = np.sqrt(np.average(centres**2, weights=counts))
        _ridge(axis, counts, edges / unit, base, colours[row.layer])
        if np.count_nonzero(counts) > 1:
            density = stats.gaussian_kde(centres / unit, weights=counts, bw_method=0.15)(grid)
            peak = counts.max() / counts.sum() / (edges[1] - edges[0]) * unit
            heights = 0.9 * np.sqrt(np.minimum(density / peak, 1))
            axis.plot(grid, base + heights, color="#222222", linewidth=0.7)
        text = f"{unit:.0e}".replace("e-0", "e-").replace("-", "−")
        axis.text(reach, base + 0.25, text, ha="right", va="bottom", fontsize="xx-small")


def _ridge(axis: Axes, counts: np.ndarray, edges: np.ndarray, base: float, colour: tuple) -> None:
    heights = 0.9 * np.sqrt(counts / counts.max())
    axis.stairs(base + heights, edges, baseline=base, fill=True, color=colour, alpha=0.75)


def _edges(row: tuple) -> np.ndarray:
    """Edges of the bins of one histogram."""
    return np.linspace(row.low, row.high, len(row.counts) + 1)


def _bands(axis: Axes, epochs: pd.DataFrame, colour: tuple) -> None:
    """Bands of quantiles by epoch, read off histograms."""
    _whole_numbers(axis)
    if epochs.empty:
        return
    quantiles = {
        share: [_quantile(row, share) for row in epochs.itertuples()]
        for share in (0.5, *(end for band in BANDS for end in band))
    }
    for low, high in BANDS:
        axis.fill_between(
            epochs["epoch"], quantiles[low], quantiles[high], color=colour, alpha=0.22, linewidth=0
        )
    axis.plot(epochs["epoch"], quantiles[0.5], color=colour, linewidth=1)


def _quantile(row: tuple, share: float) -> float:
    """The value below which a share of a histogram lies."""
    below = np.concatenate([[0], np.cumsum(row.counts)]) / np.sum(row.counts)
    edges = _edges(row)
    if share in (0, 1):
        return edges[0] if share == 0 else edges[-1]
    return float(np.interp(share, below, edges))


def _central_range(layers: pd.DataFrame, tail: float = 0.005) -> tuple[float, float]:
    """The smallest range that leaves out at most `tail` of each layer's values on either side."""
    ends = []
    for row in layers.itertuples():
        share = np.cumsum(row.counts) / np.sum(row.counts)
        edges = _edges(row)
        low, high = np.searchsorted(share, [tail, 1 - tail])
        ends.append((edges[low], edges[high + 1]))
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    margin = 0.03 * (high - low)
    return low - margin, high + margin


def _percent(axes: np.ndarray) -> None:
    """Shares as percentages, from just below 0 to at least 10 %."""
    for axis in axes.flat:
        top = max(0.1, axis.get_ylim()[1])
        axis.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1.0, decimals=0))
        axis.set_ylim(-0.03 * top, top)


def _log_scale(axes: Iterable[Axes], values: pd.Series) -> None:
    """A log scale, where there is anything to show on it."""
    for axis in axes if (values > 0).any() else ():
        axis.set_yscale("log")


def _whole_numbers(axis: Axes) -> None:
    """Ticks at whole numbers only: layers and epochs have no fractions."""
    low, high = axis.get_xlim()
    if high - low < 1:
        axis.set_xlim((low + high) / 2 - 0.5, (low + high) / 2 + 0.5)
    axis.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True, min_n_ticks=1))


def _layers(depth: int) -> str:
    return f"{depth} hidden layer" + ("s" if depth > 1 else "")
