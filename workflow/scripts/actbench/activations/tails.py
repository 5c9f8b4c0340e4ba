"""What a function does far out on one side, concluded from a region and not from single points.

The region reaches to the last finite value, at most to `Function.far`. It is cut into `STRETCHES` of equal
ratio, and the smallest and largest values of each are compared.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from actbench.activations.sampling import NEAR, PER_TAIL, Function, Samples, fill_flat, ratios

STRETCHES = 6
PER_STRETCH = PER_TAIL // STRETCHES
LEVEL = 1e-6
DECAY = 0.35
RATIO_IF_CUT = 64.0


@dataclass(frozen=True)
class Tail:
    """One side of a function; None means not known, apart from `limit`.

    `limit` is the finite limit or None, `levels` whether there is one, `low` and `high` whether the function
    is bounded below and above there, `end` the largest |x| with a finite value, `vanishes` whether the limit
    is 0.
    """

    levels: bool | None = None
    limit: float | None = None
    low: bool | None = None
    high: bool | None = None
    end: float = 0.0
    vanishes: bool | None = None


def follow(function: Function, samples: Samples) -> tuple[list[Tail], list[Tail]]:
    """What f and f′ do on the left and on the right."""
    f, slopes = [], []
    for sign in (-1, 1):
        side = samples.outwards(sign)

        def values(r: Tensor, sign: int = sign) -> Tensor:
            return function(sign * r)[0]

        def derivatives(r: Tensor, sign: int = sign) -> Tensor:
            return fill_flat(*function(sign * r), function.underflow)

        f.append(conclude(values, side.x, side.f, function.precision))
        slopes.append(conclude(derivatives, side.x, side.derivative, function.precision))
        if f[-1].levels is None and f[-1].end < function.far:
            slopes[-1] = Tail(end=slopes[-1].end)
    return f, slopes


def complete(samples: Samples, values: Tensor, tails: list[Tail]) -> bool:
    """Whether every value up to the last finite one of each side is finite."""
    left, right = tails
    inside = (samples.x > -left.end) & (samples.x < right.end)
    return bool((values.isfinite() | ~inside).all())


def conclude(function: Callable[[Tensor], Tensor], x: Tensor, values: Tensor, precision: float) -> Tail:
    """Conclude a tail.

    Levelled off: over the last stretch the function changes by no more than a millionth of its variation on
    this side; then values that are NaN farther out are taken to be the limit. Tending to a limit: from one
    stretch to the next the variation falls like a power of x below −`DECAY`, and not ever more slowly.
    Unbounded: the largest value rises from stretch to stretch, by shares that do not fall. Bounded without a
    limit: neither end moves, and the variation stays. Anything else is not known.

    Args:
        function: values at distances from 0 on this side.
        x, values: samples from 0 outwards.
        precision: the relative rounding error of a value.
    """
    finite = values.isfinite()
    if not finite.any():
        return Tail()
    last = int(finite.nonzero()[-1])
    end, cut = x[last].item(), values[last + 1].item() if last + 1 < len(x) else None
    holes = (~finite[:last]).nonzero()
    start = max(NEAR if cut is None else end / RATIO_IF_CUT, x[holes[-1] + 1].item() if len(holes) else 0.0)
    if end < 16 * start:
        return Tail(end=end)
    sampled = cut is None and start == NEAR
    far = values[x > start] if sampled else function(ratios(start, end, PER_TAIL))
    if not far.isfinite().all():
        return Tail(end=end)
    size = max(far.abs().max().item(), values[finite].abs().max().item()) or 1.0
    far, inner = far / size, values[finite] / size
    stretches = far.view(STRETCHES, PER_STRETCH)
    low, high = stretches.amin(1), stretches.amax(1)
    span = high - low
    varies = torch.cat([far, inner])
    rounding = 64 * precision * max(abs(low[-1].item()), abs(high[-1].item()))
    tolerance = LEVEL * (varies.max() - varies.min()).item() + rounding
    if span[-1] <= tolerance and (cut is None or math.isnan(cut)):
        return _levelled(far[-1].item(), stretches[2], size, end, precision)
    if cut is not None and (math.isnan(cut) or span[-1] <= tolerance):
        return Tail(end=end)
    octaves = math.log2(end / start) / STRETCHES
    exponent = (torch.log2(span[1:] / span[:-1]) / octaves).tolist()
    if cut is None and exponent[-2] <= -DECAY and exponent[-1] <= min(-DECAY, exponent[-2] + 0.1):
        share = 2 ** (exponent[-1] * octaves)
        limit = far[-1] + (far[-1] - far[-1 - PER_STRETCH]) * share / (1 - share)
        return _levelled(limit.item(), stretches[2], size, end, precision)
    below, above = _bounded(-low, span), _bounded(high, span)
    if cut is not None:
        below, above = below if cut > 0 else below and None, above if cut < 0 else above and None
    stays = below and above and span[-1] >= 0.8 * span[-3]
    levels = False if below is False or above is False or stays else None
    return Tail(levels, None, below, above, end, vanishes=levels)


def _levelled(limit: float, middle: Tensor, size: float, end: float, precision: float) -> Tail:
    """Of values divided by `size`: a limit is 0 below a hundredth of the third stretch, or rounding."""
    zero = abs(limit) <= 64 * precision + 0.01 * middle.abs().max().item()
    return Tail(True, 0.0 if zero else limit * size, True, True, end, zero)


def _bounded(high: Tensor, span: Tensor) -> bool | None:
    """Whether the largest values of the stretches stay bounded.

    They do not if the last rises a, b, c keep up: c ≥ 0.97 b, and c/b ≥ 0.8 b/a. The rises of a function that
    tends to a limit as slowly as 1/ln x or x^−0.02 fall below that.
    """
    if high[-2:].max() <= high[:-2].max() + 0.02 * span.max():
        return True
    a, b, c = (high[-3:] - high[-4:-1]).tolist()
    rises = a > 0 and b > 0 and c >= max(0.97 * b, 0.05 * span[-1].item())
    return False if rises and c * a >= 0.8 * b * b else None
