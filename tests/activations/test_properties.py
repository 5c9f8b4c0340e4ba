"""Derived properties against what is known of each function by hand."""

import html
import math
import re

import pytest
import torch
from actbench.activations import properties, registry, sampling
from actbench.report import page
from actbench.storage import parquet
from conftest import ROOT
from own_activations import Of, hand_tanh
from test_properties_of_registry import EXPECTED
from torch.nn import functional

INF, E = math.inf, math.e


def test_moments_with_closed_forms(spec):
    relu = properties.moments(registry.create(spec("relu")))
    assert relu["mean_f"] == pytest.approx(1 / math.sqrt(2 * math.pi), rel=1e-6)
    assert relu["mean_f_squared"] == pytest.approx(0.5, rel=1e-6)
    assert relu["mean_derivative_squared"] == pytest.approx(0.5, rel=1e-6)


def only_float32(x):
    if x.dtype != torch.float32:
        raise TypeError("float32 is needed")
    return torch.tanh(x)


TANH, RELU, SWISH = EXPECTED["tanh"], EXPECTED["relu"], EXPECTED["swish"]
NO, BOTH, LEFT, RIGHT = (False, False), (True, True), (True, False), (False, True)
NONE = (None, None)
# The columns of EXPECTED with `continuous` after `monotone`; None is not known.
OWN = {
    # Continued where they overflow or turn into NaN.
    "tanh by hand": (hand_tanh, (*TANH[:5], True, *TANH[5:])),
    "sigmoid by hand": (
        lambda x: 1 / (1 + torch.exp(-x)),
        ((0, 1), (0, 0.25), False, "neither", True, True, True, BOTH, BOTH, False),
    ),
    "swish by hand": (lambda x: x / (1 + torch.exp(-x)), (*SWISH[:5], True, *SWISH[5:])),
    "softplus by hand": (
        lambda x: torch.log(1 + torch.exp(x)),
        ((0, INF), (0, 1), False, "neither", True, True, True, LEFT, LEFT, False),
    ),
    "exp": (torch.exp, ((0, INF), (0, INF), False, "neither", True, True, True, LEFT, LEFT, False)),
    "sinh": (torch.sinh, ((-INF, INF), (1, INF), True, "odd", True, True, True, NO, NO, False)),
    "capped by infinity": (
        lambda x: torch.minimum(functional.relu(x), torch.tensor(INF, dtype=x.dtype)),
        (*RELU[:5], True, *RELU[5:]),
    ),
    # Without a limit, bounded or not.
    "sin 30x": (
        lambda x: torch.sin(30 * x),
        ((-1, 1), (-30, 30), True, "odd", False, True, True, NO, NO, False),
    ),
    "cos": (torch.cos, ((-1, 1), (-1, 1), False, "even", False, True, True, NO, NO, False)),
    "x sin x": (
        lambda x: x * torch.sin(x),
        ((-INF, INF), (-INF, INF), True, "even", False, True, True, NO, NO, False),
    ),
    "x + sin x": (
        lambda x: x + torch.sin(x),
        ((-INF, INF), (0, 2), True, "odd", True, True, True, NO, NO, False),
    ),
    "sawtooth": (
        lambda x: x - torch.floor(x),
        ((0, 1), (1, 1), True, "neither", False, False, False, NO, NO, False),
    ),
    "|x|": (torch.abs, ((0, INF), (-1, 1), True, "even", False, True, False, NO, NO, False)),
    "x^2": (lambda x: x**2, ((0, INF), (-INF, INF), True, "even", False, True, True, NO, NO, False)),
    "x^3": (lambda x: x**3, ((-INF, INF), (0, INF), True, "odd", True, True, True, NO, NO, False)),
    "x^5": (lambda x: x**5, ((-INF, INF), (0, INF), True, "odd", True, True, True, NO, NO, False)),
    "floor": (torch.floor, ((-INF, INF), (0, 0), True, "neither", True, False, False, NO, BOTH, True)),
    # Slow growth is no limit.
    "ln(1 + |x|)": (
        lambda x: torch.log1p(x.abs()),
        ((0, INF), (-1, 1), True, "even", False, True, False, NO, BOTH, False),
    ),
    "asinh": (torch.asinh, ((-INF, INF), (0, 1), True, "odd", True, True, True, NO, BOTH, False)),
    "x/sqrt(1 + |x|)": (
        lambda x: x / (1 + x.abs()).sqrt(),
        ((-INF, INF), (0, 1), True, "odd", True, True, True, NO, BOTH, False),
    ),
    # Slow, late and oscillating limits.
    "atan": (
        torch.atan,
        ((-math.pi / 2, math.pi / 2), (0, 1), True, "odd", True, True, True, BOTH, BOTH, False),
    ),
    "1/sqrt(1 + |x|)": (
        lambda x: (1 + x.abs()) ** -0.5,
        ((0, 1), (-0.5, 0.5), False, "even", False, True, False, BOTH, BOTH, False),
    ),
    "exp(-x^2)": (
        lambda x: torch.exp(-(x**2)),
        (
            (0, 1),
            (-math.sqrt(2 / E), math.sqrt(2 / E)),
            False,
            "even",
            False,
            True,
            True,
            BOTH,
            BOTH,
            False,
        ),
    ),
    "sin(x)/x": (
        lambda x: torch.sin(x) / x,
        ((-0.217234, 1), (-0.436182, 0.436182), False, "even", False, True, True, BOTH, BOTH, False),
    ),
    "tanh(x/1000)": (
        lambda x: torch.tanh(x / 1000),
        ((-1, 1), (0, 0.001), True, "odd", True, True, True, BOTH, BOTH, False),
    ),
    "sigmoid(x - 50)": (
        lambda x: torch.sigmoid(x - 50),
        ((0, 1), (0, 0.25), False, "neither", True, True, True, BOTH, BOTH, False),
    ),
    "relu(x - 50)": (
        lambda x: functional.relu(x - 50),
        ((0, INF), (0, 1), True, "neither", True, True, False, LEFT, LEFT, True),
    ),
    "tanh 10x": (
        lambda x: torch.tanh(10 * x),
        ((-1, 1), (0, 10), True, "odd", True, True, True, BOTH, BOTH, False),
    ),
    "hardtanh, ±20": (
        lambda x: x.clamp(-20, 20),
        ((-20, 20), (0, 1), True, "odd", True, True, False, BOTH, BOTH, True),
    ),
    "steep between two points of the grid": (
        lambda x: torch.sigmoid(2e3 * (x - 0.3337)),
        ((0, 1), (0, 500), False, "neither", True, True, True, BOTH, BOTH, False),
    ),
    # Flat pieces, kinks, no gradient at all.
    "relu^2": (
        lambda x: functional.relu(x) ** 2,
        ((0, INF), (0, INF), True, "neither", True, True, True, LEFT, LEFT, True),
    ),
    "relu^6": (
        lambda x: functional.relu(x) ** 6,
        ((0, INF), (0, INF), True, "neither", True, True, True, LEFT, LEFT, True),
    ),
    "constant": (
        lambda x: 0 * x + 2,
        ((2, 2), (0, 0), False, "even", True, True, True, BOTH, BOTH, True),
    ),
    "constant without a gradient": (
        lambda x: torch.full_like(x, 2),
        ((2, 2), (0, 0), False, "even", True, True, True, BOTH, BOTH, True),
    ),
    "identity": (lambda x: x, ((-INF, INF), (1, 1), True, "odd", True, True, True, NO, NO, False)),
    "step": (
        lambda x: (x > 0).to(x.dtype),
        ((0, 1), (0, 0), True, "neither", True, False, False, BOTH, BOTH, True),
    ),
    # Single precision.
    "tanh in float32 only": (only_float32, (*TANH[:5], True, *TANH[5:])),
    "tanh by hand in float32": (lambda x: hand_tanh(x.float()), (*TANH[:5], True, *TANH[5:])),
    "relu in float32": (lambda x: functional.relu(x.float()).to(x.dtype), (*RELU[:5], True, *RELU[5:])),
    "sin 30x in float32": (
        lambda x: torch.sin(30 * x.float()),
        ((-1, 1), (-30, 30), True, "odd", False, True, True, NO, NO, False),
    ),
    # Not known.
    "ln": (torch.log, ((None, INF), NONE, None, None, None, None, None, (None, False), (None, True), None)),
    "sqrt(1 - x^2)": (
        lambda x: (1 - x**2).sqrt(),
        (NONE, NONE, False, None, False, None, None, NONE, NONE, None),
    ),
    "sqrt(relu)": (
        lambda x: functional.relu(x).sqrt(),
        ((0, INF), NONE, True, "neither", True, True, False, LEFT, BOTH, True),
    ),
    "1/x": (lambda x: 1 / x, (NONE, NONE, None, None, None, None, None, BOTH, BOTH, None)),
    "tan": (torch.tan, (NONE, NONE, True, None, False, False, False, NONE, NONE, None)),
    "1/ln(2 + |x|)": (
        lambda x: 1 / torch.log(2 + x.abs()),
        (
            (None, 1 / math.log(2)),
            (-1 / (2 * math.log(2) ** 2), 1 / (2 * math.log(2) ** 2)),
            False,
            "even",
            False,
            True,
            False,
            NONE,
            BOTH,
            False,
        ),
    ),
    "ln(1 + ln(1 + |x|))": (
        lambda x: torch.log1p(torch.log1p(x.abs())),
        ((0, None), (-1, 1), True, "even", False, True, False, NONE, BOTH, False),
    ),
    "random": (
        lambda x: functional.dropout(x, 0.5, training=True),
        (NONE, NONE, None, None, None, None, None, NONE, NONE, None),
    ),
    "nowhere": (lambda x: math.nan * x, (NONE, NONE, None, None, None, None, None, NONE, NONE, None)),
}
COLUMNS = ("zero_centred", "symmetry", "monotone", "continuous", "smooth")


def approx(expected):
    """None is None; 0 may be rounding."""
    return [value if value is None else pytest.approx(value, rel=1e-4, abs=2e-5) for value in expected]


@pytest.mark.fault(
    "properties without evidence",
    "functions that overflow, are NaN somewhere, oscillate, grow slowly, or level off far out, among them a hand-written tanh, sin 30x, the squared ReLU and exp",
    "the true range, limits and signs, or “not known”",
)
@pytest.mark.parametrize("name", OWN)
def test_functions_of_ones_own(name):
    function, (bounds, slopes, *middle, saturates, vanishing, can_die) = OWN[name]
    state = torch.get_rng_state()
    row = properties.derive(Of(function))
    assert torch.equal(torch.get_rng_state(), state)
    assert [row["range_low"], row["range_high"]] == approx(bounds)
    assert [row["derivative_low"], row["derivative_high"]] == approx(slopes)
    assert [row[column] for column in COLUMNS] == middle
    assert (row["saturates_left"], row["saturates_right"]) == saturates
    assert (row["vanishing_left"], row["vanishing_right"]) == vanishing
    assert row["can_die"] == can_die
    bounded = [None if end is None else math.isfinite(end) for end in (*bounds, *slopes)]
    assert [row[column] for column in row if "bounded" in column] == bounded


def test_a_jump_between_grid_points_is_found():
    row = properties.derive(Of(lambda x: torch.where(x > 1 / 3, x + 1, x)))
    assert not row["continuous"] and not row["smooth"]


def test_a_singularity_between_grid_points_is_found():
    """(x − 1/3)^(1/3) has an infinite slope, ln|x − 1/3| a pole."""
    root = properties.derive(Of(lambda x: (x - 1 / 3).sign() * (x - 1 / 3).abs() ** (1 / 3)))
    assert root["continuous"] and not root["smooth"] and root["derivative_high"] is None
    pole = properties.derive(Of(lambda x: (x - 1 / 3).abs().log()))
    assert not pole["continuous"] and pole["range_low"] is None and pole["range_high"] == INF


@pytest.mark.parametrize("parameter", [torch.nn.RReLU(), torch.nn.Dropout(0.5)])
def test_properties_are_those_of_evaluation_mode(parameter):
    """RReLU's slope is then the mean of its bounds, dropout the identity."""
    row = properties.derive(parameter.train())
    low = (1 / 8 + 1 / 3) / 2 if isinstance(parameter, torch.nn.RReLU) else 1
    assert (row["derivative_low"], row["derivative_high"]) == (pytest.approx(low), 1)
    assert parameter.training


def test_what_is_drawn_starts_from_a_seed_and_leaves_torchs_generator_alone():
    noisy, x = Of(lambda x: x + torch.randn_like(x)), torch.zeros(5)
    first, _ = sampling.evaluate(noisy, x)
    state = torch.get_rng_state()
    torch.randn(3)
    again, _ = sampling.evaluate(noisy, x)
    torch.set_rng_state(state)
    assert torch.equal(first, again) and first.std() > 0


def test_an_input_changed_in_place_is_a_copy():
    x = torch.tensor([-5.0, 0.5, 5.0])
    f, derivative = sampling.evaluate(Of(lambda x: x.clamp_(-1, 1)), x)
    assert (f.tolist(), derivative.tolist()) == ([-1, 0.5, 1], [0, 1, 0])
    assert x.tolist() == [-5, 0.5, 5]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        # E exp(z) = √e, E exp(2z) = e².
        (torch.exp, (math.sqrt(E), E**2, E**2, 1 / math.sqrt(E**2 - E))),
        (torch.sin, (0, (1 - E**-2) / 2, (1 + E**-2) / 2, math.sqrt(2 / (1 - E**-2)))),
        (lambda x: 1e-9 * x, (0, 1e-18, 1e-18, 1e9)),
        (lambda x: 1e6 + x, (1e6, 1e12 + 1, 1, 1)),
        # E exp(z²) is infinite, E exp(12z) lies beyond ±10, 1/|z| has no mean, ln z is no number below 0.
        (lambda x: torch.exp(x**2), (None, None, None, None)),
        (lambda x: torch.exp(6 * x), (None, None, None, None)),
        (lambda x: x.abs().sqrt(), (0.822179, math.sqrt(2 / math.pi), None, 2.864086)),
        (torch.log, (None, None, None, None)),
    ],
)
def test_moments(function, expected):
    """E √|z| = 2^(1/4) Γ(3/4)/√π."""
    found = list(properties.moments(Of(function)).values())
    assert found == [
        value if value is None else pytest.approx(value, rel=1e-4, abs=1e-12) for value in expected
    ]


def test_a_constant_function_has_no_gain_and_that_is_known():
    row = properties.derive(Of(lambda x: 0 * x + 2))
    assert row["gain"] is None and properties.not_known(row) == []


def test_what_is_not_known_is_named():
    row = properties.derive(Of(lambda x: functional.relu(x).sqrt()))
    assert properties.not_known(row) == ["derivative_low", "derivative_high", "mean_derivative_squared"]
    assert "gain" in properties.not_known(properties.derive(Of(torch.log)))


def test_curves_fit_the_schema_and_agree_with_the_function(spec):
    rows = properties.curves(registry.create(spec("tanh")))
    assert all(row["f"] == pytest.approx(math.tanh(row["x"])) for row in rows)
    assert all(row["derivative"] == pytest.approx(1 - math.tanh(row["x"]) ** 2) for row in rows)
    parquet.table([{"activation": "tanh"} | row for row in rows], properties.CURVES, ["x"])


def stored(functions):
    """Rows as they come back from the table, by name."""
    rows = [
        {"activation": name, "formula": None, "formula_derivative": None} | properties.derive(Of(function))
        for name, function in functions.items()
    ]
    return parquet.table(rows, properties.PROPERTIES, ["activation"]).to_pandas().to_dict("records")


def test_unbounded_and_not_known_are_told_apart_in_the_table():
    bounded, unbounded, unknown = stored({"a": torch.tanh, "b": torch.exp, "c": torch.log})
    assert (bounded["range_high"], bounded["bounded_above"]) == (1, True)
    assert math.isnan(unbounded["range_high"]) and unbounded["bounded_above"] is False
    assert math.isnan(unknown["range_low"]) and unknown["bounded_below"] is None
    assert unknown["saturates_left"] is None and unknown["saturates_right"] is False


@pytest.mark.parametrize("together", [True, False])
def test_the_report_says_unbounded_and_not_known(together):
    """Each function alone and all in one table, where pandas has other types."""
    functions = {"a": torch.tanh, "b": torch.exp, "c": torch.log, "d": lambda x: 0 * x + 2}
    tables = [functions] if together else [{name: function} for name, function in functions.items()]
    template = "{% import 'macros.html' as shared %}{{ shared.properties(row) }}"
    template = page.environment(ROOT / "workflow" / "report").from_string(template)
    rows = [row for table in tables for row in stored(table)]
    cells = [re.findall("<td>(.*?)</td>", template.render(row=row)) for row in rows]
    tanh, exp, log, constant = ([html.unescape(cell) for cell in row] for row in cells)
    assert tanh[:2] == ["−1 to 1", "0 to 1"] and tanh[7] == "both" and "not known" not in tanh
    assert exp[:2] == ["0 to ∞", "0 to ∞"] and exp[7:10] == ["left", "left", "no"]
    assert log[:2] == ["not known to ∞", "not known"] and log[2:7] == ["not known"] * 5
    assert log[7:9] == ["left not known, right no", "left not known, right yes"]
    assert log[9:] == ["not known"] * 5
    assert constant[0] == "2 to 2" and constant[-1] == "–"
