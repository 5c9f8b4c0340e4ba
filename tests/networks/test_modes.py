import pytest
import torch
from actbench.networks import modes
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from own_activations import AlwaysLeaky, AlwaysNoisy, own
from torch import nn


@pytest.mark.parametrize("cls", [AlwaysNoisy, AlwaysLeaky])
def test_drawing_starts_from_the_same_state_every_time(cls):
    network = mlp.build(Recipe([4, 8, 3], own(cls)), seeds.generator(0, "weights"))
    x = torch.randn(5, 4)
    logits = []
    for _ in range(2):
        torch.rand(1)
        with modes.drawing(network):
            logits += [network(x), network(x)]
    assert torch.equal(logits[0], logits[2]) and torch.equal(logits[1], logits[3])
    assert not torch.equal(logits[0], logits[1])


def normalised(norm, activation="tanh"):
    network = mlp.build(Recipe([4, 8, 3], activation, settings={"norm": norm}), seeds.generator(0, "weights"))
    return network, torch.randn(50, 4, generator=torch.Generator().manual_seed(0))


def test_before_training_a_batch_is_normalised_by_its_own_statistics():
    network, x = normalised("batch")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with modes.frozen(network):
        z = next(network.trace(x)).z
    torch.testing.assert_close(z.mean(dim=0), torch.zeros(8), atol=1e-6, rtol=0)
    torch.testing.assert_close(z.var(dim=0, correction=0), torch.ones(8), atol=1e-3, rtol=0)
    assert network.state_dict().keys() == before.keys()
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_gradients_before_training_are_those_through_the_batchs_statistics():
    network, x = normalised("batch")
    with modes.evaluating(network):
        found = torch.autograd.grad(network(x).square().sum(), network.linears[0].weight)
    expected = torch.autograd.grad(network.train()(x).square().sum(), network.linears[0].weight)
    assert torch.equal(*found, *expected)


def test_after_a_step_the_running_statistics_count():
    network, x = normalised("batch")
    network(x)
    expected = network.eval()(x)
    with modes.frozen(network.train()):
        assert torch.equal(network(x), expected)
        assert torch.equal(network(x[:1]), network.eval()(x[:1]))


@pytest.mark.parametrize("norm", ["none", "layer"])
def test_other_norms_are_the_same_in_both_modes(norm):
    network, x = normalised(norm)
    with modes.frozen(network):
        assert torch.equal(network(x), network.train()(x))


def test_batch_statistics_inside_an_activation_are_its_own_matter():
    network, x = normalised("none")
    network.activations[0] = nn.BatchNorm1d(8)
    with modes.frozen(network):
        torch.testing.assert_close(network(x[:1]), network(x)[:1])


@pytest.mark.parametrize("training", [True, False])
def test_a_network_goes_back_to_its_mode(spec, training):
    network = mlp.MLP([2, 3, 2], spec("relu")).train(training)
    with modes.frozen(network):
        assert not network.training and not torch.is_grad_enabled()
    assert network.training is training and torch.is_grad_enabled()
    with modes.evaluating(network):
        assert not network.training and torch.is_grad_enabled()
    assert network.training is training
