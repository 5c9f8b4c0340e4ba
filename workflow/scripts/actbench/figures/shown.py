"""How much a figure shows: what can be read, and drawn within a minute; captions say what is left out."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # planning imports this module, and no pandas
    import pandas as pd

RUNS = 300  # networks that are drawn one by one
DEPTHS = 4  # that have a figure or a column of their own
PANELS = 24  # depths of the figure of all networks
ACTIVATIONS = 30
BESIDE = 8  # activations that stand beside each other at a depth; more have a row each
LINES = 8  # activations whose lines are all in colour; of more, most are grey
LAYERS = 12  # histograms above each other
HEAT_LAYERS = 24  # columns of a heat map
EPOCHS = 200
CLASSES = 20  # that have a column of images
THEORY_SETTINGS = 3  # that have panels of their own beside theory
MARKED_SETTINGS = 8  # in the plane of weights and biases
NUMBERED_CELLS = 60  # marks with a number beside them

T = TypeVar("T")


def some(values: Sequence[T], limit: int) -> list[T]:
    """All of them, or `limit` from the first to the last, evenly spaced."""
    if len(values) <= limit:
        return list(values)
    last = len(values) - 1
    return [values[i * last // (limit - 1)] for i in range(limit)]


def layers(depth: int) -> str:
    """`1 hidden layer`, `4 hidden layers`."""
    return f"{depth} hidden layer" + ("" if depth == 1 else "s")


def of_some_epochs(table: "pd.DataFrame") -> "pd.DataFrame":
    """The rows of as many epochs as are drawn."""
    return table[table["epoch"].isin(some(sorted(table["epoch"].unique()), EPOCHS))]


def summarised(config: Mapping) -> bool:
    """Whether a study has too many networks to draw each of them."""
    n_folds = config["evaluation"]["folds"] or 1
    cells = len(config["activations"]) * len(config["depths"])
    return cells * len(config["seeds"]) * n_folds > RUNS


def depths(config: Mapping) -> list[int]:
    """Those that have figures of their own."""
    return some(config["depths"], DEPTHS)


def activations(config: Mapping, figures: int = 1) -> list[str]:
    """Ids of those that a figure shows, all if they are few: the baseline and the first of the others.

    Args:
        config: resolved.
        figures: 1 for a figure of all depths; their number where each depth has its own.
    """
    every = [entry["id"] for entry in config["activations"]]
    others = [key for key in every if key != config["report"]["baseline"]][: ACTIVATIONS // figures - 1]
    return [key for key in every if key in {config["report"]["baseline"], *others}]


def settings(names: Sequence[str], n_depths: int = 1) -> list[str]:
    """The first ones, as many as have panels of their own in a figure with so many depths each."""
    return list(names)[: max(1, PANELS // n_depths)]
