import pytest
import torch
from actbench.networks import modes
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from own_activations import AlwaysLeaky, AlwaysNoisy, own


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


@pytest.mark.parametrize("training", [True, False])
def test_a_network_goes_back_to_its_mode(spec, training):
    network = mlp.MLP([2, 3, 2], spec("relu")).train(training)
    with modes.frozen(network):
        assert not network.training and not torch.is_grad_enabled()
    assert network.training is training and torch.is_grad_enabled()
    with modes.evaluating(network):
        assert not network.training and torch.is_grad_enabled()
    assert network.training is training
