"""What is concluded far out, from functions of which the limit is known."""

import math

import pytest
import torch
from actbench.activations import sampling, tails
from own_activations import Of

INF = math.inf


def right(function):
    """What is concluded of f on the right."""
    followed = sampling.Function(Of(function))
    return tails.follow(followed, sampling.sample(followed))[0][1]


@pytest.mark.parametrize(
    ("function", "limit"),
    [
        (torch.tanh, 1),
        (lambda x: x / (1 + x.abs()), 1),
        (lambda x: 3 - (1 + x.abs()) ** -0.5, 3),
        (lambda x: (1 + x.abs()) ** -2, 0),
        (lambda x: torch.sin(x) / (1 + x.abs()), 0),
        (lambda x: 5 + torch.sin(x) * torch.exp(-x.abs() / 100), 5),
        (lambda x: torch.tanh((x - 3000) / 100), 1),
        (lambda x: torch.sin(x**2) / (1 + x.abs()), 0),
        (lambda x: 1e6 + torch.tanh(x), 1e6 + 1),
        (lambda x: 1e-12 * torch.atan(x), 1e-12 * math.pi / 2),
        (lambda x: torch.sqrt(x**2 + x.abs()) - x.abs(), 0.5),
        (lambda x: torch.exp(x) / (1 + torch.exp(x)), 1),  # ∞/∞ beyond 709
        (lambda x: torch.full_like(x, -2), -2),
    ],
)
def test_a_limit(function, limit):
    tail = right(function)
    assert tail.levels and tail.limit == pytest.approx(limit, rel=1e-6, abs=2e-6)
    assert tail.low and tail.high and tail.vanishes == (limit == 0)


@pytest.mark.parametrize("power", [0.05, 0.3, 0.5, 1, 3])
def test_a_power_of_x_has_no_limit_and_its_inverse_has(power):
    up = right(lambda x: (1 + x.abs()) ** power)
    assert (up.levels, up.low, up.high) == (False, True, False)
    down = right(lambda x: (1 + x.abs()) ** -power)
    assert down.levels is (True if power >= 0.5 else None) and down.high
    assert down.limit == (0 if power >= 0.5 else None)


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [
        (lambda x: -torch.log1p(x.abs()), False, True),
        (lambda x: torch.log1p(x.abs()) ** 2, True, False),
        (lambda x: x * torch.sin(x), False, False),
        (lambda x: torch.sin(x) * x.abs().sqrt(), False, False),
        (lambda x: x + 1000 * torch.cos(x), True, False),
        (lambda x: torch.exp(x), True, False),
        (lambda x: -torch.exp(x**2), False, True),
        (lambda x: torch.log(1 + torch.exp(x)), True, False),
        (lambda x: torch.sin(x), True, True),
        (lambda x: torch.sin(7 * x) ** 2, True, True),
        (lambda x: torch.cos(2 * math.pi * x), True, True),
        (lambda x: x - torch.floor(x), True, True),
        (lambda x: torch.relu(torch.sin(x)), True, True),
    ],
)
def test_no_limit_and_its_bounds(function, low, high):
    tail = right(function)
    assert (tail.levels, tail.low, tail.high, tail.vanishes, tail.limit) == (False, low, high, False, None)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: 1 / torch.log(2 + x.abs()),
        lambda x: 1 / torch.log(2 + x.abs()) ** 2,
        lambda x: torch.log1p(torch.log1p(x.abs())),
        lambda x: torch.log1p(x.abs()).sqrt(),
        lambda x: torch.tanh(1e-6 * x),
        lambda x: torch.relu(x - 3e5),
        lambda x: torch.sqrt(1 - x**2),
        lambda x: (100 - x) ** 2.5,
        lambda x: torch.log(-x),
        lambda x: x - torch.log(1 + torch.exp(x)),  # 0 until the second term overflows
    ],
)
def test_what_cannot_be_told_is_not_known(function):
    tail = right(function)
    assert (tail.levels, tail.limit, tail.vanishes) == (None, None, None)


def test_a_side_is_judged_by_itself():
    """Of e^(−x) + 1e-3 ln(1 + |x|) the left is huge, and the right still grows."""
    assert right(lambda x: torch.exp(-x) + 1e-3 * torch.log1p(x.abs())).high is False


@pytest.mark.parametrize("cut", [8.0, 60.0, 5000.0])
def test_a_level_is_continued_and_nothing_else_is(cut):
    level = right(lambda x: torch.where(x < cut, torch.tanh(20 * x), math.nan))
    assert level.levels and level.limit == 1 and level.end == pytest.approx(cut, rel=0.01)
    for function in (torch.sin, torch.log1p, lambda x: x, lambda x: 1 / (1 + x.abs())):
        missing = right(lambda x, f=function: torch.where(x < cut, f(x), math.nan))
        assert (missing.levels, missing.low, missing.high) == (None, None, None)
