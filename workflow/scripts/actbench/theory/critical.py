"""The edge of chaos: weights and biases with which signals and gradients keep their size through many layers.

Pre-activations of mean square q have V(q) = σ_w² E f(√q z)² + σ_b² in the next layer, z ~ N(0, 1), and
gradients have χ = σ_w² E f′(√q z)² times their mean square in the layer before (Poole et al. 2016; Schoenholz
et al. 2017). At the edge of chaos V(q) = q and χ = 1, where q = σ_b² + E f²/E f′² (Hayou et al. 2019).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from actbench.activations import registry
from actbench.activations.sampling import Function
from actbench.errors import UserError
from actbench.runtime import seeds
from actbench.theory.gaussian import LARGEST, SMALLEST, Gaussian

STEP = 1.05  # from one q to the next while a fixed point is looked for
TOUCHES = 1e-9  # how close to 1 a slope counts as 1
OTHERS = "default, he, xavier, lecun, orthogonal"


@dataclass(frozen=True)
class Point:
    """The edge of chaos of an activation.

    Attributes:
        weight_std: σ_w; the weights of a layer with n_in inputs have the variance σ_w²/n_in.
        bias_std: σ_b, 0 where f is homogeneous.
        q: the mean square of pre-activations at the fixed point, None where each is one.
        slope: V′(q).
    """

    weight_std: float
    bias_std: float
    q: float | None
    slope: float

    @property
    def stable(self) -> bool:
        """Whether other mean squares come closer to q from layer to layer, from above and from below."""
        return self.slope < 1 - TOUCHES


def point(activation: nn.Module, bias_std: float) -> Point | None:
    """The edge of chaos of an activation, that of the smallest q from σ_b² on.

    The fixed point is bracketed and then halved in: the iteration q ← σ_b² + E f²/E f′² goes there too, but
    for a small σ_b takes 10⁵ steps.

    Args:
        bias_std: σ_b above 0; a homogeneous f (f(ax) = a f(x) for a > 0) has its edge of chaos at 0.

    Returns:
        None if there is none up to q = 10⁶, f has jumps, or the averages are not known.

    >>> round(point(torch.nn.Tanh(), 0.2).weight_std, 5)
    1.30415
    """
    sides = homogeneous(activation)
    if sides is not None:
        return Point(math.sqrt(2 / sides), 0.0, None, 1.0) if sides else None
    gaussian, variance = Gaussian(activation), bias_std**2

    def excess(q: float) -> float:
        _, f_squared, derivative_squared, _ = gaussian(q)
        known = f_squared and derivative_squared  # 0 is also what is below `gaussian.FLOOR`
        return variance + f_squared / derivative_squared - q if known else math.nan

    low = high = max(variance, SMALLEST)
    if not gaussian.continuous or not excess(low) > 0:
        return None
    while (found := excess(high)) > 0:
        low, high = high, high * STEP
        if high > LARGEST:
            return None
    if math.isnan(found):
        return None
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return at(gaussian, low, bias_std)


def at(gaussian: Gaussian, q: float, bias_std: float) -> Point:
    """The edge of chaos whose mean square is q, with the σ_b that belongs to it."""
    averages = gaussian(q)
    weight_variance = 1 / averages.derivative_squared
    return Point(math.sqrt(weight_variance), bias_std, q, weight_variance * averages.growth)


def required(spec: Mapping, bias_std: float) -> Point:
    """The edge of chaos of a resolved spec, as `network.initialisation: critical` needs it.

    Raises:
        UserError: there is none; see also `registry.create`.
    """
    with seeds.drawn_from(0):
        found = point(registry.create(spec), bias_std)
    if found is None:
        raise UserError(
            f"network.initialisation is critical, and {spec['name']} has no edge of chaos with "
            f"network.bias_std {bias_std:g}; allowed for it: {OTHERS}, or no setting with critical."
        )
    return found


def homogeneous(activation: nn.Module) -> float | None:
    """f(1)² + f(−1)² if f(ax) = a f(x) for all a > 0, else None; half of it is E f²/q and E f′²."""
    function = Function(activation)
    size = torch.logspace(-3, 3, 61, dtype=torch.float64)
    x = torch.cat([-size, size])
    f, at_one = function(x)[0], function(x.sign())[0]
    scaled = x.abs() * at_one
    if not torch.allclose(f, scaled, rtol=64 * function.precision, atol=0):
        return None
    return (at_one[0] ** 2 + at_one[-1] ** 2).item()
