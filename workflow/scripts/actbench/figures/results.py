"""Accuracy, learning curves and values by layer, drawn from the study's tables."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from actbench.figures import drawing, failures, labels, overview, shown, svg
from actbench.figures.plotting import Axes, Figure, Line2D, matplotlib, plt

WIDEST = 13.5
MANY_HIGH = 3.2  # inches of a panel with many lines
ACCURACIES = {
    "val_accuracy": "validation accuracy",
    "test_accuracy": "test accuracy",
    "train_accuracy": "training accuracy",
}
LOSSES = {"train_loss": "training loss", "val_loss": "validation loss"}
SHAPE_BINS = 40
HIGHEST = 6  # activations of many whose shares have a colour
ABOVE = 15  # points between a panel and its title, with a line of words between them
STRIP = 26  # points: two lines of words above a panel
LETTER_HEIGHT = 0.05  # inches that a letter of a slanted label is high


def accuracy(
    runs: pd.DataFrame,
    comparison: pd.DataFrame,
    depths: Sequence[int],
    style: drawing.Style,
    chance: float,
) -> Figure:
    """Test accuracy of every run, with mean and 95 % interval of the trained runs of each cell.

    Rows of the tables `runs` and `comparison`; mean and interval are drawn as they stand there. Where runs
    are many, the width of a shape is how many runs lie at that height. More than `shown.BESIDE` activations
    stand in the order of their accuracy, on an axis of the accuracies that occur.
    """
    many = len(style.labels) > shown.BESIDE
    order = overview.ordered(comparison, style) if many else list(style.labels)
    depths = shown.some(depths, shown.PANELS)
    width = max(drawing.panel_width(len(depths)), 0.45 * len(style.labels))
    columns = min(len(depths), max(1, int(WIDEST / width)))
    longest = min(max(map(len, style.labels.values())), drawing.TICK_LETTERS)
    height = 3.4 + LETTER_HEIGHT * max(0, longest - 12)
    figure, axes = drawing.wrapped(len(depths), columns, height=height, width=width, sharey="all")
    for axis, depth in zip(axes.flat, depths, strict=False):
        axis.axhline(chance, color="#888888", linewidth=1, linestyle=":")
        for position, key in enumerate(order):
            cell, row = (
                table[(table["depth"] == depth) & (table["activation"] == key)]
                for table in (runs, comparison)
            )
            _accuracy_column(axis, position, cell, style.looks[key], style.summarised, key)
            for summary in row.itertuples():
                _mean_bar(axis, position, summary, key)
        names = [drawing.cut(style.labels[key]) for key in order]
        axis.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
        drawing.of_activations(axis.get_xticklabels(), order)
        axis.set_xlim(-0.6, len(names) - 0.4)
        axis.grid(visible=False, axis="x")
        lost = (runs["depth"] == depth) & runs["activation"].isin(order) & (runs["status"] != "ok")
        if lost.any():
            _strip_above(axis)
        axis.set_title(shown.layers(depth), pad=STRIP + 4 if lost.any() else None)
        drawing.of_panel(axis, depth=depth)
    reached = pd.concat([runs["test_accuracy"], comparison["ci_high"].astype(float)])
    lowest = np.nanmin([*reached, *comparison["ci_low"].astype(float), 1.0]) if many else 0.0
    drawing.stretched(axes.flat, reached, max(0.0, lowest))
    for axis in axes.flat if chance < axes.flat[0].get_ylim()[0] else ():
        words = {"va": "bottom", "fontsize": drawing.SMALL, "color": "#555555"}
        axis.text(
            0.01, 0.01, f"chance, {100 * chance:.3g} %, lies below ↓", transform=axis.transAxes, **words
        )
    figure.supylabel("test accuracy", fontsize="medium")
    return figure


def two_studies(rows: Sequence[Mapping], names: Sequence[str], labels: Mapping[str, str]) -> Figure:
    """Mean test accuracy of two studies side by side: a panel a depth, a column an activation.

    `rows` as `side_by_side.cells` gives them; the first study filled, the second hollow, with lines as in
    `overview.overview`.
    """
    depths = list(dict.fromkeys(row["depth"] for row in rows))
    style = drawing.Style(labels)
    figure, axes = drawing.panels(1, max(len(depths), 1), height=3.4, sharey="all")
    for axis, depth in zip(axes.flat, depths, strict=False):
        here = [row for row in rows if row["depth"] == depth]
        for place, row in enumerate(here):
            look = style.looks[row["activation"]]
            for offset, side in ((-0.15, "first"), (0.15, "second")):
                overview.mark(axis, place + offset, row[side], look, side == "second", linewidth=1.2)
        names_here = [style.labels[row["activation"]] for row in here]
        axis.set_xticks(range(len(here)), names_here, rotation=45, ha="right", rotation_mode="anchor")
        axis.set_xlim(-0.6, max(len(here), 1) - 0.4)
        axis.grid(visible=False, axis="x")
        axis.set_title(shown.layers(depth))
        drawing.of_panel(axis, depth=depth)
    seen = pd.DataFrame([row[side] for row in rows for side in ("first", "second")])
    if len(seen):
        drawing.stretched(axes.flat, *overview.extent(seen))
    handles = [
        Line2D([], [], color="#444444", marker="o", linestyle="", markerfacecolor=face)
        for face in ("#444444", "white")
    ]
    figure.legend(
        handles, list(map(drawing.plain, names)), loc="outside upper center", ncols=2, frameon=False
    )
    figure.supylabel("test accuracy of trained networks", fontsize="medium")
    return figure


def learning_curves(history: pd.DataFrame, depths: Sequence[int], style: drawing.Style) -> Figure:
    """Accuracy and losses by epoch: a thin line a run (if many, a band of 90 % of them), the median thick.

    Where the table has the column `trained`, networks that did not train are drawn as `failures` does.

    Accuracy is the validation images', or where none were held out the test images', if those were
    looked at, else the training images'. The validation loss is drawn where there is one.
    """
    measured = [column for column in ACCURACIES if history[column].notna().any()]
    rows = [*measured[:1], *(column for column in LOSSES if history[column].notna().any())]
    history = shown.of_some_epochs(history)
    width = drawing.width_for(style, len(depths))
    figure, axes = drawing.panels(max(len(rows), 1), len(depths), height=2.1, width=width)
    for (row, column), (number, depth) in product(enumerate(rows), enumerate(depths)):
        axis = axes[row][number]
        for key, part in _by_activation(history[history["depth"] == depth], style):
            failures.lines(axis, part, "epoch", column, style.line(key), style.summarised)
        axis.set_title(shown.layers(depth) if row == 0 else "")
        drawing.of_panel(axis, depth=depth, words=(ACCURACIES | LOSSES)[column])
        axis.set_xlabel("epoch" if row == len(rows) - 1 else "")
        axis.set_ylabel((ACCURACIES | LOSSES)[column])
        drawing.whole_numbers(axis)
    for row, column in enumerate(rows):
        if column in ACCURACIES:
            drawing.stretched(axes[row], history[column])
        else:
            drawing.log_scale(axes[row], history[column])
            _without_diverged(axes[row], history[history["depth"].isin(list(depths))], column)
        for axis, depth in zip(axes[row], depths, strict=True):
            failures.endings(axis, history[history["depth"] == depth], "epoch", column, style)
    failures.legend(style, figure, [history[history["depth"].isin(depths)]])
    labels.of_lines(axes[:, -1], style)
    return figure


def _without_diverged(axes: Sequence[Axes], history: pd.DataFrame, column: str) -> None:
    """Limits of log axes from networks that did not diverge, so that one does not flatten all others."""
    gone = failures.diverged(history)
    values = history.drop(gone.index)[column].dropna()
    values = values[values > 0]
    if len(gone) and len(values):
        margin = (values.max() / values.min()) ** 0.05
        for axis in axes:
            axis.set_ylim(values.min() / margin, max(values.max() * margin, 1.1 * values.max()))


def gradients(table: pd.DataFrame, depths: Sequence[int], style: drawing.Style, tensor: str) -> Figure:
    """Root mean square of one tensor's gradient by layer, on a log scale, before and after training."""
    table = table[table["checkpoint"].isin(drawing.CHECKPOINTS)]
    part = table[(table["tensor"] == tensor) & (table["rms"] > 0)]
    words = {"weight": "weights", "preactivation": "pre-activations"}
    figure, axes = _by_checkpoint(part, depths, style, "rms", f"RMS gradient of the {words[tensor]}")
    drawing.log_scale(axes.flat, part["rms"])
    labels.of_lines(axes[:, -1], style)
    return figure


def dead_neurons(table: pd.DataFrame, depths: Sequence[int], style: drawing.Style) -> Figure:
    """Share of units whose output is exactly 0 for every training image, by layer.

    Depths and checkpoints at which none is are left out, unless there are no others.
    """
    part = table.assign(share=table["n_dead"] / table["n_neurons"])
    part, depths = _with_any(part, depths, style, "share")
    style = _of_highest(part, style, "share")
    figure, axes = _by_checkpoint(part, depths, style, "share", "dead units")
    drawing.percent(axes.flat)
    _count_zeros(axes, part, depths, style, "share")
    labels.of_lines(axes[:, -1], style)
    return figure


def saturation(table: pd.DataFrame, depths: Sequence[int], style: drawing.Style) -> Figure:
    """Share of pre-activations at which the activation is saturated, by layer.

    Depths and checkpoints at which none is are left out, unless there are no others.
    """
    part = table[table["signal"] == "preactivation"].dropna(subset="saturated_fraction")
    part, depths = _with_any(part, depths, style, "saturated_fraction")
    style = _of_highest(part, style, "saturated_fraction")
    figure, axes = _by_checkpoint(part, depths, style, "saturated_fraction", "saturated pre-activations")
    drawing.percent(axes.flat)
    _count_zeros(axes, part, depths, style, "saturated_fraction")
    labels.of_lines(axes[:, -1], style)
    return figure


def _with_any(
    table: pd.DataFrame, depths: Sequence[int], style: drawing.Style, column: str
) -> tuple[pd.DataFrame, list[int]]:
    """The rows of checkpoints, and the depths, at which a value is above 0; all if none is."""
    drawn = table["depth"].isin(list(depths)) & table["activation"].isin(list(style.labels))
    above = table[drawn & (table[column] > 0) & table["checkpoint"].isin(drawing.CHECKPOINTS)]
    if above.empty:
        return table, list(depths)
    kept = table[table["checkpoint"].isin(above["checkpoint"].unique())]
    return kept, [depth for depth in depths if depth in set(above["depth"])]


def _by_checkpoint(
    table: pd.DataFrame, depths: Sequence[int], style: drawing.Style, column: str, label: str
) -> tuple[Figure, np.ndarray]:
    """A grid of the table's checkpoints × depths, `column` by layer, with lines as in `learning_curves`.

    Networks that did not train are drawn as `failures` does after training; before it all are alike.
    """
    found = {
        name: words for name, words in drawing.CHECKPOINTS.items() if (table["checkpoint"] == name).any()
    }
    found = found or drawing.CHECKPOINTS
    beside = len(depths) == 1  # of one depth, the checkpoints share the width
    rows, columns = (1, len(found)) if beside else (len(found), len(depths))
    height = 2.15 if len(style.labels) <= shown.BESIDE else MANY_HIGH
    figure, axes = drawing.panels(rows, columns, height, drawing.width_for(style, columns), sharey="all")
    places = product(enumerate(found.items()), depths)
    for axis, ((row, (checkpoint, words)), depth) in zip(axes.flat, places, strict=True):
        part = table[(table["checkpoint"] == checkpoint) & (table["depth"] == depth)]
        draw = failures.lines if checkpoint == "trained" else drawing.lines
        for key, lines in _by_activation(part, style):
            draw(axis, lines, "layer", column, style.marked(key, markersize=3), style.summarised)
        title = shown.layers(depth)
        axis.set_title(f"{title}, {words}" if beside else "" if row else title)
        drawing.of_panel(axis, depth=depth, words=words)
        axis.set_xlabel("layer" if beside or row == len(found) - 1 else "")
        axis.set_ylabel("" if beside else words)
        drawing.whole_numbers(axis)
    figure.supylabel(label, fontsize="medium")
    after = table[(table["checkpoint"] == "trained") & table["depth"].isin(depths)]
    failures.legend(style, figure, [after])
    return figure, axes


def _of_highest(table: pd.DataFrame, style: drawing.Style, column: str) -> drawing.Style:
    """The style in which, of many activations, those with the highest medians have a colour, none at 0."""
    keys = ["activation", "checkpoint", "depth", "layer"]
    own = table[table["activation"].isin(list(style.labels))].groupby(keys, observed=True)[column]
    peaks = own.agg(["median", "max"]).groupby("activation", observed=True).max()
    ranked = peaks[peaks["max"] > 0].sort_values(["median", "max"], ascending=False, kind="stable")
    return dataclasses.replace(style, foremost=list(ranked.index[:HIGHEST]))


def _count_zeros(
    axes: np.ndarray, table: pd.DataFrame, depths: Sequence[int], style: drawing.Style, column: str
) -> None:
    """Say above each panel how many activations hide each other at medians of 0 in all layers."""
    found = [name for name in drawing.CHECKPOINTS if (table["checkpoint"] == name).any()]
    own = table[table["activation"].isin(list(style.labels))].dropna(subset=column)
    own = own.drop(failures.diverged(own[own["checkpoint"] == "trained"]).index)
    own = own.assign(lost=own.index.isin(failures.failed(own[own["checkpoint"] == "trained"]).index))
    words = {"ha": "center", "va": "bottom", "fontsize": drawing.SMALL, "color": "#555555"}
    at = {"xycoords": "axes fraction", "xytext": (0, 2), "textcoords": "offset points"}
    for axis, (checkpoint, depth) in zip(
        axes.flat, product(found or drawing.CHECKPOINTS, depths), strict=True
    ):
        here = own[(own["checkpoint"] == checkpoint) & (own["depth"] == depth)]
        medians = here.groupby(["activation", "lost", "layer"], observed=True)[column].median()
        highest = medians.groupby("activation", observed=True).max()
        n, zero = len(highest), int((highest == 0).sum())
        if zero > 1:
            text = axis.annotate(f"{zero} of {n}: medians of 0 % in all layers", (0.5, 1), **words, **at)
            text.set_gid(svg.note(["of-all"]))
            axis.set_title(axis.get_title(), pad=ABOVE)


def _by_activation(table: pd.DataFrame, style: drawing.Style) -> Iterator[tuple[str, pd.DataFrame]]:
    for key in style.labels:
        part = table[table["activation"] == key]
        if len(part):
            yield key, part


def _accuracy_column(
    axis: Axes, position: float, cell: pd.DataFrame, look: Mapping, summarised: bool, key: str
) -> None:
    """One activation's runs (hollow: not trained) and the number of diverged ones."""
    ok = cell[cell["status"] == "ok"].sort_values(["seed", "fold"])
    if len(ok):
        (_accuracy_shape if summarised else _accuracy_points)(axis, position, ok, look)
    n_diverged = len(cell) - len(ok)
    if n_diverged:
        words = {"ha": "center", "va": "bottom", "fontsize": drawing.SMALL, "annotation_clip": False}
        at = {"xycoords": axis.get_xaxis_transform(), "xytext": (0, 3), "textcoords": "offset points"}
        text = axis.annotate(f"{n_diverged}×\nNaN", (position, 1), **at, **words)
        drawing.of_activations([text], [key])


def _strip_above(axis: Axes) -> None:
    """A tinted ground above a panel for the numbers of diverged networks, which have no accuracy."""
    top = matplotlib.transforms.ScaledTranslation(0, 1, axis.transAxes)
    inches = axis.get_figure().dpi_scale_trans + top
    place = matplotlib.transforms.blended_transform_factory(axis.transAxes, inches)
    ground = plt.Rectangle((0, 0), 1, STRIP / 72, transform=place, facecolor="#e6e6e6", clip_on=False)
    axis.add_artist(ground)


def _mean_bar(axis: Axes, position: float, row: NamedTuple, key: str) -> None:
    """The mean of the trained runs and its interval, as far as the table has them."""
    lines = []
    if pd.notna(row.ci_low):
        ends = [row.ci_low, row.ci_high]
        lines += axis.plot([position] * 2, ends, color="#222222", linewidth=1.2, zorder=2)
    if pd.notna(row.mean):
        lines += axis.plot([position - 0.3, position + 0.3], [row.mean] * 2, color="#222222", zorder=2)
    drawing.of_activations(lines, [key] * len(lines))


def _accuracy_points(axis: Axes, position: float, ok: pd.DataFrame, look: Mapping) -> None:
    """Seeds side by side."""
    spots = position + np.linspace(-0.22, 0.22, len(ok)) if len(ok) > 1 else np.array([position])
    faces = [look["color"] if trained else "white" for trained in ok["trained"]]
    points = axis.scatter(
        spots,
        ok["test_accuracy"],
        s=16,
        marker=look["marker"],
        c=faces,
        edgecolors=[look["color"]],
        zorder=3,
    )
    said = (
        f"seed {run.seed}, {100 * run.test_accuracy:.1f} %{'' if run.trained else ', not trained'}"
        for run in ok.itertuples()
    )
    drawing.say(points, *said)


def _accuracy_shape(axis: Axes, position: float, ok: pd.DataFrame, look: Mapping) -> None:
    """As many runs at each height as the shape is wide there; heights as on the stretched axis."""
    heights = drawing.stretch(ok["test_accuracy"])
    edges = np.linspace(0, heights.max() + 1e-9, SHAPE_BINS + 1)
    widest = np.histogram(heights, edges)[0].max()
    for trained, face in ((False, "white"), (True, look["color"])):
        counts, _ = np.histogram(heights[ok["trained"] == trained], edges)
        half = 0.4 * np.append(counts, 0) / widest
        drawn = {"step": "post", "facecolor": face, "edgecolor": look["color"], "linewidth": 0.6}
        axis.fill_betweenx(
            drawing.unstretch(edges), position - half, position + half, where=half > 0, **drawn
        )
