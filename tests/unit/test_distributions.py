import pytest
import torch
from actbench import distributions, networks, parquet
from scipy import stats


def test_moments_agree_with_scipy():
    values = torch.randn(500, 3, dtype=torch.float64).exp()
    row = distributions.describe(values, 20)
    flat = values.flatten().numpy()
    assert row["mean"] == pytest.approx(flat.mean())
    assert row["std"] == pytest.approx(flat.std())
    assert row["skewness"] == pytest.approx(stats.skew(flat))
    assert row["excess_kurtosis"] == pytest.approx(stats.kurtosis(flat))
    assert sum(row["counts"]) == 1500 and row["low"] == row["min"] and row["high"] == row["max"]


def test_constant_signal_has_no_shape():
    row = distributions.describe(torch.full((7, 3), 0.1), 5)
    assert row["std"] == 0 and row["skewness"] is None and row["excess_kurtosis"] is None
    assert distributions.effective_rank(torch.full((7, 3), 0.1)) == 0


def test_effective_rank_counts_equal_directions():
    """Centred rows along 3 orthogonal axes with equal singular values: rank 3; along one: rank 1."""
    axes = torch.cat([torch.eye(3), -torch.eye(3)])
    assert distributions.effective_rank(axes) == pytest.approx(3)
    line = torch.tensor([[1.0, 2.0], [-1.0, -2.0], [0.0, 0.0]])
    assert distributions.effective_rank(line) == pytest.approx(1)


def test_zero_fraction_counts_exact_zeros():
    assert distributions.describe(torch.tensor([[0.0, 1.0], [0.0, -2.0]]), 3)["zero_fraction"] == 0.5


@pytest.mark.parametrize(
    ("name", "z", "share"),
    [
        ("tanh", [0.0, 2.0, 2.3, -2.3], 0.5),  # |tanh| > 0.975 from |z| = 2.185
        ("relu", [-1.0, -0.1, 0.1, 5.0], 0.5),
        ("leakyrelu", [-100.0, 100.0], 0.0),
        ("sigmoid", [-5.0, 5.0, 0.0, 3.0], 0.5),
        ("identity", [-9.0, 9.0], 0.0),
    ],
)
def test_saturated_share(spec, name, z, share):
    from actbench import activations

    module = activations.create(spec(name))
    assert distributions.saturated_fraction(module, torch.tensor(z)) == share


def test_rows_of_a_network(spec):
    network = networks.MLP([4, 6, 5, 3], spec("relu"))
    rows = distributions.measure(network, torch.randn(32, 4), 10)
    places = [(row["layer"], row["signal"]) for row in rows]
    hidden = [(layer, signal) for layer in (0, 1) for signal in ("preactivation", "activation")]
    assert places == [*hidden, (2, "preactivation")]
    for row in rows:
        assert (row["effective_rank"] is None) == (row["signal"] == "preactivation")
        assert (row["saturated_fraction"] is None) == (row["layer"] == 2 or row["signal"] == "activation")
    keys = {"activation": "relu", "depth": 2, "seed": 0, "fold": 0, "checkpoint": "init"}
    parquet.table([keys | row for row in rows], distributions.SCHEMA, ["layer", "signal"])


def test_relu_network_saturates_where_it_is_zero(spec):
    rows = distributions.measure(networks.MLP([4, 64, 3], spec("relu")), torch.randn(200, 4), 10)
    assert rows[0]["saturated_fraction"] == rows[1]["zero_fraction"] > 0.2
