import torch
from actbench.storage import histograms


def test_counts_between_smallest_and_largest():
    assert histograms.histogram(torch.tensor([0.0, 1.0, 1.0, 4.0]), 4) == {
        "low": 0.0,
        "high": 4.0,
        "counts": [1, 2, 0, 1],
    }


def test_equal_values_lie_in_the_middle():
    row = histograms.histogram(torch.full((3,), 2.0), 2)
    assert (row["low"], row["high"], sum(row["counts"])) == (1.5, 2.5, 3)


def test_only_finite_values_count():
    row = histograms.histogram(torch.tensor([1.0, float("nan"), float("inf"), 3.0]), 2)
    assert row["counts"] == [1, 1]
    assert histograms.histogram(torch.tensor([float("nan")]), 2)["counts"] is None
