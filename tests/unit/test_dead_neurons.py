import torch
from actbench import dead_neurons, networks, parquet


def network_with(spec, name, biases):
    """One hidden layer of units that see nothing but their bias, so that z = bias."""
    network = networks.MLP([3, len(biases), 2], spec(name))
    with torch.no_grad():
        network.linears[0].weight.zero_()
        network.linears[0].bias.copy_(torch.tensor(biases))
    return network


def counts(network, x=None, threshold=0.025):
    return dead_neurons.measure(network, torch.randn(50, 3) if x is None else x, threshold)[0]


def test_dead_relu_units_are_counted(spec):
    row = counts(network_with(spec, "relu", [-1.0, -0.5, 0.0, 2.0]))
    assert row == {
        "layer": 0,
        "n_neurons": 4,
        "n_dead": 3,
        "n_zero_gradient": 3,
        "n_dormant": 3,
        "n_saturated": 3,
    }


def test_one_image_wakes_a_unit(spec):
    network = networks.MLP([1, 1, 2], spec("relu"))
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
    network = networks.MLP([3, 40, 40, 2], spec("relu"))
    x = torch.randn(1000, 3)
    whole = dead_neurons.measure(network, x, 0.025)
    monkeypatch.setattr(dead_neurons, "BATCH", 7)
    assert dead_neurons.measure(network, x, 0.025) == whole
    keys = {"activation": "relu", "depth": 2, "seed": 0, "fold": 0, "checkpoint": "init"}
    parquet.table([keys | row for row in whole], dead_neurons.SCHEMA, ["layer"])
