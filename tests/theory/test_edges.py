"""The edge of chaos as a curve: fixtures, and the points of `critical.point`."""

import math

import pytest
import torch
from actbench.activations import registry
from actbench.theory import critical, edges
from actbench.theory.gaussian import Gaussian
from own_activations import Of
from scipy import stats


def curve(name):
    module = registry.create(name)
    return edges.curve(module, Gaussian(module))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("tanh", {0.05: 1.12254, 0.2: 1.30415, 0.5: 1.54967}),
        ("elu", {0.1: 1.17615, 0.2: 1.22925, 1.0: 1.35798}),
        ("swish", {0.2: 1.67953}),
    ],
)
def test_points_are_the_known_ones(name, known):
    found = {point.bias_std: point.weight_std for point in curve(name)}
    assert list(found) == edges.BIAS_STDS
    assert {std: found[std] for std in known} == pytest.approx(known, abs=1e-5)


@pytest.mark.parametrize("name", ["sigmoid", "gelu", "relu6", "softsign"])
def test_a_point_is_that_of_critical(name):
    (found,) = [point for point in curve(name) if point.bias_std == 0.3]
    expected = critical.point(registry.create(name), 0.3)
    assert found.weight_std == pytest.approx(expected.weight_std, rel=1e-7)
    assert found.q == pytest.approx(expected.q, rel=1e-6) and found.stable == expected.stable


def test_the_curve_of_a_function_that_is_0_around_0():
    """Softshrink: σ_w² of a point is 1 over the share of pre-activations beyond λ; unstable all along."""
    found = curve("softshrink")
    assert [point.bias_std for point in found] == edges.BIAS_STDS
    for point in found:
        share = 2 * stats.norm.sf(0.5 / math.sqrt(point.q))
        assert point.weight_std == pytest.approx(share**-0.5, rel=1e-7) and not point.stable
        assert point.weight_std == pytest.approx(
            critical.point(registry.create("softshrink"), point.bias_std).weight_std, rel=1e-6
        )


def test_points_below_what_is_known_are_left_out_and_not_those_above():
    """Softshrink beyond 5: of mean squares below 0.019 its E f² is below 1e-290, and not told from 0."""
    module = torch.nn.Softshrink(5.0)
    found = edges.curve(module, Gaussian(module))
    assert [point.bias_std for point in found] == [std for std in edges.BIAS_STDS if std**2 > 0.019]


def test_homogeneous_functions_have_one_point_and_some_have_none():
    (point,) = curve("leakyrelu")
    assert (point.bias_std, point.q) == (0.0, None) and point.weight_std == pytest.approx((2 / 1.01) ** 0.5)
    assert curve("softplus") == []
    step = Of(lambda x: torch.tanh(x) + (x > 0.5))
    assert edges.curve(step, Gaussian(step)) == []
