import math

import pytest
import torch
from actbench.theory.softmax import WIDE, probability_squared


@pytest.mark.parametrize("n_classes", [2, 10, 100])
@pytest.mark.parametrize("q", [0.01, 0.5, 3.9, 4.1, 40.0, 1e4])
def test_as_drawn(q, n_classes):
    """Within five standard errors."""
    draws = 200_000 // n_classes
    logits = torch.randn(draws, n_classes, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = (logits * math.sqrt(q)).softmax(1).square().mean(1)
    error = found.std().item() / math.sqrt(draws)
    assert found.mean().item() == pytest.approx(probability_squared(q, n_classes), abs=5 * error)


@pytest.mark.parametrize("n_classes", [2, 3, 10, 1000])
def test_equal_and_certain_probabilities(n_classes):
    assert probability_squared(1e-20, n_classes) == pytest.approx(n_classes**-2, rel=1e-9)
    assert probability_squared(1e300, n_classes) == pytest.approx(1 / n_classes, rel=1e-9)


@pytest.mark.parametrize("n_classes", [2, 10, 1000])
def test_small_logits(n_classes):
    """The second-order series: E p² = (1 + q (n − 1)/n)/n² + O(q²)."""
    q = 1e-5
    excess = probability_squared(q, n_classes) * n_classes**2 - 1
    assert excess == pytest.approx(q * (1 - 1 / n_classes), rel=1e-3)


@pytest.mark.parametrize("n_classes", [2, 10, 1000])
def test_both_ways_of_averaging_agree(n_classes):
    at, above = (probability_squared(WIDE**2 + step, n_classes) for step in (0, 1e-9))
    assert at == pytest.approx(above, rel=1e-8)


@pytest.mark.parametrize("q", [0.3, 3.0, 30.0])
def test_two_classes(q):
    """p is the logistic function of a normal difference of variance 2q."""
    z = torch.linspace(-12, 12, 20_001, dtype=torch.float64)
    weight = torch.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    expected = ((math.sqrt(2 * q) * z).sigmoid() ** 2 @ weight).item()
    assert probability_squared(q, 2) == pytest.approx(expected, rel=1e-8)
