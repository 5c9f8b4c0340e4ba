"""What the learning rate and the recipe change: sensitivity curves and performance profiles."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd

from actbench.figures import drawing, heat_maps, shown
from actbench.figures.plotting import Axes, Figure, Line2D, matplotlib

DODGE = 0.035  # decades between the points of two activations at most
SPREAD = 0.3  # of the smallest step between two rates: from the first activation to the last
INK = "#222222"
EVERY = ""  # the setting of a profile over all of them
TICKS = 7  # candidates that are written out
TAUS = [0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]
SAID_TAUS = [0, 0.01, 0.05, 0.2]
BEND = 0.005  # where the axis of τ turns from linear to logarithmic
CHOICES = {
    False: ("chosen", {"marker": "o", "markersize": 9}),
    True: ("chosen, at the edge", {"marker": "s", "markersize": 9}),
}


def sensitivity(
    tuning: pd.DataFrame,
    rates: pd.DataFrame,
    names: Sequence[str],
    depths: Sequence[int],
    style: drawing.Style,
) -> Figure:
    """Validation accuracy against learning rate: a point a trial, a line through the means, a ring a choice.

    A row of panels a setting, a column a depth. A diverged trial counts as chance. Where runs are many, bars
    from the lowest to the highest trial take the place of the points. Of more than `shown.BESIDE` activations
    it is `heat_maps.learning_rates`, where lines would hide each other.

    Args:
        tuning, rates: rows of the tables of these names.
        names: settings in their order; those without a trial have no panels.
        depths, style: what is shown.
    """
    tuned = set(tuning["setting"].unique())
    names = shown.settings([name for name in names if name in tuned], len(depths))
    if len(style.labels) > shown.BESIDE:
        return heat_maps.learning_rates(tuning, rates, names, depths, style)
    candidates = {
        name: sorted(tuning.loc[tuning["setting"] == name, "learning_rate"].unique()) for name in names
    }
    sharex = "all" if len(set(map(tuple, candidates.values()))) == 1 else "row"
    figure, axes = drawing.panels(len(names), len(depths), height=2.4, sharey="all", sharex=sharex)
    for (row, name), (column, depth) in product(enumerate(names), enumerate(depths)):
        axis = axes[row][column]
        trials, chosen = (
            table[(table["setting"] == name) & (table["depth"] == depth)] for table in (tuning, rates)
        )
        for key, shift in zip(style.labels, _shifts(len(style.labels), candidates[name]), strict=True):
            _curve(axis, trials[trials["activation"] == key], shift, style, key)
            _choices(axis, chosen[chosen["activation"] == key], shift, style.looks[key])
        axis.set_title(shown.layers(depth) if row == 0 else "")
        drawing.of_panel(axis, depth=depth, setting=name, words=name if len(names) > 1 else "")
        axis.set_ylabel(drawing.plain(name) if len(names) > 1 else "validation accuracy")
        axis.set_xlabel("learning rate" if row == len(names) - 1 else "")
        _rate_axis(axis, candidates[name])
    if len(names) > 1:
        figure.supylabel("validation accuracy", fontsize="medium")
    drawing.stretched(axes.flat, tuning["score"])
    handles = {
        text: Line2D([], [], color=INK, linestyle="", markerfacecolor="none", **mark)
        for at_edge, (text, mark) in CHOICES.items()
        if (rates["at_edge"] == at_edge).any()
    }
    style.legend(figure, handles)
    return figure


def profile(table: pd.DataFrame, names: Sequence[str], style: drawing.Style) -> Figure:
    """Share of problems (depth, setting and seed) in which an activation is within τ points of the best.

    A panel for all settings together, and where there are several one for each. Steps rise at each τ.

    Args:
        table: rows of the table `profile`.
        names: settings in their order.
        style: what is shown.
    """
    several = len(names) > 1
    names = [EVERY, *shown.settings(names)] if several else [EVERY]
    columns, largest = min(len(names), 3), max(BEND, float(table["tau"].max()))
    width = drawing.width_for(style, columns)
    figure, axes = drawing.wrapped(len(names), columns, height=2.6, width=width, sharey="all", sharex="all")
    for axis, name in zip(axes.flat, names, strict=False):
        part = table[table["setting"] == name]
        for key in style.labels:
            steps = part[part["activation"] == key].sort_values("tau")
            if len(steps):
                said = ", ".join(_within(steps, tau) for tau in SAID_TAUS if tau <= largest)
                taus, reached = [*steps["tau"], largest], [*steps["share"], steps["share"].iloc[-1]]
                (line,) = axis.step(taus, reached, where="post", **style.line(key, linewidth=1.5))
                drawing.say(line, said, activation=key)
        title = drawing.plain(name) if name else "all settings" if several else ""
        n = f"n = {part['n'].max()}" if len(part) else ""
        axis.set_title(f"{title}, {n}" if title else n)
        drawing.of_panel(axis, setting=name, words=name if len(names) > 1 else "")
        axis.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1.0, decimals=0, symbol=" %"))
        axis.set_ylim(-0.03, 1.03)
    _tau_axis(axes.flat, largest)
    figure.supxlabel("τ, points of accuracy behind the best", fontsize="medium")
    figure.supylabel("share of problems", fontsize="medium")
    style.legend(figure)
    return figure


def _within(steps: pd.DataFrame, tau: float) -> str:
    """How often an activation is within `tau` of the best, for who points at its line; steps ascend."""
    reached = steps.loc[steps["tau"] <= tau + 1e-12, "share"]
    share = 100 * (reached.iloc[-1] if len(reached) else 0.0)
    return (
        f"{share:.0f} % within {100 * tau:g} point{'' if tau == 0.01 else 's'}"
        if tau
        else f"best in {share:.0f} %"
    )


def _curve(axis: Axes, trials: pd.DataFrame, shift: float, style: drawing.Style, key: str) -> None:
    """One activation's trials of a panel and their means."""
    if trials.empty:
        return
    by_rate = trials.groupby("learning_rate")["score"]
    means = by_rate.mean()
    (line,) = axis.plot(means.index * shift, means, linewidth=1.2, **style.line(key))
    written = means[shown.some(list(means.index), TICKS)] if len(means) > TICKS else means
    said = ", ".join(f"{100 * mean:.1f} % at {rate:g}" for rate, mean in written.items())
    drawing.say(line, f"mean {said}", activation=key)
    colour = style.looks[key]["color"]
    if style.summarised:
        axis.vlines(means.index * shift, by_rate.min(), by_rate.max(), color=colour, linewidth=0.8)
    else:
        axis.plot(
            trials["learning_rate"] * shift,
            trials["score"],
            linestyle="",
            marker=style.looks[key]["marker"],
            markersize=2.5,
            markeredgewidth=0,
            color=colour,
            alpha=0.6,
        )


def _choices(axis: Axes, chosen: pd.DataFrame, shift: float, look: Mapping) -> None:
    """A ring around each choice, one a fold; a square around those at the edge."""
    for at_edge, (_, mark) in CHOICES.items():
        here = chosen[chosen["at_edge"] == at_edge]
        ring = {"linestyle": "", "markerfacecolor": "none", "markeredgecolor": look["color"]}
        axis.plot(here["learning_rate"] * shift, here["score"], markeredgewidth=1.4, zorder=4, **ring, **mark)


def _shifts(n: int, candidates: Sequence[float]) -> np.ndarray:
    """Factors that set activations side by side on a log axis, close to the rate that they are of."""
    steps = np.diff(np.log10(candidates))
    apart = min(DODGE, SPREAD * steps.min() / max(n - 1, 1)) if len(steps) else DODGE
    return 10 ** (apart * (np.arange(n) - (n - 1) / 2))


def _rate_axis(axis: Axes, candidates: Sequence[float]) -> None:
    """A log axis whose ticks are the candidates, or where they are many the decades."""
    axis.set_xscale("log")
    if len(candidates) <= TICKS:
        axis.set_xticks(candidates, [f"{rate:g}" for rate in candidates], rotation=45)
        axis.set_xticks([], minor=True)
    axis.set_xlim(candidates[0] / 1.6, candidates[-1] * 1.6)


def _tau_axis(axes: Sequence[Axes], largest: float) -> None:
    """From 0 to the largest gap, on a scale that is linear up to half a point and then logarithmic."""
    ticks = [tau for tau in TAUS if tau <= largest]
    for axis in axes:
        axis.set_xscale("function", functions=(_log1p, _expm1))
        axis.set_xlim(0, largest)
        axis.set_xticks(ticks, [f"{100 * tau:g}" for tau in ticks], minor=False)
        axis.set_xticks([], minor=True)


def _log1p(taus: np.ndarray) -> np.ndarray:
    return np.log1p(np.clip(taus, 0, None) / BEND)


def _expm1(places: np.ndarray) -> np.ndarray:
    return np.expm1(places) * BEND
