import math

import pytest
import torch
from actbench.theory.correlation import Correlation
from actbench.theory.gaussian import Gaussian
from own_activations import Of
from scipy import integrate, stats
from torch import nn

C = torch.tensor([-1.0, -0.99, -0.5, 0.0, 1e-3, 0.3, 0.9, 0.99, 0.999, 1.0], dtype=torch.float64)
ALL_Q = (1e-6, 0.04, 1.0, 13.0, 1e6)


def relu(c, q):
    """Cho & Saul (2009), NIPS."""
    return q * ((1 - c**2).sqrt() + c * (math.pi - c.acos())) / (2 * math.pi)


def erf(c, q):
    """Williams (1998), Neural Computation 10."""
    return 2 / math.pi * (2 * q * c / (1 + 2 * q)).asin()


def hardtanh(c, q):
    """Over u by QUADPACK, split at the kinks; over v given u in closed form."""
    s = math.sqrt(q)

    def of_v(mean, std):
        a, b = (-1 - mean) / std, (1 - mean) / std
        inside = stats.norm.cdf(b) - stats.norm.cdf(a)
        ends = stats.norm.sf(b) - stats.norm.cdf(a)
        return ends + mean * inside - std * (stats.norm.pdf(b) - stats.norm.pdf(a))

    def average(c):
        if abs(c) == 1:
            return c * Gaussian(nn.Hardtanh())(q).f_squared

        def part(z):
            return min(1, max(-1, s * z)) * of_v(c * s * z, s * math.sqrt(1 - c * c)) * stats.norm.pdf(z)

        ends = [-12, *sorted({max(-12, -1 / s), 0, min(12, 1 / s)}), 12]
        pieces = [integrate.quad(part, *ends[i : i + 2], epsabs=1e-13) for i in range(len(ends) - 1)]
        return sum(piece[0] for piece in pieces)

    return torch.tensor([average(value) for value in c.tolist()], dtype=torch.float64)


CLOSED = [
    (nn.Identity(), lambda c, q: q * c),
    (nn.ReLU(), relu),
    (Of(torch.abs), lambda c, q: 2 * relu(c, q) + 2 * relu(-c, q)),
    (Of(torch.erf), erf),
    (Of(torch.sign), lambda c, q: 2 / math.pi * c.asin()),
    (Of(lambda x: (x > 0).to(x)), lambda c, q: 0.25 + c.asin() / (2 * math.pi)),
    (nn.Hardtanh(), hardtanh),
]


@pytest.mark.parametrize("q", ALL_Q)
@pytest.mark.parametrize(("activation", "closed"), CLOSED)
def test_closed_forms_lie_within_the_bound(activation, closed, q):
    """Also with kinks and jumps."""
    found = Correlation(Gaussian(activation), q)
    error = (found.covariance(C) - closed(C, q)).abs()
    assert (error <= found.bound(C)).all()
    assert (found.bound(C) <= found.error).all()


@pytest.mark.parametrize("q", ALL_Q)
@pytest.mark.parametrize(("activation", "within"), [(nn.ReLU(), 1e-5), (nn.Identity(), 2e-8)])
def test_how_sure_homogeneous_functions_are(activation, within, q):
    """In parts of E f²; of ReLU also for c up to 0.95 as sure as other averages."""
    found = Correlation(Gaussian(activation), q)
    inside = torch.linspace(0, 0.95, 20, dtype=torch.float64)
    assert (found.bound(C[3:]) <= within * found.f_squared).all()
    assert (found.bound(inside) <= 2e-8 * found.f_squared).all()


@pytest.mark.parametrize("activation", [nn.Tanh(), nn.Sigmoid(), nn.GELU(), nn.SiLU(), nn.Softplus()])
def test_smooth_functions_are_as_sure_as_other_averages(activation):
    found = Correlation(Gaussian(activation), 1.0)
    assert found.error <= 1.1e-8 * found.f_squared


@pytest.mark.parametrize("q", [0.04, 1.0, 2.0])
def test_exponential(q):
    found = Correlation(Gaussian(Of(torch.exp)), q)
    assert found.covariance(C).tolist() == pytest.approx((q * (1 + C)).exp().tolist(), rel=1e-7)


def test_a_jump_has_a_wide_bound_close_to_one_only():
    found = Correlation(Gaussian(Of(torch.sign)), 1.0)
    assert 0.01 < found.error < 0.05 and found.bound(C)[C == 0.9] < 1e-5


def test_correlations_of_relu_from_zero_on():
    """From layer to layer, computed apart from this code."""
    relu, c, found = Correlation(Gaussian(nn.ReLU()), 1.0), torch.zeros(1), []
    for _ in range(10):
        c = relu.covariance(c) / relu.f_squared
        found.append(c.item())
    expected = [0.31831, 0.49373, 0.60483, 0.68095, 0.73595, 0.77723, 0.80915, 0.83442, 0.85481, 0.87154]
    assert found == pytest.approx(expected, abs=5.1e-6)
