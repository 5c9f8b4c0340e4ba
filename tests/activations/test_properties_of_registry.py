"""Derived properties of every activation of the registry against what is known of it by hand."""

import math

import pytest
from actbench.activations import properties, registry

INF = math.inf
NO, BOTH, LEFT, RIGHT = (False, False), (True, True), (True, False), (False, True)
JUMPS = ("hardshrink", "threshold")
# range, range of f', f(0)=0, symmetry, monotone, smooth, saturates, vanishing, can die
EXPECTED = {
    "sigmoid": ((0, 1), (0, 0.25), False, "neither", True, True, BOTH, BOTH, False),
    "tanh": ((-1, 1), (0, 1), True, "odd", True, True, BOTH, BOTH, False),
    "relu": ((0, INF), (0, 1), True, "neither", True, False, LEFT, LEFT, True),
    "relu_autograd": ((0, INF), (0, 1), True, "neither", True, False, LEFT, LEFT, True),
    "leakyrelu": ((-INF, INF), (0.1, 1), True, "neither", True, False, NO, NO, False),
    "elu": ((-1, INF), (0, 1), True, "neither", True, True, LEFT, LEFT, False),
    "swish": ((-0.27846, INF), (-0.09984, 1.09984), True, "neither", False, True, LEFT, LEFT, False),
    "gelu": ((-0.16997, INF), (-0.12890, 1.12890), True, "neither", False, True, LEFT, LEFT, False),
    "selu": ((-1.75810, INF), (0, 1.75810), True, "neither", True, False, LEFT, LEFT, False),
    "mish": ((-0.30884, INF), (-0.11253, 1.08850), True, "neither", False, True, LEFT, LEFT, False),
    "softplus": ((0, INF), (0, 1), False, "neither", True, True, LEFT, LEFT, False),
    "softsign": ((-1, 1), (0, 1), True, "odd", True, True, BOTH, BOTH, False),
    "hardtanh": ((-1, 1), (0, 1), True, "odd", True, False, BOTH, BOTH, True),
    "relu6": ((0, 6), (0, 1), True, "neither", True, False, BOTH, BOTH, True),
    "hardswish": ((-0.375, INF), (-0.5, 1.5), True, "neither", False, False, LEFT, LEFT, True),
    "celu": ((-1, INF), (0, 1), True, "neither", True, True, LEFT, LEFT, False),
    "prelu": ((-INF, INF), (0.25, 1), True, "neither", True, False, NO, NO, False),
    "rrelu": ((-INF, INF), (11 / 48, 1), True, "neither", True, False, NO, NO, False),
    "gelu_tanh": ((-0.17004, INF), (-0.12899, 1.12899), True, "neither", False, True, LEFT, LEFT, False),
    "hardsigmoid": ((0, 1), (0, 1 / 6), False, "neither", True, False, BOTH, BOTH, True),
    "logsigmoid": ((-INF, 0), (0, 1), False, "neither", True, True, RIGHT, RIGHT, False),
    "hardshrink": ((-INF, INF), (0, 1), True, "odd", True, False, NO, NO, True),
    "softshrink": ((-INF, INF), (0, 1), True, "odd", True, False, NO, NO, True),
    "tanhshrink": ((-INF, INF), (0, 1), True, "odd", True, True, NO, NO, False),
    "threshold": ((0, INF), (0, 1), True, "neither", True, False, LEFT, LEFT, True),
    "squared_relu": ((0, INF), (0, INF), True, "neither", True, True, LEFT, LEFT, True),
    "star_relu": ((-0.4472, INF), (0, INF), False, "neither", True, True, LEFT, LEFT, True),
    "swish_beta": (
        (-0.27846 / 1.702, INF),
        (-0.09984, 1.09984),
        True,
        "neither",
        False,
        True,
        LEFT,
        LEFT,
        False,
    ),
    "swish_trainable": (
        (-0.27846, INF),
        (-0.09984, 1.09984),
        True,
        "neither",
        False,
        True,
        LEFT,
        LEFT,
        False,
    ),
    "sine": ((-1, 1), (-1, 1), True, "odd", False, True, NO, NO, False),
    "gaussian": ((0, 1), (-math.exp(-0.5), math.exp(-0.5)), False, "even", False, True, BOTH, BOTH, False),
    "snake": ((-INF, INF), (0, 2), True, "neither", True, True, NO, NO, False),
    "identity": ((-INF, INF), (1, 1), True, "odd", True, True, NO, NO, False),
}


@pytest.mark.parametrize("name", registry.REGISTRY)
def test_properties_are_what_is_known_by_hand(name, spec):
    row = properties.derive(registry.create(spec(name)))
    bounds, slopes, centred, symmetry, monotone, smooth, saturates, vanishing, can_die = EXPECTED[name]
    assert (row["range_low"], row["range_high"]) == pytest.approx(bounds, abs=2e-5)
    assert (row["derivative_low"], row["derivative_high"]) == pytest.approx(slopes, abs=1e-4)
    assert (row["zero_centred"], row["symmetry"], row["monotone"]) == (centred, symmetry, monotone)
    assert row["continuous"] == (name not in JUMPS) and row["smooth"] == smooth
    assert (row["saturates_left"], row["saturates_right"]) == saturates
    assert (row["vanishing_left"], row["vanishing_right"]) == vanishing
    assert row["can_die"] == can_die
