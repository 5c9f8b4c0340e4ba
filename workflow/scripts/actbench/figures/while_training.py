"""What changes while networks train: dead units and gradients after some epochs."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd

from actbench.figures import drawing, failures, labels, shown
from actbench.figures.plotting import Axes, Figure
from actbench.storage import snapshots

KEYS = ["activation", "depth", "seed", "fold", "checkpoint"]
TICKS = 6  # epochs that are written out
DODGE = 0.28  # from the first to the middle activation, in steps between epochs


def figure(
    gradients: pd.DataFrame,
    dead: pd.DataFrame,
    depths: Sequence[int],
    style: drawing.Style,
    runs: pd.DataFrame | None = None,
) -> Figure:
    """Dead units and decay of gradients by epoch, from initialisation on, and of the kept weights.

    A column a depth. Epochs stand at equal distances, and the kept weights apart, since their epoch is each
    run's own. Lines as in `results.learning_curves`; of kept weights the median, on a bar over all runs.
    Dead units have no panels where there are none.

    Args:
        gradients, dead: rows of the tables `gradients` and `dead_neurons`.
        depths, style: what is shown.
        runs: the table of that name, which says who trained; None to draw all alike.
    """
    measured = {
        "dead units": dead_share(dead[dead["depth"].isin(depths)]),
        "log₁₀ (first / last gradient)": first_over_last(gradients[gradients["depth"].isin(depths)]),
    }
    if not (measured["dead units"]["value"] > 0).any():
        del measured["dead units"]
    if runs is not None:
        measured = {words: failures.joined(table, runs) for words, table in measured.items()}
    epochs = sorted({snapshots.epoch(name) for name in dead["checkpoint"].unique()} - {None})
    width = drawing.width_for(style, len(depths))
    drawn, axes = drawing.panels(len(measured), len(depths), height=2.2, width=width)
    for (row, (words, table)), (number, depth) in product(enumerate(measured.items()), enumerate(depths)):
        axis = axes[row][number]
        _panel(axis, table[table["depth"] == depth], epochs, style)
        axis.set_title(shown.layers(depth) if row == 0 else "")
        drawing.of_panel(axis, depth=depth, words=words)
        axis.set_xlabel("epoch" if row == len(measured) - 1 else "")
        axis.set_ylabel(words)
    for (row, table), (number, depth) in product(enumerate(measured.values()), enumerate(depths)):
        ended = table[(table["depth"] == depth) & table["checkpoint"].map(snapshots.epoch).notna()]
        ended = ended.assign(place=ended["checkpoint"].map(snapshots.epoch).map(epochs.index))
        failures.endings(axes[row][number], ended, "place", "value", style)
    if "dead units" in measured:
        drawing.percent(axes[0])
    failures.legend(style, drawn, measured.values())
    labels.of_lines(axes[:, -1], style)
    return drawn


def dead_share(dead: pd.DataFrame) -> pd.DataFrame:
    """A row a run and checkpoint: the share of dead units, mean over hidden layers, as `value`."""
    share = dead.assign(value=dead["n_dead"] / dead["n_neurons"])
    return share.groupby(KEYS, observed=True)["value"].mean().reset_index()


def first_over_last(gradients: pd.DataFrame) -> pd.DataFrame:
    """The same of log10 of the first layer's rms of dL/dz over the last one's.

    NaN where that of a layer is 0 or not finite, as in `statistics.decay`.
    """
    part = gradients[gradients["tensor"] == "preactivation"].sort_values("layer")
    part = part.assign(value=np.log10(part["rms"].where(part["rms"] > 0)))
    by_run = part.groupby(KEYS, observed=True)["value"]
    ratio = by_run.first() - by_run.last()
    return ratio.where(by_run.count() == by_run.size()).reset_index()


def _panel(axis: Axes, table: pd.DataFrame, epochs: Sequence[int], style: drawing.Style) -> None:
    kept = len(epochs)
    places = {
        name: kept if (epoch := snapshots.epoch(name)) is None else epochs.index(epoch)
        for name in table["checkpoint"].unique()
    }
    table = table.assign(place=table["checkpoint"].map(places)).sort_values("place", kind="stable")
    for key, shift in zip(style.labels, np.linspace(-DODGE, DODGE, len(style.labels)), strict=True):
        part, look = table[table["activation"] == key], style.marked(key, markersize=3)
        failures.lines(axis, part[part["place"] < kept], "place", "value", look, style.summarised)
        last = part[part["place"] == kept]
        lost = failures.failed(last)
        _kept(axis, kept + shift, last.drop(lost.index)["value"].dropna(), look)
        _kept(axis, kept + shift, lost["value"].dropna(), failures.look(look))
    axis.axvline(kept - 0.5, color="#888888", linewidth=0.8, linestyle=":")
    axis.set_xlim(-0.3, kept + 0.5)
    ticks = shown.some(range(kept), TICKS)
    axis.set_xticks([*ticks, kept], [*(epochs[tick] for tick in ticks), "kept"])


def _kept(axis: Axes, place: float, values: pd.Series, look: Mapping) -> None:
    if len(values):
        axis.plot([place] * 2, [values.min(), values.max()], color=look["color"], linewidth=0.8)
        axis.plot(place, values.median(), **{"marker": "_", **look, "linestyle": ""})
