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
