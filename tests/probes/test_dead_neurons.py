import numpy as np
import pytest
import torch
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.probes import dead_neurons, tables
from actbench.storage import parquet
from conftest import MEASURED


def network_with(spec, name, biases):
    """One hidden layer of units that see nothing but their bias, so that z = bias."""
    network = mlp.MLP([3, len(biases), 2], spec(name))
    with torch.no_grad():
        network.linears[0].weight.zero_()
        network.linears[0].bias.copy_(torch.tensor(biases))
    return network


def counts(network, x=None, threshold=0.025):
    return dead_neurons.measure(network, torch.randn(50, 3) if x is None else x, threshold)[0]


def see(counter, *batches):
    """Both passes over the batches of z."""
    for z in batches:
        counter.update(z)
    for z in batches:
        counter.update_deviation(counter.activation(z).detach())


def test_dead_relu_units_are_counted(spec):
    row = counts(network_with(spec, "relu", [-1.0, -0.5, 0.0, 2.0]))
    assert row == {
        "layer": 0,
        "n_neurons": 4,
        "n_dead": 3,
        "n_zero_gradient": 3,
        "n_dormant": 3,
        "n_dormant_centred": 4,
        "n_saturated": 3,
    }


def test_one_image_wakes_a_unit(spec):
    network = mlp.MLP([1, 1, 2], spec("relu"))
    with torch.no_grad():
        network.linears[0].weight.fill_(1)
        network.linears[0].bias.zero_()
    x = torch.full((5000, 1), -1.0)
    assert counts(network, x)["n_dead"] == 1
    x[4321] = 1.0
    assert counts(network, x)["n_dead"] == 0


def test_zero_gradient_without_being_dead(spec):
    """hardtanh stuck at 1 says something, but learns nothing."""
    row = counts(network_with(spec, "hardtanh", [5.0, -5.0, 0.5]))
    assert (row["n_dead"], row["n_zero_gradient"], row["n_saturated"]) == (0, 2, 2)


def test_saturated_without_zero_gradient(spec):
    row = counts(network_with(spec, "tanh", [3.0, -3.0, 1.0]))
    assert (row["n_zero_gradient"], row["n_saturated"]) == (0, 2)


def test_dormant_is_relative_to_the_layer():
    assert dead_neurons.dormant(torch.tensor([0.01, 1.0, 1.0]), 0.025).tolist() == [True, False, False]
    assert dead_neurons.dormant(torch.tensor([0.02, 0.02]), 0.025).tolist() == [False, False]
    assert dead_neurons.dormant(torch.zeros(3), 0.025).all()


def test_batches_do_not_change_the_counts(spec, monkeypatch):
    network = mlp.MLP([3, 40, 40, 2], spec("relu"))
    x = torch.randn(1000, 3)
    whole = dead_neurons.measure(network, x, 0.025)
    monkeypatch.setattr(dead_neurons, "BATCH", 7)
    assert dead_neurons.measure(network, x, 0.025) == whole
    parquet.table([MEASURED | row for row in whole], tables.schema(dead_neurons.PROBE), ["layer"])


def test_permuting_neurons_permutes_the_flags_and_keeps_the_counts(spec):
    network = mlp.build(Recipe([4, 30, 3], spec("relu")), torch.Generator().manual_seed(1))
    x, order = torch.randn(60, 4), torch.randperm(30, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        network.linears[0].bias[:7] = -50
        network.linears[0].bias[7:12] = -1.2
    counter, permuted = (dead_neurons.LayerCounter(network.activations[0]) for _ in "ab")
    z = network.linears[0](x).detach()
    see(counter, z)
    see(permuted, z[:, order])
    for flag in ("dead", "zero_gradient", "saturated"):
        assert torch.equal(getattr(permuted, flag), getattr(counter, flag)[order])
    assert torch.equal(permuted.size, counter.size[order])
    assert permuted.counts(0.3) == counter.counts(0.3) and 7 <= counter.counts(0.3)["n_dead"] < 30


def test_duplicating_the_images_changes_no_count(spec):
    network = mlp.build(Recipe([4, 30, 20, 3], spec("relu")), torch.Generator().manual_seed(1))
    x = torch.randn(20, 4, generator=torch.Generator().manual_seed(2))
    once = dead_neurons.measure(network, x, 0.5)
    assert dead_neurons.measure(network, torch.cat([x, x.flip(0)]), 0.5) == once
    assert [row["layer"] for row in once] == [0, 1] and any(row["n_dormant"] for row in once)


def test_a_dead_layer_is_entirely_dead(spec):
    network = mlp.build(Recipe([4, 30, 20, 3], spec("relu")), torch.Generator().manual_seed(1))
    with torch.no_grad():
        network.linears[1].bias.fill_(-1e6)
    rows = dead_neurons.measure(network, torch.randn(20, 4), 0.025)
    assert rows[1] == {
        "layer": 1,
        **dict.fromkeys(
            ["n_neurons", "n_dead", "n_zero_gradient", "n_dormant", "n_dormant_centred", "n_saturated"], 20
        ),
    }
    assert rows[0]["n_dead"] < 30


def test_identity_units_are_never_dead_saturated_or_without_gradient(spec):
    network = mlp.build(Recipe([4, 30, 3], spec("identity")), torch.Generator().manual_seed(1))
    row = counts(network, torch.randn(20, 4), threshold=0.0)
    assert row == {"layer": 0, "n_neurons": 30, **dict.fromkeys(list(row)[2:], 0)}


@pytest.mark.parametrize("n", [1, 7, 8, 9, 16, 17, 24])
def test_batches_are_not_of_one_image_alone(spec, monkeypatch, n):
    """Before training, batch normalisation takes the statistics of each batch."""
    monkeypatch.setattr(dead_neurons, "BATCH", 8)
    network, x = mlp.MLP([4, 30, 3], spec("relu"), norm="batch" if n > 1 else "none"), torch.randn(n, 4)
    sizes, trace = [], network.trace
    monkeypatch.setattr(network, "trace", lambda batch: sizes.append(len(batch)) or trace(batch))
    assert counts(network, x)["n_neurons"] == 30
    assert sum(sizes) == 2 * n and max(sizes) <= 8 and (1 not in sizes or n == 1)


def test_dormancy_is_of_the_mean_over_all_batches(spec):
    """|h| is 2 for one unit and 0, then 4 for another: both means are 2, whatever the batches."""
    activation = mlp.MLP([1, 2, 2], spec("identity")).activations[0]
    counter = dead_neurons.LayerCounter(activation)
    see(counter, torch.tensor([[2.0, 0.0]]), torch.tensor([[-2.0, -4.0]]))
    assert counter.size.tolist() == [4.0, 4.0]
    assert counter.counts(0.99)["n_dormant"] == 0 and counter.counts(1.0)["n_dormant"] == 2


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_layer_that_overflows_has_no_count_of_dormant_units(value):
    """Units have no size to be compared with; dead ones are still those that are 0 for every image."""
    counter = dead_neurons.LayerCounter(torch.nn.Identity())
    see(counter, torch.tensor([[0.0, 1.0, value], [0.0, 2.0, 1.0]]))
    counts = counter.counts(0.025)
    assert counts["n_dormant"] is None and counts["n_dormant_centred"] is None
    assert (counts["n_neurons"], counts["n_dead"]) == (3, 1)


def centred(h, threshold=0.025):
    counter = dead_neurons.LayerCounter(torch.nn.Identity())
    see(counter, *h.split(7))
    return counter.counts(threshold)


@pytest.mark.parametrize("size", [0.1, 1e6])
def test_a_constant_unit_is_dormant_once_centred_however_large(size):
    """One unit always gives `size`, one 0; two vary around 3, by 1 and by 0.02 of that."""
    sign = torch.tensor([1.0, -1.0]).repeat(20)
    h = torch.stack([torch.full_like(sign, size), torch.zeros(40), 3 + sign, 3 + 0.02 * sign], dim=1)
    assert centred(h)["n_dormant_centred"] == 2  # 0.02 is more than 0.025 of the mean, (1 + 0.02)/4
    assert centred(h, threshold=0.08)["n_dormant_centred"] == 3  # 0.0204
    assert centred(h[:, [0, 2]])["n_dormant"] == (0 if size == 0.1 else 1)


def test_a_constant_layer_is_all_dormant_once_centred():
    """Exactly, whatever the mean rounds to, and though no unit is dormant by its size."""
    counts = centred(torch.tensor([[0.1, 0.3, 0.7]]).repeat(1247, 1))
    assert (counts["n_dormant_centred"], counts["n_dormant"], counts["n_dead"]) == (3, 0, 0)


def test_centred_dormancy_is_that_of_deviations_from_the_mean():
    h = torch.randn(500, 30, generator=torch.Generator().manual_seed(0)) * torch.logspace(-3, 0, 30) + 5
    deviation = np.abs(h.double().numpy() - h.double().numpy().mean(axis=0)).mean(axis=0)
    for threshold in (0.01, 0.1, 1.0):
        expected = (deviation <= threshold * deviation.mean()).sum()
        assert 0 < centred(h, threshold)["n_dormant_centred"] == expected < 30


def test_only_the_mean_is_taken_away(spec):
    """Adding a constant to each unit of a linear layer changes sizes, not deviations."""
    network = mlp.build(Recipe([4, 30, 3], spec("identity")), torch.Generator().manual_seed(1))
    with torch.no_grad():
        network.linears[0].weight[:9] *= 1e-3
        network.linears[0].bias.zero_()
        x = torch.randn(200, 4, generator=torch.Generator().manual_seed(2))
        before = counts(network, x)
        network.linears[0].bias.fill_(50.0)
    after = counts(network, x)
    assert before["n_dormant_centred"] == after["n_dormant_centred"] == before["n_dormant"] == 9
    assert after["n_dormant"] == 0


def test_dead_units_alone_are_those_of_the_measurement(spec):
    network = mlp.build(Recipe([4, 30, 20, 3], spec("relu")), torch.Generator().manual_seed(1))
    with torch.no_grad():
        network.linears[0].bias[:7] = -50
    x = torch.randn(dead_neurons.BATCH + 1, 4)
    counted = [row["n_dead"] for row in dead_neurons.measure(network, x, 0.025)]
    assert dead_neurons.n_dead(network, x) == counted and counted[0] >= 7


class Step(torch.nn.Module):
    """Says true or false."""

    def forward(self, z):
        return z > 0


def test_a_function_may_say_true_or_false():
    z = torch.tensor([[-1.0, 1.0, -1.0], [-2.0, 2.0, 3.0]])
    counter = dead_neurons.LayerCounter(Step())
    counter.update(z)
    counter.update_deviation(z > 0)
    expected = {"n_neurons": 3, "n_dead": 1, "n_zero_gradient": 3, "n_dormant": 1, "n_dormant_centred": 2}
    assert counter.counts(0.025) == expected | {"n_saturated": 3}
