import itertools
import math

import pytest
import torch
from actbench.activations import registry
from actbench.activations.sampling import evaluate
from actbench.theory import gaussian as of_normal
from actbench.theory.gaussian import Gaussian
from own_activations import AlwaysNoisy, HandTanh, Of
from scipy import integrate, stats
from torch import nn

ALL_Q = (1e-6, 1e-3, 0.04, 0.7, 1.0, 13.0, 1e3, 1e6)


def close(found, expected):
    return found == pytest.approx(expected, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("q", ALL_Q)
def test_erf(q):
    """E f² as Williams (1998), Neural Computation 10, has it; E f′² is an average of normal densities."""
    found = Gaussian(Of(torch.erf))(q)
    assert found.f == pytest.approx(0, abs=1e-12)
    assert close(found.f_squared, 2 / math.pi * math.asin(2 * q / (1 + 2 * q)))
    assert close(found.derivative_squared, 4 / math.pi / math.sqrt(1 + 4 * q))
    inside = 2 * q / (1 + 2 * q)
    assert close(found.growth, 2 / math.pi * 2 / (1 + 2 * q) ** 2 / math.sqrt(1 - inside**2))


@pytest.mark.parametrize("q", ALL_Q)
def test_relu(q):
    found = Gaussian(nn.ReLU())(q)
    assert close(found, (math.sqrt(q / (2 * math.pi)), q / 2, 0.5, 0.5))


@pytest.mark.parametrize("q", [1e-3, 0.5, 1.0, 4.0])
def test_exponential(q):
    found = Gaussian(Of(torch.exp))(q)
    assert close(found, (math.exp(q / 2), math.exp(2 * q), math.exp(2 * q), 2 * math.exp(2 * q)))


@pytest.mark.parametrize("a", [0.3, -1 / 3, 2.71])
@pytest.mark.parametrize("q", [0.04, 1.0, 50.0])
def test_a_kink_anywhere(q, a):
    """max(0, x − a)."""
    s = math.sqrt(q)
    tail, density = stats.norm.sf(a / s), stats.norm.pdf(a / s)
    found = Gaussian(Of(lambda x: torch.relu(x - a)))(q)
    assert close(found.f, s * density - a * tail)
    assert close(found.f_squared, (q + a * a) * tail - a * s * density)
    assert close(found.derivative_squared, tail)


@pytest.mark.parametrize("q", [0.01, 0.512, 1.0, 30.0, 1e4])
@pytest.mark.parametrize(
    "name", ["tanh", "sigmoid", "elu", "swish", "gelu", "hardswish", "softsign", "relu6"]
)
def test_others_as_scipy_integrates_them(name, q):
    """QUADPACK, adaptive, split at the kinks of all."""
    activation, s = registry.create(name), math.sqrt(q)
    ends = sorted({0.0, *(x / s for x in (-3, 3, 6, -1, 1, -30, 30) if abs(x / s) < 40), -40.0, 40.0})

    def average(which, power):
        def part(z):
            x = torch.tensor([s * z], dtype=torch.float64)
            return evaluate(activation, x)[which].item() ** power * math.exp(-z * z / 2)

        pieces = itertools.pairwise(ends)
        total = sum(
            integrate.quad(part, *piece, epsabs=1e-13, epsrel=1e-10, limit=200)[0] for piece in pieces
        )
        return total / math.sqrt(2 * math.pi)

    found = Gaussian(activation)(q)
    assert found.f_squared == pytest.approx(average(0, 2), rel=1e-8)
    assert found.derivative_squared == pytest.approx(average(1, 2), rel=1e-8)


def test_growth_is_the_derivative_of_the_mean_square():
    gaussian = Gaussian(nn.Mish())
    rise = gaussian(0.7 + 1e-5).f_squared - gaussian(0.7 - 1e-5).f_squared
    assert gaussian(0.7).growth == pytest.approx(rise / 2e-5, rel=1e-8)


def test_a_function_that_overflows_where_nothing_lies():
    """NaN beyond |x| = 709."""
    expected = Gaussian(nn.Tanh())
    gaussian = Gaussian(HandTanh())
    for q in (1e-6, 1.0, 100.0):
        assert close(gaussian(q).derivative_squared, expected(q).derivative_squared)


def test_what_is_infinite_or_random_is_not_known():
    root = Gaussian(Of(lambda x: x.abs().sqrt()))(2.0)
    assert root.f_squared == pytest.approx(2 / math.sqrt(math.pi)) and math.isnan(root.derivative_squared)
    assert all(math.isnan(value) for value in Gaussian(AlwaysNoisy())(1.0))
    assert math.isnan(Gaussian(Of(lambda x: 1 / x))(1.0).f_squared)


def test_jumps_are_known():
    assert Gaussian(nn.Hardtanh()).continuous
    assert not Gaussian(Of(lambda x: torch.where(x > 0.3, x, -x))).continuous


def test_of_many_q_at_once_and_of_each():
    """E sin² = (1 − e^(−2q))/2 and E cos² = (1 + e^(−2q))/2."""
    gaussian = Gaussian(Of(torch.sin))
    q = torch.logspace(-6, 3, 28, dtype=torch.float64)
    assert gaussian.f_squared(q).tolist() == pytest.approx((-torch.expm1(-2 * q) / 2).tolist(), rel=1e-9)
    slopes = [gaussian(one).derivative_squared for one in q.tolist()]
    assert slopes == pytest.approx(((1 + torch.exp(-2 * q)) / 2).tolist(), rel=1e-9)


def test_only_nodes_with_a_density_count():
    """However many there are: those beyond have the density 0 in float64."""
    x, weight, values = Gaussian(Of(torch.sin)).rules[1]
    for q in (1e-6, 0.7, 1e3):
        density = weight * torch.exp(-(x**2) / (2 * q))
        assert not density[x.abs() > of_normal.REACH * math.sqrt(q)].any()
        assert of_normal._mean_squares(
            torch.tensor([q], dtype=torch.float64), x, weight, values
        ).item() == pytest.approx((values[1] * density).sum().item() / math.sqrt(2 * math.pi * q), rel=1e-12)
