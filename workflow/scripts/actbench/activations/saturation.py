"""Where an activation function counts as saturated; the definition: docs/measurements.md."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from actbench.activations import states
from actbench.activations.sampling import Function, Samples, largest, sample, turns
from actbench.activations.tails import complete, follow

SATURATED = 0.05
REACHED = 1.001
KNOWN: dict[tuple, "Saturation"] = {}  # of modules that are fixed functions


@dataclass(frozen=True)
class Side:
    """A side on which f has a finite limit: `sign` is −1 (left) or 1 (right), distances are `sign`·z.

    It begins at the distance `start`, and |f′| < `slope` counts as saturated there. Beyond `level`, |f′| was
    below `slope` wherever it could be evaluated.
    """

    sign: int
    start: float
    slope: float
    level: float

    def __call__(self, z: Tensor, derivative: Tensor) -> Tensor:
        """Boolean mask of the saturated entries; a derivative that is not finite is judged by `level`."""
        distance = self.sign * z
        flat = derivative.abs() < self.slope
        if not self.slope > torch.finfo(derivative.dtype).tiny:  # which rounds to 0
            flat |= derivative == 0
        if not derivative.sum().isfinite():  # one that is not among them; to look at each takes much longer
            flat = torch.where(derivative.isfinite(), flat, distance > self.level)
        return (distance > self.start) & flat


@dataclass(frozen=True)
class Saturation:
    """Where an activation counts as saturated: its sides with a limit, and those of which none is known."""

    sides: tuple[Side, ...]
    unknown: tuple[Side, ...]

    def __call__(self, z: Tensor, derivative: Tensor) -> Tensor:
        """Boolean mask of the entries known to be saturated, given z and f′(z) of one shape."""
        return _any(self.sides, z, derivative)

    def share(self, z: Tensor, derivative: Tensor) -> float | None:
        """Share of the saturated entries; None if it is not known of some, or some z are NaN."""
        if z.isnan().any() or _any(self.unknown, z, derivative).any():
            return None
        return self(z, derivative).double().mean().item()


def of(activation: nn.Module) -> Saturation:
    """Derive the saturated region of an activation.

    A side counts where f has a finite limit there. |f′| is compared with its largest value; where that is not
    bounded, with its largest on the same side of 0. The side begins at that steepest point, or at the
    outermost sign change of f′ if that lies farther out and f′ is not yet small for good.

    Of torch's modules and ours it is derived once for all that are the same function.
    """
    fixed = states.fixed(activation)
    if fixed is None:
        return _derived(activation)
    if fixed not in KNOWN:
        KNOWN[fixed] = _derived(activation)
    return KNOWN[fixed]


def _derived(activation: nn.Module) -> Saturation:
    function = Function(activation)
    samples = sample(function)
    tails, slopes = follow(function, samples)
    closed = complete(samples, samples.derivative, slopes)
    bounded = closed and all(tail.low and tail.high for tail in slopes)
    sides = [_side(samples, sign, bounded) for sign in (-1, 1)]
    known = [closed or side.slope == 0 for side in sides]
    judged = [tail.levels and (known or None) for tail, known in zip(tails, known, strict=True)]
    both = list(zip(sides, judged, strict=True))
    return Saturation(
        tuple(side for side, levels in both if levels),
        tuple(side for side, levels in both if levels is None),
    )


def _side(samples: Samples, sign: int, bounded: bool) -> Side:
    """Where |f′| is small for good on one side, whether or not f has a limit there."""
    finite = samples.derivative.isfinite()
    distance, slopes = sign * samples.x[finite], samples.derivative[finite].abs()
    near = samples.near[finite]
    if not (distance >= 0).any():
        return Side(sign, 0.0, math.inf, 0.0)
    steepest = largest(slopes if bounded else slopes[distance >= 0])
    if bounded and steepest <= REACHED * largest(slopes[near]):  # softplus: a slope only tended to
        steepest = largest(slopes[near])
    level = largest(distance[(slopes >= SATURATED * steepest) & (slopes > 0)])
    turning = sign * turns(samples)[0]
    edges = [distance[(slopes >= steepest * (1 - 1e-9)) & (slopes > 0)], turning[turning < level]]
    return Side(sign, largest(torch.cat(edges)), SATURATED * steepest, level)


def _any(sides: tuple[Side, ...], z: Tensor, derivative: Tensor) -> Tensor:
    mask = torch.zeros_like(z, dtype=torch.bool)
    for side in sides:
        mask |= side(z, derivative)
    return mask
