"""Averages of an activation over normally distributed pre-activations, by Gauss–Legendre quadrature."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from actbench.activations import steps
from actbench.activations.sampling import Function, sample

SMALLEST, LARGEST = 1e-6, 1e6  # mean squares q for which there are averages
ERROR = 1e-8  # relative; an average that is not that sure is NaN
FLOOR = 1e-290  # an average below it is 0: float64 has fewer digits for much smaller numbers
SMOOTH = 1e-10  # relative; panels whose integrals are less sure are halved
HALVINGS = 40
MOST_PANELS = 2_000
REACH = 39  # standard deviations; beyond, densities are 0 in float64
NODES = (12, 20)  # a panel: the second gives the averages, the first how sure they are
PANEL = 0.5  # standard deviations: the longest panel where those of the function alone are not enough


class Averages(NamedTuple):
    """Of f = f(√q z) and f′ = f′(√q z) for z ~ N(0, 1); `growth` is dE f²/dq. NaN is not known."""

    f: float
    f_squared: float
    derivative_squared: float
    growth: float


class Gaussian:
    """Averages of one activation, in evaluation mode and float64, for any q from `SMALLEST` to `LARGEST`.

    f and f′ are evaluated once, at the nodes of panels that are halved until f² and f′² are polynomials on
    them, as good as; so that they end at kinks. Only the weights depend on q. Where f is 0 around 0 and √q
    small, all that counts lies where densities fall steeply within a panel: what is not known then is taken
    from panels of at most `PANEL`, at whose nodes f is evaluated for this q.

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
        self.rules = _rules(function, *self.panels)

    def __call__(self, q: float) -> Averages:
        """The averages for pre-activations of mean square q."""
        found = self._sure(q, self.rules)
        if found.isnan().any() and not self.function.random:
            finer = self._sure(q, _rules(self.function, *self._finer(q)))
            found = found.where(~found.isnan(), finer)
        return Averages(*found.tolist())

    def f_squared(self, q: Tensor) -> Tensor:
        """E f² for many q at once."""
        coarse, fine = (_mean_squares(q, *rule) for rule in self.rules)
        found = fine.where((fine - coarse).abs() <= self.error * fine.abs(), math.nan)
        for at in found.isnan().nonzero().flatten().tolist():
            found[at] = self(q[at].item()).f_squared
        return found

    def _sure(self, q: float, rules: Sequence[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
        """The averages by the second of two rules, NaN where the first differs by too much."""
        coarse, fine = (_averages(q, *rule) for rule in rules)
        square = fine[1].abs()
        size = torch.stack([square.sqrt(), square, fine[2].abs(), square / q])
        found = fine.where((fine - coarse).abs() <= self.error * size, math.nan)
        return found.where(~(torch.maximum(fine.abs(), coarse.abs()) < FLOOR), 0.0)

    def _finer(self, q: float) -> tuple[Tensor, Tensor]:
        """The panels as far as there is a density, cut into ones of at most `PANEL` standard deviations."""
        edges = torch.cat([self.panels[0], self.panels[1][-1:]])
        steps = torch.arange(-REACH, REACH + PANEL, PANEL, dtype=torch.float64) * math.sqrt(q)
        edges = torch.cat([edges[(edges > steps[0]) & (edges < steps[-1])], steps]).unique()
        return edges[:-1], edges[1:]


def _rules(function: Function, low: Tensor, high: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Of each of `NODES` per panel: nodes x, weights, and f, f² and f′² [3, N] there."""
    found = []
    for n in NODES:
        x, weight = (part.flatten() for part in nodes(low, high, n))
        f, derivative = function(x)
        found.append((x, weight, torch.stack([f, f**2, derivative**2])))
    return found


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
