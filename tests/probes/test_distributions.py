import math

import numpy as np
import pytest
import torch
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.probes import distributions, tables
from actbench.storage import parquet
from conftest import MEASURED
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
    from actbench.activations import registry

    module = registry.create(spec(name))
    assert distributions.saturated_fraction(module, torch.tensor(z)) == share


def test_rows_of_a_network(spec):
    network = mlp.MLP([4, 6, 5, 3], spec("relu"))
    rows = distributions.measure(network, torch.randn(32, 4), 10)
    places = [(row["layer"], row["signal"]) for row in rows]
    hidden = [(layer, signal) for layer in (0, 1) for signal in ("preactivation", "activation")]
    assert places == [*hidden, (2, "preactivation")]
    for row in rows:
        assert (row["effective_rank"] is None) == (row["signal"] == "preactivation")
        assert (row["saturated_fraction"] is None) == (row["layer"] == 2 or row["signal"] == "activation")
    parquet.table([MEASURED | row for row in rows], tables.schema(distributions.PROBE), ["layer", "signal"])


def test_relu_network_saturates_where_it_is_zero(spec):
    rows = distributions.measure(mlp.MLP([4, 64, 3], spec("relu")), torch.randn(200, 4), 10)
    assert rows[0]["saturated_fraction"] == rows[1]["zero_fraction"] > 0.2


def signals(network, x, bins=10):
    return {(row["layer"], row["signal"]): row for row in distributions.measure(network, x, bins)}


MOMENTS = ["mean", "std", "min", "max", "skewness", "excess_kurtosis", "zero_fraction"]


def test_identity_activation_gives_linear_algebras_answer(spec):
    """z of layer 1 is W2 (W1 x + b1) + b2, and h is z."""
    network = mlp.build(Recipe([4, 6, 5, 3], spec("identity")), torch.Generator().manual_seed(1)).double()
    x = torch.randn(50, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    rows, z = signals(network, x), x
    for layer, linear in enumerate(network.linears):
        z = z @ linear.weight.detach().T + linear.bias.detach()
        row = rows[layer, "preactivation"]
        assert row["mean"] == pytest.approx(z.mean().item())
        assert row["std"] == pytest.approx(z.std(correction=0).item())
        assert row["skewness"] == pytest.approx(stats.skew(z.flatten().numpy()))
        if layer < 2:
            assert [rows[layer, "activation"][key] for key in MOMENTS] == [row[key] for key in MOMENTS]
            assert row["saturated_fraction"] == 0
    rank = distributions.effective_rank(x @ network.linears[0].weight.detach().T)
    assert rows[0, "activation"]["effective_rank"] == pytest.approx(rank)


def test_permuting_neurons_or_images_changes_nothing(spec):
    network = mlp.build(Recipe([4, 6, 3], spec("relu")), torch.Generator().manual_seed(1))
    x = torch.randn(40, 4, generator=torch.Generator().manual_seed(2))
    before, order = signals(network, x), torch.tensor([3, 0, 5, 1, 4, 2])
    with torch.no_grad():
        network.linears[0].weight.copy_(network.linears[0].weight[order].clone())
        network.linears[0].bias.copy_(network.linears[0].bias[order].clone())
        network.linears[1].weight.copy_(network.linears[1].weight[:, order].clone())
    after = signals(network, x.flip(0))
    for place, row in before.items():
        assert [after[place][key] for key in MOMENTS] == pytest.approx(
            [row[key] for key in MOMENTS], abs=1e-6
        )
        assert after[place]["counts"] == row["counts"]
        assert after[place]["effective_rank"] == pytest.approx(row["effective_rank"])
        assert after[place]["saturated_fraction"] == row["saturated_fraction"]


def test_duplicating_the_images_changes_no_moment(spec):
    network = mlp.build(Recipe([4, 6, 3], spec("tanh")), torch.Generator().manual_seed(1))
    x = torch.randn(40, 4, generator=torch.Generator().manual_seed(2))
    once, twice = signals(network, x), signals(network, torch.cat([x, x]))
    for place, row in once.items():
        assert [twice[place][key] for key in MOMENTS] == pytest.approx(
            [row[key] for key in MOMENTS], abs=1e-6
        )
        if place[1] == "activation":
            assert twice[place]["effective_rank"] == pytest.approx(row["effective_rank"], rel=1e-5)
        assert sum(twice[place]["counts"]) == 2 * sum(row["counts"])


def test_a_dead_layer_is_constant(spec):
    network = mlp.build(Recipe([4, 6, 3], spec("relu")), torch.Generator().manual_seed(1))
    with torch.no_grad():
        network.linears[0].bias.fill_(-1e6)
    row = signals(network, torch.randn(40, 4))[0, "activation"]
    assert (row["zero_fraction"], row["effective_rank"], row["std"], row["skewness"]) == (1, 0, 0, None)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_effective_rank_does_not_depend_on_units_or_rotation(scale):
    h = torch.randn(30, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    h = h * torch.tensor([5.0, 1.0, 1.0, 0.1, 0.0])
    rotation, _ = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64))
    expected = distributions.effective_rank(h)
    assert 1 < expected < 4
    assert distributions.effective_rank(scale * h @ rotation + 7) == pytest.approx(expected)


def test_tiny_spreads_have_no_shape_rather_than_an_infinite_one():
    """Powers of the variance are 0 in floating point before the values agree; each moment lasts as it can."""

    def shape(unit):
        row = distributions.describe(unit * torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64), 3)
        assert row["std"] == pytest.approx(unit * math.sqrt(2) / 3)
        return row["skewness"], row["excess_kurtosis"]

    assert shape(1e-120) == (None, None)
    assert shape(1e-90) == (pytest.approx(math.sqrt(0.5)), None)
    assert shape(1e-70) == (pytest.approx(math.sqrt(0.5)), pytest.approx(-1.5))


def test_constants_have_no_spread_whatever_their_sum_rounds_to():
    for n in range(1, 100):
        assert distributions.describe(torch.full((n,), 0.1, dtype=torch.float64), 5)["std"] == 0
    assert distributions.effective_rank(torch.tensor([[0.1, 0.7, 0.0]] * 7)) == 0


INF, NAN = float("inf"), float("nan")


@pytest.mark.fault(
    "signals that overflow",
    "activations that give infinity, NaN, or numbers whose squares overflow, in some entries and in all; exp, the ninth power "
    "and a factor of 1e30 in networks of 8 layers, beside relu and by themselves",
    "null in the tables where a number needs all values; the study goes on to its report",
)
@pytest.mark.parametrize("value", [INF, -INF, NAN])
@pytest.mark.parametrize("everywhere", [True, False])
def test_what_is_not_finite_has_no_moments_and_no_rank(value, everywhere):
    h = (
        torch.full((8, 3), value)
        if everywhere
        else torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    )
    h[2, 1] = value
    row = distributions.describe(h, 5)
    for name in ("mean", "std", "skewness", "excess_kurtosis"):
        assert row[name] is None or not math.isfinite(row[name]), name
    assert distributions.effective_rank(h) is None
    assert (row["counts"] is None) == everywhere and row["zero_fraction"] == 0


@pytest.mark.parametrize("size", [1e30, 3e38])
def test_numbers_whose_squares_overflow_in_float32_have_moments(size):
    h = size * torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
    row = distributions.describe(h, 5)
    assert row["std"] == pytest.approx(size, rel=1e-6) and row["excess_kurtosis"] == pytest.approx(-2)
    assert distributions.effective_rank(h) == pytest.approx(1)


def test_mean_cosine_of_known_vectors():
    """Identical images 1, orthogonal ones 0, opposite ones −1; two of three alike: (1 + 0 + 0)/3."""
    assert distributions.mean_cosine(torch.tensor([[0.1, 0.7, -0.3]]).repeat(300, 1)) == pytest.approx(
        1, abs=1e-15
    )
    assert distributions.mean_cosine(3 * torch.eye(7)) == pytest.approx(0, abs=1e-15)
    assert distributions.mean_cosine(torch.tensor([[1.0, 2.0], [-2.0, -4.0]])) == pytest.approx(-1)
    assert distributions.mean_cosine(torch.tensor([[2.0, 0.0], [5.0, 0.0], [0.0, 1.0]])) == pytest.approx(
        1 / 3
    )


def test_mean_cosine_is_that_over_all_pairs_of_the_first_256():
    h = torch.randn(300, 5, generator=torch.Generator().manual_seed(0)).exp()
    cosines = np.corrcoef(np.hstack([h[:256], -h[:256]]).astype(float))  # of mean 0 with the negative beside
    expected = cosines[np.triu_indices(256, 1)].mean()
    assert distributions.mean_cosine(h) == pytest.approx(expected, rel=1e-10)
    assert (
        distributions.mean_cosine(h) == distributions.mean_cosine(h[:256]) != distributions.mean_cosine(h[1:])
    )


@pytest.mark.parametrize("bad", [0.0, float("inf"), float("nan")])
def test_mean_cosine_is_null_where_a_vector_has_no_direction(bad):
    h = torch.ones(4, 3)
    h[2] = bad
    assert distributions.mean_cosine(h) is None
    assert distributions.mean_cosine(torch.ones(1, 3)) is None


def test_within_unit_std_agrees_with_numpy():
    h = torch.randn(500, 7, generator=torch.Generator().manual_seed(0)) * torch.arange(7) + 100
    expected = h.double().numpy().std(axis=0).mean()
    assert distributions.within_unit_std(h) == pytest.approx(expected, rel=1e-12)
    assert distributions.within_unit_std(torch.tensor([[0.1, 0.7, 0.0]]).repeat(99, 1)) == 0
    assert distributions.within_unit_std(torch.tensor([[1.0], [float("inf")]])) is None


def test_a_collapsed_layer_is_seen_by_cosine_and_spread(spec):
    """A sigmoid network whose layer answers the same to every image has no dead and no saturated unit."""
    network = mlp.build(Recipe([4, 6, 3], spec("sigmoid")), torch.Generator().manual_seed(1))
    x = torch.randn(40, 4, generator=torch.Generator().manual_seed(2))
    assert signals(network, x)[0, "activation"]["mean_cosine"] < 0.99
    with torch.no_grad():
        network.linears[0].weight.zero_()
    row = signals(network, x)[0, "activation"]
    assert (row["mean_cosine"], row["within_unit_std"]) == (pytest.approx(1), pytest.approx(0, abs=1e-7))
    assert row["std"] > 0 and row["zero_fraction"] == 0


def test_only_activations_have_cosine_and_spread(spec):
    for (_, signal), row in signals(mlp.MLP([4, 6, 3], spec("tanh")), torch.randn(32, 4)).items():
        for name in ("mean_cosine", "within_unit_std"):
            assert (row[name] is None) == (signal == "preactivation")
