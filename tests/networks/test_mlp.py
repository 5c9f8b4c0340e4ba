import pytest
import torch
from actbench.networks.families import mlp
from actbench.runtime import seeds
from own_activations import AlwaysLeaky, AlwaysNoisy, DrawnOnce, own
from torch import nn


def test_layers_and_fresh_activations(spec):
    network = mlp.MLP([4, 8, 6, 3], spec("prelu"))
    assert [linear.weight.shape for linear in network.linears] == [(8, 4), (6, 8), (3, 6)]
    assert len({id(activation) for activation in network.activations}) == 2
    assert network(torch.zeros(5, 4)).shape == (5, 3)


def test_layers_give_what_forward_computes(spec):
    network = mlp.build([4, 8, 6, 3], spec("tanh"), seeds.generator(0, "weights"))
    x = torch.randn(7, 4)
    pairs = list(network.layers(x))
    assert len(pairs) == 3 and pairs[-1][1] is None
    assert torch.equal(pairs[-1][0], network(x))
    assert torch.equal(pairs[0][1], torch.tanh(pairs[0][0]))


def test_initialisation_is_pytorchs_own(spec):
    torch.manual_seed(42)
    reference = [nn.Linear(4, 8), nn.Linear(8, 3)]
    network = mlp.build([4, 8, 3], spec("relu"), torch.Generator().manual_seed(42))
    for ours, theirs in zip(network.linears, reference, strict=True):
        assert torch.equal(ours.weight, theirs.weight) and torch.equal(ours.bias, theirs.bias)


def test_initial_weights_do_not_depend_on_the_activation_or_on_global_state(spec):
    torch.manual_seed(0)
    first = mlp.build([4, 8, 3], spec("relu"), seeds.generator(5, "weights"))
    torch.manual_seed(1)
    state = torch.get_rng_state()
    second = mlp.build([4, 8, 3], spec("prelu"), seeds.generator(5, "weights"))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first.linears[1].weight, second.linears[1].weight)


def test_a_network_is_drawn_again_whatever_its_activation_draws_from():
    first, again, other = (
        mlp.build([4, 8, 8, 3], own(DrawnOnce), seeds.generator(seed, "weights")) for seed in (0, 0, 1)
    )
    slopes = [[activation.slope for activation in network.activations] for network in (first, again, other)]
    assert slopes[0] == slopes[1] != slopes[2] and slopes[0][0] != slopes[0][1]


@pytest.mark.parametrize("cls", [AlwaysNoisy, AlwaysLeaky])
def test_drawing_starts_from_the_same_state_every_time(cls):
    network = mlp.build([4, 8, 3], own(cls), seeds.generator(0, "weights"))
    x = torch.randn(5, 4)
    logits = []
    for _ in range(2):
        torch.rand(1)
        with mlp.drawing(network):
            logits += [network(x), network(x)]
    assert torch.equal(logits[0], logits[2]) and torch.equal(logits[1], logits[3])
    assert not torch.equal(logits[0], logits[1])


def test_frozen_goes_back_to_training_mode(spec):
    network = mlp.MLP([2, 3, 2], spec("relu")).train()
    with mlp.frozen(network):
        assert not network.training and not torch.is_grad_enabled()
    assert network.training
