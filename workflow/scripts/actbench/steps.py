"""Jumps and poles of a function between its samples, found by bisection."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from actbench.sampling import Function, Samples

REACH = 1e3  # farther out, what oscillates does so faster than bisection can follow
HALVINGS = {False: (16, 36), True: (5, 9)}  # by `Function.single`: down to a few units of the last place
SMALLEST = {False: 1e-6, True: 1e-3}


@dataclass(frozen=True)
class Steps:
    """Whether a function jumps, and whether it has no finite value somewhere between its samples.

    `seen` [2, 2]: the smallest and largest f, and f′, on the way.
    """

    jump: bool
    broken: bool
    seen: Tensor


def find(function: Function, samples: Samples, which: int) -> Steps:
    """Look for jumps and poles of f (`which` = 0) or f′ (`which` = 1) on ±`REACH`.

    Every interval is halved again and again towards its larger step. The step of a continuous function
    shrinks as its interval does; one that has not lost half of its size over the later halvings is a jump,
    one that has outgrown all samples a pole. Below a millionth of the values around it, it is rounding.
    """
    inside = samples.x.abs() <= REACH
    x, f, slopes = samples.x[inside], samples.f[inside], samples.derivative[inside]
    values = slopes if which else f
    seen = values[values.isfinite()]
    extremes = torch.full((2, 2), math.nan, dtype=torch.float64)
    if not len(seen):
        return Steps(False, True, extremes)
    judged = values[:-1].isfinite() & values[1:].isfinite()
    judged &= f.diff().abs() > function.underflow  # where f stays, its derivative is 0
    if not judged.any():
        return Steps(False, False, extremes)
    low, high, at_low, at_high = x[:-1][judged], x[1:][judged], values[:-1][judged], values[1:][judged]
    largest_seen = seen.abs().max().item()
    size = torch.maximum(at_low.abs(), at_high.abs()).clamp(min=min(1.0, largest_seen))
    size_f, steep = (torch.maximum(part[:-1], part[1:])[judged] for part in (f.abs(), slopes.abs()))
    shallow, deep = HALVINGS[function.single]
    for number in range(1, deep + 1):
        middle = (low + high) / 2
        both = torch.stack(function(middle))
        extremes = _widened(extremes, both)
        value, derivative = both[which], both[1]
        left = (value - at_low).abs() >= (at_high - value).abs()
        low, at_low = torch.where(left, low, middle), torch.where(left, at_low, value)
        high, at_high = torch.where(left, middle, high), torch.where(left, value, at_high)
        if number == shallow:
            before = (at_high - at_low).abs()
            left_over = ~(before <= SMALLEST[function.single] * size)
            low, high, at_low, at_high, before, size, size_f, steep, derivative = (
                part[left_over]
                for part in (low, high, at_low, at_high, before, size, size_f, steep, derivative)
            )
            if not left_over.any():
                return Steps(False, False, extremes)
    after = (at_high - at_low).abs()
    steep = torch.maximum(steep, derivative.abs())
    resolved = ~(steep * (high - low) > 0.1 * size_f)  # else f runs too fast to be followed
    grows = (after > 1.5 * before) & (after > 2.5 * largest_seen)
    jumps = (after > SMALLEST[function.single] * size) & (grows | (resolved & (after > 0.5 * before)))
    broken = (jumps & grows) | after.isnan()
    return Steps(bool(jumps.any()), bool(broken.any()), extremes)


def _widened(extremes: Tensor, values: Tensor) -> Tensor:
    """The extremes of each row so far and of its finite new values, NaN without any."""
    finite = torch.cat([extremes, values.where(values.isfinite(), math.nan)], dim=1)
    low = finite.nan_to_num(nan=math.inf).amin(1)
    high = finite.nan_to_num(nan=-math.inf).amax(1)
    seen = torch.stack([low, high], dim=1)
    return seen.where(seen.isfinite(), math.nan)
