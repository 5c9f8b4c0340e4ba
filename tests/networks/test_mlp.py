import pytest
import torch
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from own_activations import DrawnOnce, own
from torch import nn


def test_layers_and_fresh_activations(spec):
    network = mlp.MLP([4, 8, 6, 3], spec("prelu"))
    assert [linear.weight.shape for linear in network.linears] == [(8, 4), (6, 8), (3, 6)]
    assert len({id(activation) for activation in network.activations}) == 2
    assert network(torch.zeros(5, 4)).shape == (5, 3)


def test_a_trace_gives_what_forward_computes(spec):
    network = mlp.build(Recipe([4, 8, 6, 3], spec("tanh")), seeds.generator(0, "weights"))
    x = torch.randn(7, 4)
    layers = list(network.trace(x))
    assert len(layers) == 3 and layers[-1].h is layers[-1].activation is None
    assert torch.equal(layers[-1].z, network(x))
    assert torch.equal(layers[0].h, torch.tanh(layers[0].z))


def test_initialisation_is_pytorchs_own(spec):
    torch.manual_seed(42)
    reference = [nn.Linear(4, 8), nn.Linear(8, 3)]
    network = mlp.build(Recipe([4, 8, 3], spec("relu")), torch.Generator().manual_seed(42))
    for ours, theirs in zip(network.linears, reference, strict=True):
        assert torch.equal(ours.weight, theirs.weight) and torch.equal(ours.bias, theirs.bias)


def test_initial_weights_do_not_depend_on_the_activation_or_on_global_state(spec):
    torch.manual_seed(0)
    first = mlp.build(Recipe([4, 8, 3], spec("relu")), seeds.generator(5, "weights"))
    torch.manual_seed(1)
    state = torch.get_rng_state()
    second = mlp.build(Recipe([4, 8, 3], spec("prelu")), seeds.generator(5, "weights"))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first.linears[1].weight, second.linears[1].weight)


def test_a_network_is_drawn_again_whatever_its_activation_draws_from():
    first, again, other = (
        mlp.build(Recipe([4, 8, 8, 3], own(DrawnOnce)), seeds.generator(seed, "weights"))
        for seed in (0, 0, 1)
    )
    slopes = [[activation.slope for activation in network.activations] for network in (first, again, other)]
    assert slopes[0] == slopes[1] != slopes[2] and slopes[0][0] != slopes[0][1]


@pytest.mark.parametrize("norm", mlp.NORMS)
@pytest.mark.parametrize("residual", [False, True])
def test_a_plain_network_has_the_names_and_weights_of_before(norm, residual):
    plain, network = (
        mlp.build(Recipe([4, 8, 8, 3], "prelu", settings=settings), seeds.generator(0, "weights"))
        for settings in ({}, {"norm": norm, "residual": residual})
    )
    assert list(plain.state_dict()) == [
        *(f"linears.{layer}.{name}" for layer in range(3) for name in ("weight", "bias")),
        *(f"activations.{layer}.weight" for layer in range(2)),
    ]
    added = network.state_dict().keys() - plain.state_dict().keys()
    assert all(name.startswith("norms.") for name in added) and bool(added) == (norm != "none")
    assert all(torch.equal(network.state_dict()[name], kept) for name, kept in plain.state_dict().items())


@pytest.mark.parametrize(("norm", "module"), [("layer", nn.LayerNorm), ("batch", nn.BatchNorm1d)])
def test_norms_stand_between_linear_and_activation(norm, module):
    network = mlp.MLP([4, 8, 6, 3], "tanh", norm=norm)
    reference = nn.Sequential(
        *(network.linears[0], module(8), nn.Tanh()),
        *(network.linears[1], module(6), nn.Tanh()),
        network.linears[2],
    )
    x = torch.randn(7, 4)
    assert torch.equal(network(x), reference(x))
    z = module(8)(network.linears[0](x))
    first, *_ = network.trace(x)
    assert torch.equal(first.z, z) and torch.equal(first.h, torch.tanh(z))
    assert first.parameters.keys() == {"weight", "bias"}
    assert first.parameters["weight"] is network.linears[0].weight


def test_inputs_are_added_where_widths_agree():
    """4-4-4-6-6-3: to the first two hidden layers and the fourth; the output layer has none."""
    network = mlp.MLP([4, 4, 4, 6, 6, 3], "relu", residual=True)
    assert network.shortcuts == [True, True, False, True]
    x = torch.randn(7, 4)
    outputs, layers = [x], list(network.trace(x))
    for layer, (linear, shortcut) in enumerate(zip(network.linears, network.shortcuts, strict=False)):
        h = torch.relu(linear(outputs[-1]))
        assert torch.equal(layers[layer].z, linear(outputs[-1])) and torch.equal(layers[layer].h, h)
        outputs.append(h + outputs[-1] if shortcut else h)
    assert torch.equal(network(x), network.linears[-1](outputs[-1]))
    assert mlp.MLP([4, 4, 4, 3], "relu").shortcuts == [False, False]
