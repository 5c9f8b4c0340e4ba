"""Where functions count as saturated, against what is known of each by hand."""

import math

import pytest
import torch
from actbench.activations import registry, sampling, saturation
from actbench.probes import distributions
from own_activations import Of, hand_tanh
from torch import nn
from torch.nn import functional

Z = torch.linspace(-30, 30, 6001)
TANH = math.atanh(math.sqrt(0.95))  # where the derivative is 0.05
SIGMOID = 2 * TANH
SOFTPLUS = math.log(0.05 / 0.95)
GAUSSIAN = 3.03512  # where x exp(-x²/2) has fallen to 0.05 exp(-1/2), its largest being exp(-1/2) at 1


def region(activation, z=Z):
    _, derivative = sampling.evaluate(activation, z)
    return saturation.of(activation)(z, derivative)


# Largest z that is saturated on the left, smallest on the right; ∞: none is.
REGISTRY = {
    "sigmoid": (-SIGMOID, SIGMOID),
    "tanh": (-TANH, TANH),
    "relu": (0, math.inf),
    "relu_autograd": (0, math.inf),
    "leakyrelu": (-math.inf, math.inf),
    "elu": (math.log(0.05), math.inf),
    "celu": (math.log(0.05), math.inf),
    "selu": (math.log(0.05), math.inf),
    "softplus": (SOFTPLUS, math.inf),
    "softsign": (1 - math.sqrt(20), math.sqrt(20) - 1),
    "hardtanh": (-1, 1),
    "relu6": (0, 6),
    "prelu": (-math.inf, math.inf),
    "rrelu": (-math.inf, math.inf),
    "hardsigmoid": (-3, 3),
    "logsigmoid": (-math.inf, -SOFTPLUS),
    "hardshrink": (-math.inf, math.inf),
    "softshrink": (-math.inf, math.inf),
    "tanhshrink": (-math.inf, math.inf),
    "threshold": (1, math.inf),
    "squared_relu": (0, math.inf),
    "star_relu": (0, math.inf),
    "sine": (-math.inf, math.inf),
    "gaussian": (-GAUSSIAN, GAUSSIAN),
    "snake": (-math.inf, math.inf),
    "identity": (-math.inf, math.inf),
}


@pytest.mark.parametrize("name", REGISTRY)
def test_sides_of_the_registry(spec, name):
    left, right = REGISTRY[name]
    z = Z[((Z - left).abs() > 1e-3) & ((Z - right).abs() > 1e-3)]
    assert torch.equal(region(registry.create(spec(name)), z), (z < left) | (z > right))


def test_every_activation_of_the_registry_is_known(spec):
    assert not any(saturation.of(registry.create(spec(name))).unknown for name in registry.REGISTRY)


@pytest.mark.parametrize(
    ("name", "z", "saturated"),
    [
        ("swish", [-20.0, -1.278, -1.0, 3.0, 20.0], [True, False, False, False, False]),
        ("hardswish", [-4.0, -1.45, 0.0, 4.0], [True, False, False, False]),
        ("gelu", [-3.0, -1.4, -0.75, 3.0], [True, False, False, False]),
        ("gelu_tanh", [-3.0, -1.4, -0.75, 3.0], [True, False, False, False]),
        ("swish_beta", [-12.0, -0.751, -0.6, 3.0], [True, False, False, False]),
        ("swish_trainable", [-20.0, -1.278, -1.0, 3.0], [True, False, False, False]),
        ("mish", [-5.0, -2.0, -1.19, 3.0], [True, False, False, False]),
        ("relu6", [-1.0, 1.0, 7.0], [True, False, True]),
        ("elu", [-4.0, -2.0, 4.0], [True, False, False]),
    ],
)
def test_turning_points_are_not_taken_for_saturation(spec, name, z, saturated):
    assert region(registry.create(spec(name)), torch.tensor(z)).tolist() == saturated


@pytest.mark.parametrize(
    ("function", "left", "right"),
    [
        # The derivative has no bound: compared with its largest on the same side of 0.
        (lambda x: functional.relu(x) ** 2, 0, math.inf),
        (lambda x: functional.relu(x) ** 3, 0, math.inf),
        (lambda x: functional.relu(x - 1) ** 2, 1, math.inf),
        (lambda x: functional.relu(x + 1) ** 2, -0.95, math.inf),
        (torch.exp, math.log(0.05), math.inf),
        (lambda x: 1000 * torch.exp(x), math.log(0.05), math.inf),
        (lambda x: torch.exp(-2 * x), -math.inf, -math.log(0.05) / 2),
        # Without a limit.
        (lambda x: torch.sin(30 * x), -math.inf, math.inf),
        (lambda x: torch.log1p(x.abs()), -math.inf, math.inf),
        (torch.floor, -math.inf, math.inf),
        # On the scale of the function and not of the grid.
        (lambda x: torch.sigmoid(x - 15), 15 - SIGMOID, 15 + SIGMOID),
        (lambda x: torch.sigmoid(x - 50), 50 - SIGMOID, math.inf),
        (lambda x: torch.tanh(x / 1000), -math.inf, math.inf),
        (nn.Softplus(0.1), SOFTPLUS * 10, math.inf),
        (lambda x: 1e-9 * torch.tanh(10 * x), -TANH / 10, TANH / 10),
        # Nothing moves.
        (lambda x: 0 * x + 2, math.inf, -math.inf),
        (lambda x: (x > 0).to(x.dtype), math.inf, -math.inf),
    ],
)
def test_sides_of_functions_of_ones_own(function, left, right):
    z = Z[((Z - left).abs() > 0.005) & ((Z - right).abs() > 0.005)]
    assert torch.equal(region(Of(function), z), (z < left) | (z > right))


@pytest.mark.parametrize("power", [2, 3, 4])
def test_only_where_a_power_of_relu_is_flat(power):
    z = torch.tensor([-5.0, -1e-3, 0.0, 1e-6, 1e-3, 0.1, 0.4, 5.0])
    assert region(Of(lambda x: functional.relu(x) ** power), z).tolist() == [True] * 3 + [False] * 5


@pytest.mark.fault(
    "saturation of what overflows",
    "hand-written functions that are NaN far out, beside the ones that they stand for",
    "the same entries are saturated",
)
@pytest.mark.parametrize("beyond", [30.0, 200.0, 1e4])
@pytest.mark.parametrize(
    ("by_hand", "library"),
    [
        (hand_tanh, torch.tanh),
        (lambda x: 1 / (1 + torch.exp(-x)), torch.sigmoid),
        (lambda x: x / (1 + torch.exp(-x)), functional.silu),
        (lambda x: x * torch.tanh(torch.log(1 + torch.exp(x))), functional.mish),
    ],
)
def test_what_overflows_saturates_like_the_function_that_it_stands_for(by_hand, library, beyond):
    """In float32, where f, f′ or both are NaN beyond 88."""
    z = beyond * torch.randn(2000, generator=torch.Generator().manual_seed(0))
    expected = region(Of(library), z)
    assert torch.equal(region(Of(by_hand), z), expected) and expected.any()
    share = distributions.saturated_fraction(Of(by_hand), z)
    assert share == distributions.saturated_fraction(Of(library), z) == expected.double().mean()


def test_a_missing_slope_where_the_root_is_flat():
    assert region(Of(lambda x: functional.relu(x).sqrt()), torch.tensor([-9.0, -0.5, 0.5, 9.0])).tolist() == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "function",
    [
        torch.log,
        lambda x: functional.dropout(x, 0.5, training=True) * 1e-3,
        lambda x: 1 / torch.log(2 + x.abs()),
        lambda x: math.nan * x,
    ],
)
def test_a_share_that_is_not_known_is_null(function):
    z = torch.tensor([-20.0, -10.0, 1.0])
    assert saturation.of(Of(function)).unknown
    assert distributions.saturated_fraction(Of(function), z) is None


def test_the_share_of_numbers_that_are_none_is_null(spec):
    """The layer after one that overflowed."""
    z = torch.tensor([math.nan, -5.0, 1.0])
    assert distributions.saturated_fraction(registry.create(spec("tanh")), z) is None


def test_a_share_is_known_if_nothing_lies_where_it_is_not():
    assert distributions.saturated_fraction(Of(torch.log), torch.tensor([0.5, 1.0, 20.0])) == 0


def test_an_oscillating_tail_saturates_where_it_stays_flat():
    """|(sin(x)/x)′| ≤ 1/x + 1/x², below 5 % of its maximum 0.4362 for good from 46.9 on; up to 41 it is not."""
    sinc = Of(lambda x: torch.sin(x) / x)
    z = torch.linspace(47, 500, 1000)
    assert region(sinc, z).all() and region(sinc, -z).all()
    assert not region(sinc, torch.linspace(0.1, 41, 1000)).any()


def test_one_function_is_derived_once_and_others_by_themselves(monkeypatch):
    derived = []
    monkeypatch.setattr(saturation, "KNOWN", {})
    monkeypatch.setattr(saturation, "_derived", lambda module: derived.append(module) or module)
    hooked = nn.Tanh()
    hooked.register_forward_hook(lambda module, given, found: found.clamp(max=0.5))
    alike = nn.ELU(), nn.ELU(alpha=1.0)
    assert saturation.of(alike[0]) is saturation.of(alike[1])
    alone = [
        nn.ELU(alpha=2.0),
        nn.Tanh(),
        hooked,
        nn.PReLU(),
        nn.PReLU(init=0.5),
        Of(torch.tanh),
        Of(torch.sin),
    ]
    assert [saturation.of(module) for module in alone] == alone
    assert derived == [alike[0], *alone]


def test_a_slope_that_rounds_to_zero_leaves_the_tails_flat():
    found = saturation.of(Of(lambda x: 1e-44 * torch.tanh(x)))
    derivative = torch.tensor([0.0, 1e-44, 0.0])
    assert found(torch.tensor([-20.0, 0.0, 20.0]), derivative).tolist() == [True, False, True]
