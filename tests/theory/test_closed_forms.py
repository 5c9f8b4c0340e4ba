"""Averages of the registry's functions whose integrals have a closed form, and edges of chaos that follow."""

import math

import mpmath
import pytest
import torch
from actbench.activations import registry
from actbench.theory import critical
from actbench.theory.gaussian import Gaussian
from scipy import stats

mpmath.mp.dps = 60
SCALE, BIAS = 0.8944, -0.4472


def shrunk(q, bound):
    """E f², E f′² of max(0, |x| − λ) with the sign of x, and of x where |x| > λ."""
    ratio = bound / math.sqrt(q)
    tail, density = stats.norm.sf(ratio), stats.norm.pdf(ratio)
    soft = 2 * ((q + bound**2) * tail - bound * math.sqrt(q) * density)
    return soft, 2 * (q * tail + bound * math.sqrt(q) * density), 2 * tail


# E f, E f² and the mean square of the derivative, for x ~ N(0, q).
KNOWN = {
    "sine": lambda q: (0, -math.expm1(-2 * q) / 2, (1 + math.exp(-2 * q)) / 2),
    "gaussian": lambda q: ((1 + q) ** -0.5, (1 + 2 * q) ** -0.5, q * (1 + 2 * q) ** -1.5),
    "snake": lambda q: (
        -math.expm1(-2 * q) / 2,
        q + 3 / 8 - math.exp(-2 * q) / 2 + math.exp(-8 * q) / 8,
        1 - math.expm1(-8 * q) / 2,
    ),
    "squared_relu": lambda q: (q / 2, 1.5 * q**2, 2 * q),
    "star_relu": lambda q: (
        SCALE * q / 2 + BIAS,
        1.5 * (SCALE * q) ** 2 + SCALE * BIAS * q + BIAS**2,
        2 * SCALE**2 * q,
    ),
    "softshrink": lambda q: (0, shrunk(q, 0.5)[0], shrunk(q, 0.5)[2]),
    "hardshrink": lambda q: (0, shrunk(q, 0.5)[1], shrunk(q, 0.5)[2]),
    "threshold": lambda q: (
        math.sqrt(q) * stats.norm.pdf(1 / math.sqrt(q)),
        shrunk(q, 1.0)[1] / 2,
        shrunk(q, 1.0)[2] / 2,
    ),
    "rrelu": lambda q: (
        (1 - 11 / 48) * math.sqrt(q / (2 * math.pi)),
        q * (1 + (11 / 48) ** 2) / 2,
        (1 + (11 / 48) ** 2) / 2,
    ),
}


@pytest.mark.parametrize("q", [0.02, 0.51, 1.0, 30.0])
@pytest.mark.parametrize("name", KNOWN)
def test_averages(name, q):
    """The two constants of StarReLU are kept in single precision."""
    found, tolerance = Gaussian(registry.create(name))(q), 1e-6 if name == "star_relu" else 1e-8
    f, f_squared, derivative_squared = KNOWN[name](q)
    assert found.f == pytest.approx(f, rel=tolerance, abs=1e-9 * math.sqrt(f_squared))
    assert found.f_squared == pytest.approx(f_squared, rel=tolerance)
    assert found.derivative_squared == pytest.approx(derivative_squared, rel=tolerance)


@pytest.mark.parametrize("q", [1e-6, 2e-4, 5e-4, 1e-3, 1 / 300, 0.01])
def test_averages_far_below_a_threshold(q):
    """Softshrink is 0 up to 0.5, up to 500 standard deviations of these: its averages are tiny, and known."""
    ratio = mpmath.mpf(0.5) / mpmath.sqrt(mpmath.mpf(q))
    tail, density = mpmath.ncdf(-ratio), mpmath.npdf(ratio)
    f_squared = 2 * q * ((1 + ratio**2) * tail - ratio * density)
    gaussian = Gaussian(registry.create("softshrink"))
    found = gaussian(q)
    wanted = [0.0 if value < 1e-290 else float(value) for value in (f_squared, 2 * tail)]
    assert [found.f_squared, found.derivative_squared] == pytest.approx(wanted, rel=1e-8, abs=0)
    assert found.growth == pytest.approx(wanted[1], rel=1e-7, abs=0) and abs(found.f) < 1e-10
    assert gaussian.f_squared(torch.tensor([q], dtype=torch.float64)).item() == pytest.approx(
        found.f_squared, rel=1e-12
    )


@pytest.mark.parametrize("bias_std", [0.05, 0.2, 1.0])
def test_edge_of_the_squared_relu(bias_std):
    """q = σ_b² + 3q/4 and σ_w² = 1/(2q); V′ = 3 σ_w² q = 3/2, so that it is unstable."""
    found = critical.point(registry.create("squared_relu"), bias_std)
    assert found.q == pytest.approx(4 * bias_std**2, rel=1e-7)
    assert found.weight_std**2 == pytest.approx(1 / (8 * bias_std**2), rel=1e-7)
    assert found.slope == pytest.approx(1.5, rel=1e-7) and not found.stable


@pytest.mark.parametrize("bias_std", [0.05, 0.2, 1.0])
def test_edge_of_the_gaussian(bias_std):
    """q = σ_b² + 2 + 1/q."""
    found, middle = critical.point(registry.create("gaussian"), bias_std), (2 + bias_std**2) / 2
    assert found.q == pytest.approx(middle + math.sqrt(middle**2 + 1), rel=1e-7)
    assert found.stable


@pytest.mark.parametrize("bias_std", [0.05, 0.2, 1.0])
def test_edge_of_the_sine_is_that_of_its_averages(bias_std):
    """q = σ_b² + tanh(q)."""
    found = critical.point(registry.create("sine"), bias_std)
    assert found.q == pytest.approx(bias_std**2 + math.tanh(found.q), rel=1e-7)
    assert found.weight_std**2 == pytest.approx(2 / (1 + math.exp(-2 * found.q)), rel=1e-7)
