import itertools
import math

import pytest
import torch
from actbench.theory import expectation, gaussian, predictions
from actbench.theory.mean_field import MeanField
from actbench.theory.predictions import Images, Linear, predict
from actbench.theory.softmax import probability_squared
from own_activations import AlwaysNoisy, Exp, Of, SquaredReLU
from torch import nn

IMAGES = Images(mean_square=0.7, mean=-0.3, cosines=[0.2, 0.5, 0.9])
OF_LAYERS = ["layer", "width", "weight_std", "bias_std"]
OF_SIGNALS = [
    "q",
    "chi",
    "preactivation_std",
    "activation_mean",
    "activation_std",
    "mean_cosine",
    "log10_rms",
]
KEYS = [*OF_LAYERS, *OF_SIGNALS, "reason"]


def layers(sizes, weight_variance=2.0, bias_variance=0.0, residual=False):
    pairs = list(itertools.pairwise(sizes))
    return [
        Linear(n_in, n_out, weight_variance, bias_variance, residual and n_in == n_out and i < len(pairs) - 1)
        for i, (n_in, n_out) in enumerate(pairs)
    ]


def of_logits(q, n_classes, n_batch):
    """Mean square of (p − y)/n_batch."""
    return (1 - 2 / n_classes + n_classes * probability_squared(q, n_classes)) / n_classes / n_batch**2


def kernel(c):
    """Of ReLU, over E f² (Cho & Saul 2009)."""
    return (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / math.pi


def test_relu_in_closed_form():
    rows = predict(nn.ReLU(), layers([64, 50, 30, 10], 2.0), IMAGES, 256)
    assert [list(row) for row in rows] == [KEYS] * 3
    assert [row["layer"] for row in rows] == [0, 1, 2] and [row["width"] for row in rows] == [50, 30, 10]
    assert [row["q"] for row in rows] == pytest.approx([1.4] * 3)
    assert [row["preactivation_std"] for row in rows] == pytest.approx([math.sqrt(1.4)] * 3)
    assert [row["activation_mean"] for row in rows[:2]] == pytest.approx([math.sqrt(0.7 / math.pi)] * 2)
    assert [row["activation_std"] for row in rows[:2]] == pytest.approx([math.sqrt(0.7 - 0.7 / math.pi)] * 2)
    assert [row["chi"] for row in rows] == [1, 1, None]
    once = [kernel(c) for c in IMAGES.cosines]
    twice = [kernel(c) for c in once]
    assert rows[0]["mean_cosine"] == pytest.approx(sum(once) / 3, rel=1e-7)
    assert rows[1]["mean_cosine"] == pytest.approx(sum(twice) / 3, rel=1e-7)
    last = of_logits(1.4, 10, 256)
    expected = [last * 10 / 30 * 30 / 50, last * 10 / 30, last]
    assert [10 ** (2 * row["log10_rms"]) for row in rows] == pytest.approx(expected)
    assert [row["reason"] for row in rows] == [None] * 3
    assert [rows[2][key] for key in ("activation_mean", "activation_std", "mean_cosine")] == [None] * 3


def test_each_layer_has_its_own_variances():
    """Identity: q^l = σ_w² q^(l−1) + σ_b², after q^1 from the images themselves."""
    given = [Linear(64, 50, 0.5, 0.1), Linear(50, 50, 3.0, 0.2), Linear(50, 10, 1.0, 0.0)]
    rows = predict(nn.Identity(), given, IMAGES, 1)
    q = 0.5 * 0.7 + 0.1
    assert [row["q"] for row in rows] == pytest.approx([q, 3 * q + 0.2, 3 * q + 0.2])
    products = [0.5 * 0.7 * c + 0.1 for c in IMAGES.cosines]
    assert rows[0]["mean_cosine"] == pytest.approx(sum(products) / 3 / q)
    assert rows[1]["mean_cosine"] == pytest.approx(sum(3 * p + 0.2 for p in products) / 3 / (3 * q + 0.2))
    assert (rows[0]["weight_std"], rows[1]["bias_std"]) == pytest.approx((math.sqrt(0.5), math.sqrt(0.2)))
    ratio = 10 ** (2 * (rows[0]["log10_rms"] - rows[2]["log10_rms"]))
    assert ratio == pytest.approx(10 / 50 * 3.0)


def test_linear_residual_networks():
    """x^l = (W + 1) x^(l−1) + b: each block has σ_w² + 1 times the mean square and the gradient."""
    rows = predict(nn.Identity(), layers([50, 50, 50, 10], 0.5, 0.1, residual=True), IMAGES, 1)
    s, q, products = 0.7, [], torch.tensor([0.7 * c for c in IMAGES.cosines])
    for row in rows:
        q.append(0.5 * s + 0.1)
        products = 0.5 * products + 0.1 + products
        if row is not rows[-1]:
            inside = (products - 0.1) / 1.5 * 0.5 + 0.1
            assert row["mean_cosine"] == pytest.approx((inside / q[-1]).mean().item())
        s = 1.5 * s + 0.1
    assert [row["q"] for row in rows] == pytest.approx(q)
    squares = [10 ** (2 * row["log10_rms"]) for row in rows]
    assert squares[1] / squares[2] == pytest.approx(10 / 50 * 0.5)
    assert squares[0] / squares[1] == pytest.approx(1.5)


def test_residual_networks_whose_functions_have_a_mean():
    """ReLU: E (x + h)² = E x² + 2 E x E h + E h²; the first layer has no shortcut."""
    rows = predict(nn.ReLU(), layers([64, 50, 50, 50, 10], 2.0, 0.0, residual=True), IMAGES, 1)
    q, mean, square = 1.4, math.sqrt(0.7 / math.pi), 0.7
    for row in rows[:-1]:
        assert row["q"] == pytest.approx(q)
        if row["layer"]:
            of_h = math.sqrt(q / (2 * math.pi))
            square, mean = square + 2 * mean * of_h + q / 2, mean + of_h
        q = 2 * square
    assert rows[-1]["q"] == pytest.approx(q)


def test_layer_normalisation():
    """f is given the mean square 1, whatever weights and images are, and their size leaves the gradients."""
    given = [layers([64, 50, 40, 10], variance, 0.0) for variance in (0.1, 30.0)]
    small, large = (predict(nn.Tanh(), each, IMAGES, 1, "layer") for each in given)
    normed = 38 / 37  # of 40 units, see below
    d = MeanField(nn.Tanh()).averages(1.0).derivative_squared
    square = MeanField(nn.Tanh()).averages(1.0).f_squared
    for rows in (small, large):
        assert [row["q"] for row in rows[:2]] == pytest.approx([1, 1], rel=1e-3)
        ratio = 10 ** (2 * (rows[0]["log10_rms"] - rows[1]["log10_rms"]))
        assert ratio == pytest.approx(40 / 50 * d / square * normed, rel=1e-3)
    assert small[0]["mean_cosine"] == pytest.approx(large[0]["mean_cosine"], rel=1e-3)
    assert large[2]["q"] == pytest.approx(30 * square, rel=1e-3)


def test_layer_normalisation_of_any_size():
    """1/(q + ε) is that of before the norm, also where q/(q + ε) is 1 in float64."""
    found = [predict(nn.Tanh(), layers([64, 50, 40, 10], size), IMAGES, 1, "layer") for size in (1e3, 1e15)]
    ratios = [rows[0]["log10_rms"] - rows[1]["log10_rms"] for rows in found]
    assert ratios[0] == pytest.approx(ratios[1], abs=1e-6) and found[1][0]["reason"] is None


def test_numbers_beyond_float64_have_a_reason():
    rows = predict(nn.ReLU(), layers([64, 50, 10], 1e200), Images(1e200, 0.0, [0.5]), 1)
    assert rows[0]["q"] is None and all(row["reason"] for row in rows)
    rows = predict(nn.ReLU(), layers([64, 50, 10], 1e200), Images(1.0, 0.0, [0.5]), 1)
    assert rows[1]["q"] is None and rows[0]["reason"] == predictions.OVERFLOW


def test_gradients_through_layer_normalisation():
    """(n − 2)/((n − 3) q) of their mean square, within five standard errors."""
    n, q, generator = 40, 2.0, torch.Generator().manual_seed(0)
    a = (torch.randn(20_000, n, generator=generator) * math.sqrt(q)).requires_grad_()
    behind = torch.randn(20_000, n, generator=generator)
    (before,) = torch.autograd.grad(nn.LayerNorm(n)(a), a, behind)
    ratio = before.square().mean(1)
    error = ratio.std().item() / math.sqrt(len(ratio))
    assert ratio.mean().item() == pytest.approx(38 / 37 / q, abs=5 * error)
    assert abs(ratio.mean().item() - 38 / 40 / q) > 5 * error


def test_batch_normalisation_is_not_predicted():
    rows = predict(nn.Tanh(), layers([64, 50, 10]), IMAGES, 1, "batch")
    assert [list(row) for row in rows] == [KEYS] * 2 and rows[1]["width"] == 10
    assert all("batch normalisation" in row["reason"] and row["q"] is None for row in rows)
    assert predictions.decay(rows) == {"slope": None, "log10_first_last": None}


@pytest.mark.parametrize(
    ("activation", "weight_variance", "known", "reason"),
    [
        (AlwaysNoisy(), 2.0, [True, False, False], "draws at random"),
        (Of(torch.sign), 2.0, [True, True, True], "has jumps"),
        (
            SquaredReLU(),
            600.0,
            [True, True, False],
            "mean square 1.59e+08, which is outside of 10⁻⁶ to 10⁶",
        ),
        (Exp(), 300.0, [True, False, False], "mean square 210: E f² is 0, infinite or not known to 8 digits"),
        (Of(lambda x: 0 * x + 2), 2.0, [True, True, True], "mean square 1.4: E f′² is 0"),
    ],
)
def test_what_is_not_known_has_a_reason(activation, weight_variance, known, reason):
    rows = predict(activation, layers([64, 50, 50, 10], weight_variance), IMAGES, 1)
    assert [row["q"] is not None for row in rows] == known
    assert rows[0]["log10_rms"] is None and reason in rows[0]["reason"]
    for row in rows:
        assert all(value is None or isinstance(value, str) or math.isfinite(value) for value in row.values())
    assert predictions.decay(rows)["slope"] is None


def test_gradients_above_a_function_without_derivative_are_known():
    rows = predict(Of(torch.sign), layers([64, 50, 10]), IMAGES, 1)
    assert rows[1]["reason"] is None and rows[1]["log10_rms"] is not None and rows[0]["chi"] is None


def test_deep_networks_whose_gradients_are_smaller_than_any_float():
    """Sigmoid, 700 layers."""
    rows = predict(nn.Sigmoid(), layers([50] * 700 + [10], 0.33), IMAGES, 1)
    found = predictions.decay(rows)
    assert found["log10_first_last"] < -400 and found["slope"] == pytest.approx(
        -found["log10_first_last"] / 699, rel=0.01
    )


def test_decay():
    rows = [{"layer": layer, "log10_rms": value} for layer, value in enumerate([-3.0, -2.0, -1.5])]
    assert predictions.decay(rows) == {"slope": pytest.approx(0.75), "log10_first_last": -1.5}
    assert predictions.decay(rows[:2]) == {"slope": pytest.approx(1.0), "log10_first_last": -1.0}
    assert predictions.decay(rows[:1]) == {"slope": None, "log10_first_last": None}


def test_who_is_expected_to_train():
    assert expectation.expected(expectation.LIMIT) is False
    assert expectation.expected(expectation.LIMIT + 1e-9) is True and expectation.expected(None) is None


def test_of_gradients_that_grow_nothing_is_expected():
    assert expectation.expected(expectation.GROWS) is True and expectation.unknown(expectation.GROWS) is None
    assert expectation.expected(14.0) is None and expectation.unknown(14.0) == expectation.GROWN
    assert expectation.unknown(None) is None


def test_the_range_that_reasons_speak_of_is_that_of_the_averages():
    assert predictions.KNOWN == "10⁻⁶ to 10⁶" and (gaussian.SMALLEST, gaussian.LARGEST) == (1e-6, 1e6)
