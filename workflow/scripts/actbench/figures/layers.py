"""One network layer by layer: a small figure for each probe."""

import contextlib
from collections.abc import Iterator, Mapping

import pandas as pd

from actbench.figures import drawing
from actbench.figures.plotting import Axes, Figure, matplotlib

SIZE = (6.4, 2.6)  # inches
COUNTS = {
    "n_dead": "dead",
    "n_zero_gradient": "zero gradient",
    "n_dormant": "dormant",
    "n_saturated": "saturated",
}
SIGNALS = {"preactivation": "pre-activation", "activation": "activation"}
TENSORS = {"weight": "weight", "bias": "bias", "preactivation": "pre-activation"}


def gradients(table: pd.DataFrame) -> Figure:
    """Root mean square of each tensor's gradient by layer, of the table of that name of one network."""
    with _panel(TENSORS) as (figure, axis, style):
        for tensor, look in style.looks.items():
            rows = table[table["tensor"] == tensor].dropna(subset="rms")
            axis.plot(rows["layer"], rows["rms"], markersize=3.5, **look)
        drawing.log_scale([axis], table["rms"])
        axis.set_ylabel("gradient, root mean square")
    return figure


def distributions(table: pd.DataFrame) -> Figure:
    """Mean of each signal by layer, and one standard deviation on both sides."""
    with _panel(SIGNALS) as (figure, axis, style):
        for signal, look in style.looks.items():
            rows = table[table["signal"] == signal].dropna(subset=["mean", "std"])
            low, high = rows["mean"] - rows["std"], rows["mean"] + rows["std"]
            axis.fill_between(rows["layer"], low, high, color=look["color"], alpha=0.12, linewidth=0)
            axis.plot(rows["layer"], rows["mean"], markersize=3.5, **look)
        axis.set_ylabel("mean ± standard deviation")
    return figure


def dead_neurons(table: pd.DataFrame) -> Figure:
    """Shares of units that have stopped working, by layer."""
    with _panel(COUNTS) as (figure, axis, style):
        for column, look in style.looks.items():
            rows = table.dropna(subset=column)
            axis.plot(rows["layer"], rows[column] / rows["n_neurons"], markersize=3.5, **look)
        drawing.percent([axis])
        axis.set_ylabel("share of units")
    return figure


FIGURES = {"gradients": gradients, "distributions": distributions, "dead_neurons": dead_neurons}


@contextlib.contextmanager
def _panel(labels: Mapping[str, str]) -> Iterator[tuple[Figure, Axes, drawing.Style]]:
    """A figure of one panel over layers, which leaves the settings and figures of a notebook alone."""
    with matplotlib.rc_context():
        drawing.set_style()
        style = drawing.Style(labels, of_activations=False)
        figure = Figure(figsize=SIZE)
        axis = figure.subplots()
        yield figure, axis, style
        drawing.whole_numbers(axis)
        axis.set_xlabel("layer")
        style.legend(figure)
