"""How much a figure shows: what can be read, and drawn within a minute; captions say what is left out."""

from collections.abc import Sequence
from typing import TypeVar

DEPTHS = 4  # that have a figure or a column of their own
PANELS = 24  # depths of the figure of all networks
ACTIVATIONS = 24
LAYERS = 12  # histograms above each other
EPOCHS = 200

T = TypeVar("T")


def some(values: Sequence[T], limit: int) -> list[T]:
    """All of them, or `limit` from the first to the last, evenly spaced."""
    if len(values) <= limit:
        return list(values)
    last = len(values) - 1
    return [values[i * last // (limit - 1)] for i in range(limit)]
