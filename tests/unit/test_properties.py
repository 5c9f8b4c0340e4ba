"""Derived properties against what is known of each function by hand."""

import math

import pytest
import torch
from actbench import activations, parquet, properties
from torch import nn

INF = math.inf
# range, range of f', f(0)=0, symmetry, monotone, smooth, saturates, vanishing, can die
EXPECTED = {
    "sigmoid": ((0, 1), (0, 0.25), False, "neither", True, True, (True, True), (True, True), False),
    "tanh": ((-1, 1), (0, 1), True, "odd", True, True, (True, True), (True, True), False),
    "relu": ((0, INF), (0, 1), True, "neither", True, False, (True, False), (True, False), True),
    "relu_autograd": ((0, INF), (0, 1), True, "neither", True, False, (True, False), (True, False), True),
    "leakyrelu": ((-INF, INF), (0.1, 1), True, "neither", True, False, (False, False), (False, False), False),
    "elu": ((-1, INF), (0, 1), True, "neither", True, True, (True, False), (True, False), False),
    "swish": (
        (-0.27846, INF),
        (-0.09984, 1.09984),
        True,
        "neither",
        False,
        True,
        (True, False),
        (True, False),
        False,
    ),
    "gelu": (
        (-0.16997, INF),
        (-0.12890, 1.12890),
        True,
        "neither",
        False,
        True,
        (True, False),
        (True, False),
        False,
    ),
    "selu": (
        (-1.75810, INF),
        (0, 1.75810),
        True,
        "neither",
        True,
        False,
        (True, False),
        (True, False),
        False,
    ),
    "mish": (
        (-0.30884, INF),
        (-0.11253, 1.08850),
        True,
        "neither",
        False,
        True,
        (True, False),
        (True, False),
        False,
    ),
    "softplus": ((0, INF), (0, 1), False, "neither", True, True, (True, False), (True, False), False),
    "softsign": ((-1, 1), (0, 1), True, "odd", True, True, (True, True), (True, True), False),
    "hardtanh": ((-1, 1), (0, 1), True, "odd", True, False, (True, True), (True, True), True),
    "relu6": ((0, 6), (0, 1), True, "neither", True, False, (True, True), (True, True), True),
    "hardswish": (
        (-0.375, INF),
        (-0.5, 1.5),
        True,
        "neither",
        False,
        False,
        (True, False),
        (True, False),
        True,
    ),
    "celu": ((-1, INF), (0, 1), True, "neither", True, True, (True, False), (True, False), False),
    "prelu": ((-INF, INF), (0.25, 1), True, "neither", True, False, (False, False), (False, False), False),
    "identity": ((-INF, INF), (1, 1), True, "odd", True, True, (False, False), (False, False), False),
}


@pytest.mark.parametrize("name", activations.REGISTRY)
def test_properties_are_what_is_known_by_hand(name, spec):
    row = properties.derive(activations.create(spec(name)))
    bounds, slopes, centred, symmetry, monotone, smooth, saturates, vanishing, can_die = EXPECTED[name]
    assert (row["range_low"], row["range_high"]) == pytest.approx(bounds, abs=2e-5)
    assert (row["derivative_low"], row["derivative_high"]) == pytest.approx(slopes, abs=1e-4)
    assert (row["zero_centred"], row["symmetry"], row["monotone"]) == (centred, symmetry, monotone)
    assert row["continuous"] and row["smooth"] == smooth
    assert (row["saturates_left"], row["saturates_right"]) == saturates
    assert (row["vanishing_left"], row["vanishing_right"]) == vanishing
    assert row["can_die"] == can_die


def test_moments_with_closed_forms(spec):
    relu = properties.moments(activations.create(spec("relu")))
    assert relu["mean_f"] == pytest.approx(1 / math.sqrt(2 * math.pi), rel=1e-6)
    assert relu["mean_f_squared"] == pytest.approx(0.5, rel=1e-6)
    assert relu["mean_derivative_squared"] == pytest.approx(0.5, rel=1e-6)


class Step(nn.Module):
    def forward(self, x):
        return torch.where(x > 1 / 3, x + 1, x)


class Constant(nn.Module):
    def forward(self, x):
        return 0 * x + 2


def test_a_jump_between_grid_points_is_found():
    row = properties.derive(Step())
    assert not row["continuous"] and not row["smooth"]


def test_constant_function_has_no_gain():
    row = properties.derive(Constant())
    assert row["gain"] is None and row["symmetry"] == "even" and row["can_die"]


@pytest.mark.parametrize(
    ("name", "z", "saturated"),
    [
        ("swish", [-20.0, -1.278, -1.0, 3.0, 20.0], [True, False, False, False, False]),
        ("hardswish", [-4.0, -1.45, 0.0, 4.0], [True, False, False, False]),
        ("relu6", [-1.0, 1.0, 7.0], [True, False, True]),
        ("elu", [-4.0, -2.0, 4.0], [True, False, False]),
    ],
)
def test_turning_points_are_not_taken_for_saturation(spec, name, z, saturated):
    module, z = activations.create(spec(name)), torch.tensor(z)
    _, derivative = properties.evaluate(module, z)
    assert properties.saturation(module)(z, derivative).tolist() == saturated


def test_curves_fit_the_schema_and_agree_with_the_function(spec):
    rows = properties.curves(activations.create(spec("tanh")))
    assert all(row["f"] == pytest.approx(math.tanh(row["x"])) for row in rows)
    assert all(row["derivative"] == pytest.approx(1 - math.tanh(row["x"]) ** 2) for row in rows)
    parquet.table([{"activation": "tanh"} | row for row in rows], properties.CURVES, ["x"])


def test_derived_row_fits_the_schema(spec):
    row = {"activation": "relu"} | activations.formulas(spec("relu"))
    row |= properties.derive(activations.create(spec("relu")))
    table = parquet.table([row], properties.PROPERTIES, ["activation"])
    assert table["range_high"].to_pylist() == [None]
