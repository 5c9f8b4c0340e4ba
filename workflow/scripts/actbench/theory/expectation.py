"""From a predicted decay of gradients to whether a network is expected to train."""

LIMIT = -3.5  # of log10 of the first layer's gradient over the last's


def expected(log10_first_last: float | None) -> bool | None:
    """Whether a network is expected to train; None where its decay is not predicted.

    >>> expected(-1.2), expected(-4.1)
    (True, False)
    """
    return None if log10_first_last is None else log10_first_last > LIMIT
