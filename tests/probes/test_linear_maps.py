"""Which linear map a layer's weights and units are of, in networks whose maps are told apart by their sizes."""

import actbench
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, spectral_norm


def measured(network, *shape):
    torch.manual_seed(1)
    return actbench.probe(network, torch.randn(shape), torch.arange(shape[0]) % 3)


def weights(network, *shape):
    """Number of weights by layer."""
    table = measured(network, *shape)["gradients"].query("tensor == 'weight'")
    return dict(zip(table["layer"], table["n"], strict=True))


def classifier(*layers, width):
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(width, 3))


@pytest.mark.parametrize("norm", [nn.LayerNorm([7, 4, 4]), nn.RMSNorm([7, 4, 4]), nn.GroupNorm(7, 7)])
def test_a_norm_is_no_linear_map(norm):
    network = classifier(nn.Conv2d(2, 7, 3, padding=1), norm, nn.ReLU(), width=7 * 16)
    assert weights(network, 6, 2, 4, 4) == {0: 7 * 2 * 9, 1: 3 * 7 * 16}
    assert measured(network, 6, 2, 4, 4)["dead_neurons"]["n_neurons"].tolist() == [7]


@pytest.mark.parametrize(
    "computed", [parametrizations.spectral_norm, parametrizations.weight_norm, spectral_norm]
)
def test_a_weight_that_is_computed_has_the_gradient_of_the_one_that_was_used(computed):
    """Which is that of a plain layer of the same weight; reading it changes nothing."""
    torch.manual_seed(0)
    network = classifier(computed(nn.Conv2d(2, 7, 3)), nn.Tanh(), width=7 * 4)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    found = measured(network, 6, 2, 4, 4)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert found["dead_neurons"]["n_neurons"].tolist() == [7]
    network.eval()(torch.zeros(2, 2, 4, 4))
    plain = classifier(nn.Conv2d(2, 7, 3), nn.Tanh(), width=7 * 4)
    plain[0].load_state_dict({"weight": network[0].weight.detach(), "bias": network[0].bias.detach()})
    plain[3].load_state_dict(network[3].state_dict())
    of_plain = measured(plain, 6, 2, 4, 4)["gradients"].set_index(["layer", "tensor"])["l2_norm"]
    of_computed = found["gradients"].set_index(["layer", "tensor"])["l2_norm"]
    assert of_computed.index.equals(of_plain.index) and of_plain.min() > 0
    assert of_computed.tolist() == pytest.approx(of_plain.tolist(), rel=1e-4)


class Gated(nn.Module):
    """A convolution whose channels a Linear layer weighs, which runs after it."""

    def __init__(self, gate):
        super().__init__()
        self.convolution, self.linear, self.f = nn.Conv2d(2, 7, 3, padding=1), nn.Linear(7, 7), nn.ReLU()
        self.gate = gate

    def forward(self, x):
        h = functional.max_pool2d(self.convolution(x), 2)
        return self.f(h * self.gate(self.linear(h.mean((2, 3))))[:, :, None, None])


@pytest.mark.parametrize(("gate", "layers"), [(torch.sigmoid, 1), (nn.Sigmoid(), 2)])
def test_a_gate_that_runs_between_a_convolution_and_its_activation(gate, layers):
    network = classifier(Gated(gate), width=7 * 4)
    sizes = [*[7 * 7, 7 * 2 * 9][-layers:], 3 * 7 * 4]
    assert list(weights(network, 6, 2, 4, 4).values()) == sizes
    with torch.no_grad():
        network[0].convolution.weight[:2] = 0
        network[0].convolution.bias[:2] = -1
    (units,) = measured(network, 6, 2, 4, 4)["dead_neurons"].tail(1).to_dict("records")
    assert (units["n_neurons"], units["n_dead"]) == (7, 2)  # channels


class Branches(nn.Module):
    """Both maps run before either activation."""

    def __init__(self):
        super().__init__()
        self.one, self.other = nn.Linear(5, 6), nn.Sequential(nn.Linear(5, 2), nn.Linear(2, 6))
        self.f, self.g = nn.ReLU(), nn.Tanh()

    def forward(self, x):
        one, other = self.one(x), self.other(x)
        return self.f(one) + self.g(other)


def test_of_maps_that_run_side_by_side_each_activation_has_its_own():
    assert weights(classifier(Branches(), width=6), 6, 5) == {0: 6 * 5, 1: 6 * 2, 2: 3 * 6}


def test_no_map_between_two_activations_is_no_weight():
    network = classifier(nn.Linear(5, 6), nn.ReLU(), nn.BatchNorm1d(6), nn.Tanh(), width=6)
    assert weights(network, 6, 5) == {0: 6 * 5, 2: 3 * 6}
