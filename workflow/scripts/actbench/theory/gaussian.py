"""Averages of an activation over normally distributed pre-activations, by Gauss–Legendre quadrature."""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from actbench.activations import steps
from actbench.activations.sampling import Function, sample

SMALLEST, LARGEST = 1e-6, 1e6  # mean squares q for which there are averages
ERROR = 1e-8  # relative; an average that is not that sure is NaN
SMOOTH = 1e-10  # relative; panels whose integrals are less sure are halved
HALVINGS = 40
MOST_PANELS = 2_000
REACH = 39  # standard deviations; beyond, densities are 0 in float64
NODES = (12, 20)  # a panel: the second gives the averages, the first how sure they are


class Averages(NamedTuple):
    """Of f = f(√q z) and f′ = f′(√q z) for z ~ N(0, 1); `growth` is dE f²/dq. NaN is not known."""

    f: float
    f_squared: float
    derivative_squared: float
    growth: float


class Gaussian:
    """Averages of one activation, in evaluation mode and float64, for any q from `SMALLEST` to `LARGEST`.

    f and f′ are evaluated once, at the nodes of panels that are halved until f² and f′² are polynomials on
    them, as good as; so that they end at kinks. Only the weights depend on q.

    Attributes:
        function: f and f′ in float64.
        panels: their lower and upper ends.
        continuous: whether f has no jumps; with them E f′² leaves out what is infinite.

    >>> averages = Gaussian(torch.nn.ReLU())(2.0)
    >>> round(averages.f_squared, 9), round(averages.derivative_squared, 9)
    (1.0, 0.5)
    """

    def __init__(self, activation: nn.Module):
        function = Function(activation)
        self.continuous = not steps.find(function, sample(function), 0).jump
        self.error = max(ERROR, 16 * function.precision)
        self.function = function
        self.panels = _panels(function, max(SMOOTH, 16 * function.precision))
        self.rules = []
        for n in NODES:
            x, weight = (part.flatten() for part in nodes(*self.panels, n))
            f, derivative = function(x)
            self.rules.append((x, weight, torch.stack([f, f**2, derivative**2])))

    def __call__(self, q: float) -> Averages:
        """The averages for pre-activations of mean square q."""
        coarse, fine = (_averages(q, *rule) for rule in self.rules)
        square = fine[1].abs()
        size = torch.stack([square.sqrt(), square, fine[2].abs(), square / q])
        sure = (fine - coarse).abs() <= self.error * size
        return Averages(*fine.where(sure, math.nan).tolist())

    def f_squared(self, q: Tensor) -> Tensor:
        """E f² for many q at once."""
        coarse, fine = (_mean_squares(q, *rule) for rule in self.rules)
        return fine.where((fine - coarse).abs() <= self.error * fine.abs(), math.nan)


def _averages(q: float, x: Tensor, weight: Tensor, values: Tensor) -> Tensor:
    """Those of `values` [3, N] at x, and the derivative with respect to q of the second."""
    x, density, values = _reached(q, x, weight, values)
    growth = (density * values[1] * (x**2 / q - 1)).sum() / (2 * q)
    return torch.cat([values @ density, growth[None]])


def _mean_squares(q: Tensor, x: Tensor, weight: Tensor, values: Tensor) -> Tensor:
    """Of f for each of the q."""
    found = []
    for one in q.tolist():
        _, density, squares = _reached(one, x, weight, values[1:2])
        found.append((squares[0] * density).sum())
    return torch.stack(found)


def _reached(q: float, x: Tensor, weight: Tensor, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The ascending nodes x that have a density, it times their weights, and `values` [n, N] at them."""
    reach = REACH * math.sqrt(q)
    low, high = torch.searchsorted(x, x.new_tensor([-reach, reach])).tolist()
    x, weight, values = x[low:high], weight[low:high], values[:, low:high]
    density = weight * torch.exp(-(x**2) / (2 * q)) / math.sqrt(2 * math.pi * q)
    reached = density > 0
    return x[reached], density[reached], values[:, reached]


def _panels(function: Function, tolerance: float) -> tuple[Tensor, Tensor]:
    """Ascending panels of the line, their lower and upper ends.

    One is halved where its means of f² and f′² and those of its halves differ by more than `tolerance` of the
    largest mean at the same distance from 0 or closer, at most `HALVINGS` times.
    """
    edges = _edges()
    (low, high), scale, done = (edges[:-1], edges[1:]), None, []
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        whole = _means(function, low, high)
        halves = (_means(function, low, middle) + _means(function, middle, high)) / 2
        if scale is None:
            order = middle.abs().argsort()
            largest = halves.where(halves.isfinite(), 0.0)[:, order].cummax(1).values
            scale = torch.empty_like(largest).index_copy(1, order, largest)
        rough = ((whole - halves).abs() > tolerance * scale).any(0)
        done.append(torch.stack([low, high])[:, ~rough])
        low, middle, high, scale = low[rough], middle[rough], high[rough], scale[:, rough]
        if not 0 < len(low) < MOST_PANELS:
            break
        low, high, scale = torch.cat([low, middle]), torch.cat([middle, high]), scale.repeat(1, 2)
    panels = torch.cat([*done, torch.stack([low, high])], dim=1)
    return tuple(panels[:, panels[0].argsort()])


def _edges() -> Tensor:
    """Of the panels to begin with: close to 0 and far out in equal ratios, between by quarters."""
    inner, outer = torch.arange(-24, -4), torch.arange(1, 21)
    quarters = torch.arange(1, 65, dtype=torch.float64) / 4
    side = torch.cat([2.0 ** (inner.double() / 2), quarters, 16 * 2.0 ** (outer.double() / 2)])
    return torch.cat([-side.flip(0), torch.zeros(1, dtype=torch.float64), side])


def nodes(low: Tensor, high: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """Nodes and weights [P, n] of P panels."""
    nodes, weights = (torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(n))
    half = (high - low)[:, None] / 2
    return (low + high)[:, None] / 2 + half * nodes, half * weights


def _means(function: Function, low: Tensor, high: Tensor) -> Tensor:
    """Those of f² and f′² over each of P panels, [2, P]."""
    x, weight = nodes(low, high, NODES[0])
    f, derivative = (part.view_as(x) for part in function(x.flatten()))
    return torch.stack([f**2, derivative**2]).mul(weight).sum(2) / (high - low)
