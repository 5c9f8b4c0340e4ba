"""From a predicted decay of gradients to whether a network is expected to train.

The limit is the middle, to one decimal, between the largest predicted decay of the default study's cells that
did not train (−3.82) and the smallest of those that did (−3.52); a cell trained if more than half of its
networks did. How it fared on other studies: docs/theory.md.
"""

LIMIT = -3.7  # of log10 of the first layer's gradient over the last's

GROWS = 1.0  # above, nothing is expected: `LIMIT` was made of networks whose gradients shrink
GROWN = (
    "the first layer's gradient is predicted to be over 10 times the last's; the limit says nothing of this"
)


def expected(log10_first_last: float | None) -> bool | None:
    """Whether a network is expected to train; None where that is not known.

    >>> expected(-1.2), expected(-4.1), expected(3.3)
    (True, False, None)
    """
    if log10_first_last is None or log10_first_last > GROWS:
        return None
    return log10_first_last > LIMIT


def unknown(log10_first_last: float | None) -> str | None:
    """Why `expected` is not known of a decay that is."""
    return GROWN if log10_first_last is not None and log10_first_last > GROWS else None
