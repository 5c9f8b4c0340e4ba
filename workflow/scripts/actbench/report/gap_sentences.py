"""Sentences on where theory and measurement part, each with the size of the gap.

Cells: see `theory_sentences`.
"""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from actbench.figures.shown import layers
from actbench.report.numbers import NBSP, count, fixed, of_log10, signed, significant
from actbench.report.theory_sentences import cell_name

CLOSE = 0.1  # of log10 of first over last, and of a ratio
SATURATED = 0.05  # share of the pre-activations of hidden layers: of such cells something is said


def agreement(cells: pd.DataFrame, labels: Mapping[str, str], unit: str) -> str:
    """How far measured gradients of new networks lie from the predicted ones: the largest gap, its cell.

    Args:
        cells, labels: see the module.
        unit: what a cell has several of: `network`, or with folds `seed`.
    """
    both = cells[cells["predicted"].notna() & cells["measured"].notna()]
    if both.empty:
        return ""
    row, close = _farthest(both, "measured"), _close(both, "measured")
    text = (
        f"log10 of the first gradient over the last differs from its prediction by at most "
        f"{_gap(row, 'measured')}, in {cell_name(row, labels, cells)}: predicted {signed(row['predicted'])}, "
        f"measured {signed(row['measured'])}, n = {int(row['n'])}"
    )
    if len(both) == 1:
        return f"Of new networks, {text.replace(' by at most ', ' by ')}."
    text = f"Over {len(both)} cells of new networks, {text}; {close} of {len(both)} lie within {CLOSE:g}"
    spread = both["std"].max()
    if pd.notna(spread):
        what = "The networks" if unit == "network" else f"The {unit}s (means over folds)"
        text += f". {what} of a cell scatter with a standard deviation of up to {fixed(spread, 2)}"
    return f"{text}."


def after_training(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """How far the gradients of trained networks lie from what was predicted of new ones."""
    both = cells[cells["predicted"].notna() & cells["after"].notna()]
    if both.empty:
        return ""
    row, close = _farthest(both, "after"), _close(both, "after")
    return (
        "Gradients after training (of networks that did not diverge, trained or not) are not predicted: "
        f"there the same number lies up to {_gap(row, 'after')} from what was predicted of the new "
        f"network ({cell_name(row, labels, cells)}: "
        f"{signed(row['predicted'])}, after training {signed(row['after'])}, n = {int(row['n_after'])}), "
        f"and within {CLOSE:g} in {close} of {count(len(both), 'cell')}."
    )


def signals(gaps: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """How far the standard deviations of activations lie from the predicted ones.

    Args:
        gaps: a row a cell and hidden layer, with `ratio`, measured by predicted, and n.
        labels: id to display text.
    """
    known = gaps[gaps["ratio"] > 0]
    if known.empty:
        return ""
    logs = np.log(known["ratio"].to_numpy(dtype=float))
    row = known.iloc[int(np.abs(logs).argmax())]
    close = int((np.abs(known["ratio"] - 1) <= CLOSE).sum())
    off = _off(row["ratio"])
    return (
        f"The standard deviation of a hidden layer's activations is within {100 * CLOSE:g}{NBSP}% of its "
        f"prediction in {close} of {count(len(known), 'layer')}; it is farthest in layer "
        f"{int(row['layer'])} of {cell_name(row, labels, gaps)}, {off} (n = {int(row['n'])})."
    )


def saturated(cells: pd.DataFrame, shares: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """How far theory lies off where pre-activations of new networks are saturated most.

    Args:
        cells, labels: see the module.
        shares: the mean saturated `share` of a cell's hidden layers, by activation, depth and setting.
    """
    rows = cells.merge(shares, on=["activation", "depth", "setting"])
    rows = rows[(rows["share"] > SATURATED) & rows["predicted"].notna() & rows["measured"].notna()]
    if rows.empty:
        return ""
    most = rows.loc[rows["share"].idxmax()]
    of_most = (
        f"predicted {signed(most['predicted'])}, measured {signed(most['measured'])}, n = {int(most['n'])}"
    )
    of = int((cells["predicted"].notna() & cells["measured"].notna()).sum())
    many = f"more than {100 * SATURATED:g}{NBSP}% of pre-activations are saturated at initialisation"
    share, named = f"{significant(100 * most['share'])}{NBSP}%", cell_name(most, labels, cells)
    if len(rows) == 1:
        whole = f"one of the {count(of, 'predicted cell')}" if of > 1 else "the one predicted cell"
        return f"In {whole} {many}, in {named} ({share}): {of_most}."
    return (
        f"In {len(rows)} of the {count(of, 'predicted cell')} {many}; there the gap is "
        f"{_at_most(_farthest(rows, 'measured'))}. Of predicted cells the share is largest, {share}, in "
        f"{named}: {of_most}."
    )


def average(theory: pd.DataFrame, gaps: pd.DataFrame, examples: str = "images") -> str:
    """That theory takes every example at the average mean square, and how much theirs scatter.

    What this may do is said where some layer's activations are twice as large as predicted or more.

    Args:
        theory: the table of that name, of all settings; without `spread` it is of an earlier version.
        gaps: see `signals`.
        examples: what they are called, see `numbers.examples`.
    """
    spreads = theory["spread"].dropna().unique() if "spread" in theory else []
    here = ""
    if len(spreads):
        low, high = (f"{significant(100 * spread)}{NBSP}%" for spread in (min(spreads), max(spreads)))
        much = low if low == high else f"{low} to {high}, by the normalisation"
        here = f"; here these scatter about their average with a relative standard deviation of {much}"
    text = f"Theory takes all {examples} at the average of their mean squares{here}."
    if gaps["ratio"].max() >= 2:
        text += (
            f" Where a function is 0 or nearly 0 around 0, the {examples} with the largest ones decide: "
            "there activations and gradients come out larger than predicted."
        )
    return text


def widths(predictions: pd.DataFrame) -> str:
    """How wide the hidden layers are, of which theory takes the limit, and what it knows of their scatter.

    Of a bias-free ReLU network with He's weights, ln of the squared norm of the last activations has a
    variance of about 5 Σ 1/n over its hidden layers.

    Args:
        predictions: the table of that name.
    """
    hidden = predictions[predictions["layer"] < predictions["depth"]]
    narrowest = hidden["width"].min()
    if pd.isna(narrowest):
        return ""
    place = ["depth", "activation", "setting"]
    inverse = hidden.assign(inverse=1 / hidden["width"]).groupby(place, observed=True)["inverse"].sum()
    scatter, depth = np.sqrt(5 * inverse.max()), int(inverse.idxmax()[0])
    return (
        "Theory takes layers as infinitely wide; the narrowest hidden layer here has "
        f"{count(int(narrowest), 'unit')}. The narrower and deeper a network, the farther it may lie off: "
        f"with {layers(depth)} as wide as here, ReLU, He's initialisation and no biases, ln of the squared "
        f"norm of the last activations scatters from network to network with a standard deviation of about "
        f"√(5 Σ 1/n) = {fixed(scatter, 2)}. In one such network activations are commonly "
        f"{significant(np.exp(scatter / 2))} times larger or smaller than predicted."
    )


def _farthest(both: pd.DataFrame, column: str) -> pd.Series:
    return both.loc[(both[column] - both["predicted"]).abs().idxmax()]


def _close(both: pd.DataFrame, column: str) -> int:
    return int(((both[column] - both["predicted"]).abs() <= CLOSE).sum())


def _off(ratio: float) -> str:
    """How far a ratio lies from 1: `25 % below it`; from twice on `3.2 times as large`."""
    if ratio < 2:
        return f"{significant(100 * abs(ratio - 1))}{NBSP}% {'above' if ratio > 1 else 'below'} it"
    if ratio < 1e6:
        return f"{float(significant(ratio)):,g} times as large"
    return f"{of_log10(math.log10(ratio))} times as large"


def _at_most(row: Mapping) -> str:
    """`at most 0.30`; `below 0.005` where it would read 0.00."""
    gap = _gap(row, "measured")
    return "below 0.005" if float(gap) == 0 else f"at most {gap}"


def _gap(row: Mapping, column: str) -> str:
    return fixed(abs(row[column] - row["predicted"]), 2)
