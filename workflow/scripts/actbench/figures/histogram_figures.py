"""Figures of histograms layer by layer and epoch by epoch, of the first seed's networks."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
from scipy import stats

from actbench.figures import drawing, shown
from actbench.figures.plotting import Artist, Axes, Figure, StepPatch, plt, sns

NOT = "did not train"
BANDS = [(0, 1), (0.07, 0.93), (0.16, 0.84), (0.31, 0.69)]


def distributions(histograms: pd.DataFrame, depth: int, style: drawing.Style) -> Figure:
    """Densities of the activations of one network each, one curve a layer, first layer on top.

    It is the first seed's, or if that did not train the first that did, whose seed is written beside it. Of
    an activation of which none trained it is the first that did not diverge, and that is said. `histograms`
    holds the rows of source `distribution` and signal `activation`.
    """
    return _ridge_panels(histograms, depth, style, depth, "activation h", _ridges)


def gradient_histograms(histograms: pd.DataFrame, depth: int, style: drawing.Style) -> Figure:
    """Histograms with density curves of one network's weight gradients, one a layer, first layer on top.

    Whose, see `distributions`. Each layer has its own unit, the root mean square of its gradient, which is
    written beside it. `histograms` holds the rows of source `gradient` and tensor `weight`, with their
    `rms`, see `sizes`.
    """
    label = "weight gradient, in units of its root mean square (the number beside each layer)"
    return _ridge_panels(histograms, depth, style, depth + 1, label, _gradient_ridges)


def sizes(gradients: pd.DataFrame) -> pd.DataFrame:
    """The keys and the `rms` of each weight gradient of the table `gradients`."""
    keys = ["activation", "depth", "seed", "fold", "checkpoint", "layer"]
    return gradients.loc[gradients["tensor"] == "weight", [*keys, "rms"]]


def who_trained(runs: pd.DataFrame) -> pd.DataFrame:
    """The keys of each network, and whether it `trained`, for `histograms`; of one without, it counts as so.

    Args:
        runs: the table of that name.
    """
    return runs[["activation", "depth", "seed", "fold", "trained"]]


def epoch_histograms(histograms: pd.DataFrame, depth: int, style: drawing.Style) -> Figure:
    """How weights and their gradients spread from epoch to epoch, in the first and the last Linear layer.

    Bands hold all, 86 %, 68 % and 38 % of the entries, the line is the median (the bands of TensorBoard's
    distributions); the first seed's networks. `histograms` holds the sources `weight_epoch` and
    `gradient_epoch`.
    """
    part = shown.of_some_epochs(_first_run(histograms[histograms["depth"] == depth]))
    keys = [key for key in style.labels if (part["activation"] == key).any()]
    kinds = list(product(("weight_epoch", "gradient_epoch"), sorted(part["layer"].unique())))
    figure, axes = drawing.panels(max(len(kinds), 1), max(len(keys), 1), height=1.5, width=1.9)
    for (row, (source, layer)), (column, key) in product(enumerate(kinds), enumerate(keys)):
        axis = axes[row][column]
        cell = part[(part["source"] == source) & (part["layer"] == layer) & (part["activation"] == key)]
        _bands(axis, cell.dropna(subset="low").sort_values("epoch"), style.looks[key]["color"])
        lost = "" if _trained(part[part["activation"] == key]).all() else f"\n({NOT})"
        axis.set_title("" if row else f"{style.title(key)}{lost}")
        words = f"{'weights' if source == 'weight_epoch' else 'gradients'}, layer {layer}"
        drawing.of_panel(axis, activation=key, words=words)
        axis.set_xlabel("epoch" if row == len(kinds) - 1 else "")
        axis.set_ylabel("" if column else words)
    return figure


def _ridge_panels(
    histograms: pd.DataFrame, depth: int, style: drawing.Style, n_layers: int, label: str, draw: Callable
) -> Figure:
    """A panel for each activation and checkpoint; `draw(axis, rows, n_places)` draws a curve a layer.

    Of many layers some are drawn. `place` counts them from the bottom, where the last one is.
    """
    part = _one_run_each(histograms[histograms["depth"] == depth])
    first = [histograms["seed"].min(), histograms["fold"].min()]
    layers = shown.some(range(n_layers), shown.LAYERS)
    part = part[part["layer"].isin(layers)].assign(
        place=lambda rows: len(layers) - 1 - rows["layer"].map(layers.index)
    )
    keys = list(style.labels)
    columns, height = min(len(keys), drawing.COLUMNS), min(1.2 + 0.2 * len(layers), 3.4)
    rows = 2 * -(-len(keys) // columns)
    size = (max(1.75 * columns + 0.5, drawing.NARROWEST), height * rows + 0.6)
    figure, axes = plt.subplots(rows, columns, figsize=size, sharey=True, squeeze=False)
    for axis in axes.flat:
        axis.set_visible(False)
    for (number, key), (below, checkpoint) in product(enumerate(keys), enumerate(drawing.CHECKPOINTS)):
        axis = axes[2 * (number // columns) + below][number % columns]
        axis.set_visible(True)
        cell = part[(part["checkpoint"] == checkpoint) & (part["activation"] == key)]
        finite = cell.dropna(subset="low")
        draw(axis, finite, len(layers))
        axis.autoscale_view()  # once a panel: it goes through all that share an axis
        _say_what_lacks(axis, cell, len(layers))
        step = max(1, len(layers) // 5)
        axis.set_yticks(range(len(layers))[::-step], layers[::step])
        axis.grid(visible=False, axis="y")
        run = list(cell[["seed", "fold"]].iloc[0]) if len(cell) else first
        other = f"\n(seed {run[0]}{f', fold {run[1]}' if run[1] != first[1] else ''})" if run != first else ""
        axis.set_title("" if below else f"{style.title(key)}{other}")
        if below and len(finite) and not _trained(cell).all():
            axis.set_title(NOT, fontsize=drawing.SMALL, color="#555555")
        drawing.of_panel(
            axis, activation=key, words=f"{shown.layers(depth)}, {drawing.CHECKPOINTS[checkpoint]}"
        )
        axis.set_ylabel("" if number % columns else f"layer, {drawing.CHECKPOINTS[checkpoint]}")
    figure.supxlabel(label, fontsize="medium")
    return figure


def _say_what_lacks(axis: Axes, cell: pd.DataFrame, n_places: int) -> None:
    """A panel without rows is of a run that diverged; a layer without a histogram has no finite value."""
    words = {"ha": "center", "va": "center", "fontsize": drawing.SMALL, "color": "#555555"}
    if cell.empty:
        axis.text(0.5, 0.5, "diverged", transform=axis.transAxes, **words)
    for place in cell.loc[cell["low"].isna(), "place"]:
        axis.text(0.5, place + 0.35, "not finite", transform=axis.get_yaxis_transform(), **words)
    if cell["low"].isna().all():
        axis.set(xticks=[], ylim=(0, n_places))


def _trained(rows: pd.DataFrame) -> pd.Series:
    """Whether the network of each row trained, as far as `who_trained` has told."""
    known = rows["trained"] if "trained" in rows else pd.Series(True, rows.index)
    return known.ne(False)


def _first_run(histograms: pd.DataFrame) -> pd.DataFrame:
    """The rows of the first seed's first fold."""
    part = histograms[histograms["seed"] == histograms["seed"].min()]
    return part[part["fold"] == part["fold"].min()]


def _one_run_each(histograms: pd.DataFrame) -> pd.DataFrame:
    """The rows of one network of each activation: the first that trained, did not diverge, or of all."""
    ended = histograms[(histograms["checkpoint"] == "trained") & histograms["low"].notna()]
    kept = []
    for key, rows in histograms.groupby("activation", observed=True):
        found = ended[ended["activation"] == key]
        found = found[_trained(found)] if _trained(found).any() else found
        seed, fold = min(zip(*(found if len(found) else rows)[["seed", "fold"]].to_numpy().T, strict=True))
        kept.append(rows[(rows["seed"] == seed) & (rows["fold"] == fold)])
    return pd.concat(kept) if kept else histograms


def _coarser(counts: np.ndarray, edges: np.ndarray, tail: float = 0.01) -> tuple[np.ndarray, np.ndarray]:
    """Bins merged until at most a tenth are empty between the tails, so that few values make no saw teeth."""
    for step in (step for step in (1, 2, 4, 5, 10) if len(counts) % step == 0):
        merged = counts.reshape(-1, step).sum(axis=1)
        below = np.cumsum(merged) / merged.sum()
        between = merged[np.searchsorted(below, tail) : np.searchsorted(below, 1 - tail) + 1]
        if np.mean(between == 0) <= 0.1:
            break
    return merged, edges[::step]


def _ridges(axis: Axes, layers: pd.DataFrame, n_places: int) -> None:
    """One filled curve a layer: the square root of its density, scaled to its own peak."""
    colours = sns.color_palette("viridis", n_places)[::-1]
    for row in layers.itertuples():
        ridge = _ridge(axis, np.array(row.counts), _edges(row), row.place, colours[row.place])
        drawing.say(ridge, f"layer {row.layer}: {_spread(row)}")
    if len(layers):
        axis.set_xlim(*_central_range(layers))  # stays as it is where the rest is scaled


def _gradient_ridges(axis: Axes, layers: pd.DataFrame, n_places: int, reach: float = 3.5) -> None:
    """One filled histogram a layer with its density curve, and the root mean square that is its unit."""
    colours = sns.color_palette("viridis", n_places)[::-1]
    grid = np.linspace(-reach, reach, 71)
    axis.set_xlim(-reach, reach)
    for row in layers.itertuples():
        base, edges, counts, unit = row.place, _edges(row), np.array(row.counts), row.rms
        beside = {"ha": "left", "va": "center", "fontsize": drawing.SMALL - 1, "color": "#555555"}
        axis.text(1.02, base + 0.35, scientific(unit), transform=axis.get_yaxis_transform(), **beside)
        if not unit > 0:
            (ridge,) = axis.plot([0, 0], [base, base + 0.9], color=colours[base])  # every entry is 0
            drawing.say(ridge, f"layer {row.layer}: all zero")
            continue
        ridge = _ridge(axis, counts, edges / unit, base, colours[base])
        drawing.say(ridge, f"layer {row.layer}: root mean square {scientific(unit)}")
        if np.count_nonzero(counts) > 1:
            centres = (edges[1:] + edges[:-1]) / 2
            density = stats.gaussian_kde(centres / unit, weights=counts, bw_method=0.15)
            if density.covariance[0, 0] ** 0.5 > _spread_of_most(row) / unit:
                continue  # a few far values widen the curve, so that it would contradict the bars
            peak = counts.max() / counts.sum() / (edges[1] - edges[0]) * unit
            heights = 0.9 * np.sqrt(np.minimum(density(grid) / peak, 1))
            axis.plot(grid, base + heights, color="#222222", linewidth=0.7)


def _spread_of_most(row: tuple) -> float:
    """Half the range of the middle 68 % of a histogram's values, as a standard deviation of normal ones."""
    return (_quantile(row, 0.84) - _quantile(row, 0.16)) / 2


def scientific(value: float) -> str:
    """Two digits, `1.0e−2`, with a true minus; 0 is 0, and a dash where there is no number."""
    if pd.isna(value):
        return "–"
    digits, power = f"{value:.1e}".split("e")
    return "0" if value == 0 else f"{digits}e{int(power)}".replace("-", "−")


def _spread(row: tuple) -> str:
    """The median of a histogram and where 90 % of its values lie."""
    noise = 1e-9 * (row.high - row.low)
    values = (_quantile(row, share) for share in (0.05, 0.5, 0.95))
    low, middle, high = (f"{value if abs(value) > noise else 0:.3g}".replace("-", "−") for value in values)
    return f"median {middle}, 90 % from {low} to {high}"


def _ridge(axis: Axes, counts: np.ndarray, edges: np.ndarray, base: float, colour: tuple) -> Artist:
    counts, edges = _coarser(counts, edges)
    heights = 0.9 * np.sqrt(counts / counts.max())
    look = {"fill": True, "facecolor": colour, "alpha": 0.75, "linewidth": 0}
    shape = StepPatch(base + heights, edges, baseline=base, **look)
    shape.sticky_edges.y.append(base)
    axis.add_artist(shape)  # as `stairs` does, which looks for the ends of each step
    axis.update_datalim([(edges[0], base), (edges[-1], base + heights.max())])
    return shape


def _edges(row: tuple) -> np.ndarray:
    """Edges of the bins of one histogram."""
    return np.linspace(row.low, row.high, len(row.counts) + 1)


def _bands(axis: Axes, epochs: pd.DataFrame, colour: tuple) -> None:
    """Bands of quantiles by epoch, read off histograms."""
    drawing.whole_numbers(axis)
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
    (line,) = axis.plot(epochs["epoch"], quantiles[0.5], color=colour, linewidth=1)
    drawing.say(line, f"epoch {epochs['epoch'].iloc[-1]}: {_spread(next(epochs[-1:].itertuples()))}")


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
