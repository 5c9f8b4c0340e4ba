"""Jumps and poles of a function between its samples, found by bisection."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from actbench.activations.sampling import Function, Samples, largest

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
    one that has outgrown all samples a pole. Below `SMALLEST` of the values around it, it is rounding.
    Poles count as jumps; those that have the same sign on both sides are found by `_peaks`.
    """
    inside = samples.x.abs() <= REACH
    x, f, slopes = samples.x[inside], samples.f[inside], samples.derivative[inside]
    values = slopes if which else f
    seen = values[values.isfinite()]
    if not len(seen):
        return Steps(False, True, torch.full((2, 2), math.nan, dtype=torch.float64))
    pole, extremes = _peaks(function, x, values.abs(), which)
    judged = values[:-1].isfinite() & values[1:].isfinite()
    judged &= f.diff().abs() > function.underflow  # where f stays, its derivative is 0
    if not judged.any():
        return Steps(pole, pole, extremes)
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
                return Steps(pole, pole, extremes)
    after = (at_high - at_low).abs()
    steep = torch.maximum(steep, derivative.abs())
    resolved = ~(steep * (high - low) > 0.1 * size_f)  # else f runs too fast to be followed
    grows = (after > 1.5 * before) & (after > 2.5 * largest_seen)
    jumps = (after > SMALLEST[function.single] * size) & (grows | (resolved & (after > 0.5 * before)))
    broken = (jumps & grows) | after.isnan()
    return Steps(pole or bool(jumps.any()), pole or bool(broken.any()), extremes)


def _peaks(function: Function, x: Tensor, size: Tensor, which: int) -> tuple[bool, Tensor]:
    """Climb every peak of the samples' `size`, |f| or |f′|: whether one has no top, and the values seen."""
    extremes = torch.full((2, 2), math.nan, dtype=torch.float64)
    inner = size[1:-1]
    peak = ((inner >= size[:-2]) & (inner > size[2:])) | ((inner > size[:-2]) & (inner >= size[2:]))
    at, reach = x[1:-1][peak], (x[2:] - x[:-2])[peak] / 2
    top = highest = largest(size[size.isfinite()])
    shallow, deep = HALVINGS[function.single]
    for number in range(1, deep + 1):
        if not len(at):
            return False, extremes
        reach = reach / 2
        places = torch.stack([at - reach, at, at + reach])
        both = torch.stack(function(places.flatten()))
        extremes = _widened(extremes, both)
        value, best = both[which].abs().view(3, -1).nan_to_num(nan=-math.inf).max(dim=0)
        at = places.gather(0, best[None]).squeeze(0)
        if number == shallow:
            top = largest(value)
            higher = value > highest
            at, reach = at[higher], reach[higher]
    return largest(value) > max(1.5 * top, 2.5 * highest), extremes


def _widened(extremes: Tensor, values: Tensor) -> Tensor:
    """The extremes of each row so far and of its finite new values, NaN without any."""
    finite = torch.cat([extremes, values.where(values.isfinite(), math.nan)], dim=1)
    low = finite.nan_to_num(nan=math.inf).amin(1)
    high = finite.nan_to_num(nan=-math.inf).amax(1)
    seen = torch.stack([low, high], dim=1)
    return seen.where(seen.isfinite(), math.nan)
