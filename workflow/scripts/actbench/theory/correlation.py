"""The two-dimensional average E f(u)f(v) over correlated normal pre-activations, by Hermite polynomials."""

import math

import torch
from torch import Tensor

from actbench.theory.gaussian import NODES, Gaussian, nodes

DEGREE = 256
REACH = 16.0  # standard deviations; beyond, densities are below 10⁻⁵⁵
PANEL = 0.5  # standard deviations


class Correlation:
    """E f(u)f(v) of normal u, v of mean square q, for any correlation c of them.

    With a_k = E f(√q z) h_k(z), h_k the normalised Hermite polynomials, it is Σ a_k² c^k (Mehler 1866;
    Daniely, Frostig & Singer 2016), summed up to `DEGREE`. Of the rest is known what is left of E f² = Σ a_k²
    and of q E f′² = Σ k a_k². It lies between bounds, see `bound`; their middle is added.

    Attributes:
        f_squared: E f², the value at c = 1.
        error: the largest that `bound` is for any c.

    >>> relu = Correlation(Gaussian(torch.nn.ReLU()), q=2.0)
    >>> round(relu.covariance(torch.tensor([0.0])).item(), 5)  # 1/π
    0.31831
    """

    def __init__(self, gaussian: Gaussian, q: float):
        averages = gaussian(q)
        self.f_squared = averages.f_squared
        self._squares = _coefficients(gaussian, q) ** 2
        self._floor = gaussian.error * self.f_squared
        rest = self.f_squared - self._squares.sum().item()
        self._rest = max(rest, 0.0)
        slopes = q * averages.derivative_squared if gaussian.continuous else math.inf
        slopes -= (torch.arange(DEGREE + 1) * self._squares).sum().item()
        self._mean_degree = math.inf if math.isnan(slopes) or not rest > 0 else slopes / rest
        self.error = self._rest + self._floor

    def covariance(self, c: Tensor) -> Tensor:
        """E f(u)f(v) at each of the correlations c."""
        c = c.double()
        found = torch.zeros_like(c)
        for square in self._squares.flip(0).tolist():
            found = found * c + square
        low, high = self._ends(c)
        return found + (low + high) / 2

    def bound(self, c: Tensor) -> Tensor:
        """How far `covariance` is from the average at most, at each of the correlations c."""
        low, high = self._ends(c.double())
        return (high - low) / 2 + self._floor

    def _ends(self, c: Tensor) -> tuple[Tensor, Tensor]:
        """Bounds of the rest Σ a_k² c^k over k ≥ n = DEGREE + 1.

        Its a_k² have the sum T, and with them as weights k has the mean m:
        T c^m ≤ rest ≤ T c^n for c ≥ 0 (Jensen), and |rest| ≤ T |c|^n below 0.
        """
        high = self._rest * c.abs() ** (DEGREE + 1)
        low = self._rest * c.clamp(min=0) ** max(self._mean_degree, DEGREE + 1)
        return torch.where(c >= 0, low, -high), high


def _coefficients(gaussian: Gaussian, q: float) -> Tensor:
    """a_0, …, a_DEGREE, by the panels of `gaussian`, of which none is longer than `PANEL` here."""
    edges = torch.cat([gaussian.panels[0], gaussian.panels[1][-1:]]) / math.sqrt(q)
    steps = torch.arange(-REACH, REACH + PANEL, PANEL, dtype=torch.float64)
    edges = torch.cat([edges[edges.abs() < REACH], steps]).unique()
    z, weight = (part.flatten() for part in nodes(edges[:-1], edges[1:], NODES[-1]))
    f = gaussian.function(z * math.sqrt(q))[0]
    before, now = torch.zeros_like(z), torch.exp(-(z**2) / 4) / (2 * math.pi) ** 0.25
    summed = torch.where(now > 0, f * now * weight, 0.0)
    polynomials = [now]
    for k in range(DEGREE):
        before, now = now, (z * now - math.sqrt(k) * before) / math.sqrt(k + 1)
        polynomials.append(now)
    return torch.stack(polynomials) @ summed
