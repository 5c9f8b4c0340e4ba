"""Mean squares of pre-activations from layer to layer, and what becomes of them in many layers.

Weights of a layer with n inputs have mean 0 and variance σ_w²/n, biases variance σ_b². In wide layers
pre-activations of mean square q have V(q) = σ_w² E f(√q z)² + σ_b² in the next layer, z ~ N(0, 1), and
gradients χ = σ_w² E f′(√q z)² times their mean square in the layer before (Poole et al. 2016; Schoenholz et
al. 2017).
"""

import itertools
import math
from dataclasses import dataclass

import torch
from scipy import optimize
from torch import Tensor, nn

from actbench.theory.correlation import Correlation
from actbench.theory.critical import homogeneous
from actbench.theory.gaussian import LARGEST, SMALLEST, Averages, Gaussian

GRID = torch.logspace(math.log10(SMALLEST), math.log10(LARGEST), 241, dtype=torch.float64)
FLAT = 1e-8  # of q; where V(q) differs by less, q is as good as a fixed point, and has no sign
ONE = 1e-6  # how close to 1 counts as 1


@dataclass(frozen=True)
class FixedPoint:
    """A mean square q with V(q) = q.

    Attributes:
        q: of pre-activations.
        slope: V′(q), by which the distance of other mean squares to q changes from layer to layer; −1/2 at
            least, whatever the function.
        chi: χ(q), by which gradients change.
    """

    q: float
    slope: float
    chi: float

    @property
    def stable(self) -> bool:
        """Whether mean squares close to q come closer to it."""
        return self.slope < 1

    @property
    def xi_q(self) -> float | None:
        """−1/ln |V′(q)|: in how many layers that distance falls to 1/e; None where it grows."""
        return depth_scale(abs(self.slope))

    @property
    def xi_c(self) -> float | None:
        """−1/ln χ(q): in how many layers gradients fall to 1/e; None where they grow."""
        return depth_scale(self.chi)


def depth_scale(factor: float) -> float | None:
    """−1/ln of a factor a layer: infinite where it is 1 to 10⁻⁶, None above."""
    if abs(factor - 1) <= ONE:
        return math.inf
    if not factor < 1:
        return None
    return -1 / math.log(factor) if factor else 0.0


class MeanField:
    """Mean field theory of one activation, in evaluation mode; σ_w² and σ_b² are given to each method.

    What is not known is NaN, see `Gaussian`: outside of q from `SMALLEST` to `LARGEST`, but for homogeneous
    f, of which one q says all; and derivatives of functions with jumps.

    Args:
        activation: any module that works entry by entry.

    Attributes:
        homogeneous: whether f(ax) = a f(x) for a > 0, where V′ and χ do not depend on q.
        gaussian: its averages.

    >>> theory = MeanField(torch.nn.Tanh())
    >>> [round(point.q, 5) for point in theory.fixed_points(weight_variance=1.7, bias_variance=0.04)]
    [0.5116]
    """

    def __init__(self, activation: nn.Module):
        self.gaussian = Gaussian(activation)
        self._sides = homogeneous(activation)
        self.homogeneous = self._sides is not None
        self._averages, self._correlations, self._found = {}, {}, {}
        self._f_squared = None

    def averages(self, q: float) -> Averages:
        """Those of pre-activations of mean square q."""
        if q not in self._averages:
            self._averages[q] = self._averages_at(q)
        return self._averages[q]

    def _averages_at(self, q: float) -> Averages:
        if self._sides is not None and 0 < q < math.inf:
            half = self._sides / 2
            return Averages(math.sqrt(q) * self.gaussian(1.0).f, q * half, half, half)
        if not SMALLEST <= q <= LARGEST:
            return Averages(*[math.nan] * 4)
        found = self.gaussian(q)
        return found if self.gaussian.continuous else found._replace(derivative_squared=math.nan)

    def variance(self, q: float, weight_variance: float, bias_variance: float) -> float:
        """V(q)."""
        return weight_variance * self.averages(q).f_squared + bias_variance

    def chi(self, q: float, weight_variance: float) -> float:
        """χ(q)."""
        return weight_variance * self.averages(q).derivative_squared

    def cosine(self, c: Tensor, q: float) -> Tensor:
        """E f(u)f(v)/E f² of pre-activations u, v of mean square q and correlation c."""
        if not self.averages(q).f_squared > 0:
            return torch.full_like(c, math.nan)
        key = q if self._sides is None else 1.0
        if key not in self._correlations:
            self._correlations[key] = Correlation(self.gaussian, key)
        found = self._correlations[key]
        return (found.covariance(c) / found.f_squared).clamp(-1, 1)

    def correlation(self, c: Tensor, q: float, weight_variance: float, bias_variance: float) -> Tensor:
        """Correlations in the next layer of pre-activations of mean square q and correlation c."""
        f_squared = self.averages(q).f_squared
        if f_squared == 0 and bias_variance > 0:
            return torch.ones_like(c)  # of any two images pre-activations are the biases alone
        return (weight_variance * f_squared * self.cosine(c, q) + bias_variance) / (
            weight_variance * f_squared + bias_variance
        )

    def fixed_points(self, weight_variance: float, bias_variance: float) -> list[FixedPoint]:
        """All q from `SMALLEST` to `LARGEST` at which V(q) − q is known to change its sign, ascending.

        None where each q is one, as of homogeneous f at its edge of chaos.
        """
        return [self.point(q, weight_variance) for q in self._search(weight_variance, bias_variance)[0]]

    def unknown(self) -> list[float]:
        """The q of `GRID` at which E f² is not known: close to these there may be further fixed points."""
        return GRID[self._on_grid().isnan()].tolist()

    def limit(self, q: float, weight_variance: float, bias_variance: float) -> FixedPoint | None:
        """The fixed point that mean squares go to from q, layer by layer; None where there is none.

        V is followed up or down to the next one; q itself where it is one, to 10⁻⁶ of it. None also where V
        is not known on the way, see `stops`.
        """
        found, known = self._next(q, weight_variance, bias_variance)
        return self.point(found, weight_variance) if found is not None and known else None

    def stops(self, q: float, weight_variance: float, bias_variance: float) -> float | None:
        """The mean square at which V is first not known on the way of `limit`; None where it is known."""
        found, known = self._next(q, weight_variance, bias_variance)
        return None if known else found

    def _next(self, q: float, weight_variance: float, bias_variance: float) -> tuple[float | None, bool]:
        """From q on the way of V the next fixed point, or where V is not known, and whether it is known.

        None where neither lies ahead.
        """
        if not q > 0:
            return None, True
        change = self.variance(q, weight_variance, bias_variance) / q - 1
        if math.isnan(change):
            return q, False
        if abs(change) <= ONE:
            return q, True
        points, flat = self._search(weight_variance, bias_variance)
        places = dict.fromkeys((*points, *flat), True) | dict.fromkeys(self.unknown(), False)
        ahead = [place for place in places if (place - q) * change > 0]
        if not ahead:
            return None, True
        found = min(ahead, key=lambda place: abs(place - q))
        return found, places[found]

    def point(self, q: float, weight_variance: float) -> FixedPoint:
        """V′ and χ at q, whether it is a fixed point or not."""
        slope = weight_variance * self.averages(q).growth
        return FixedPoint(q, slope, self.chi(q, weight_variance))

    def _search(self, weight_variance: float, bias_variance: float) -> tuple[list[float], list[float]]:
        """Fixed points where the sign changes, and those of `GRID` that are as good as one."""
        key = weight_variance, bias_variance
        if key not in self._found:
            self._found[key] = self._roots(weight_variance, bias_variance)
        return self._found[key]

    def _on_grid(self) -> Tensor:
        """E f² at the q of `GRID`."""
        if self._f_squared is None:
            sides = self._sides
            self._f_squared = self.gaussian.f_squared(GRID) if sides is None else GRID * sides / 2
        return self._f_squared

    def _roots(self, weight_variance: float, bias_variance: float) -> tuple[list[float], list[float]]:

        def excess(log_q: float) -> float:
            q = math.exp(log_q)
            return self.variance(q, weight_variance, bias_variance) / q - 1

        change = (weight_variance * self._on_grid() + bias_variance) / GRID - 1
        flat, points = change.abs() <= FLAT, []
        signed = (~flat).nonzero().flatten().tolist()
        for low, high in itertools.pairwise(signed):
            if high - low <= 2 and change[low] * change[high] < 0:
                ends = math.log(GRID[low]), math.log(GRID[high])
                points.append(math.exp(optimize.brentq(excess, *ends, xtol=1e-13)))
        return [q for q in points if not math.isnan(self.averages(q).growth)], GRID[flat].tolist()
