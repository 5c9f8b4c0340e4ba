"""Multilayer perceptrons: build and initialise."""

import contextlib
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from actbench.activations import registry
from actbench.runtime import seeds


class MLP(nn.Module):
    """Linear layers with a fresh activation module after each but the last.

    Args:
        sizes: n_inputs, the hidden widths, n_classes; `len(sizes) - 2` hidden layers.
        activation: a name of the registry or a resolved spec, see `registry.create`.
        seed: of what a user's own activation draws, see `drawing`.
    """

    def __init__(self, sizes: Sequence[int], activation: str | Mapping, seed: int = 0):
        super().__init__()
        self.linears = nn.ModuleList(nn.Linear(n_in, n_out) for n_in, n_out in itertools.pairwise(sizes))
        self.activations = nn.ModuleList(registry.create(activation) for _ in sizes[1:-1])
        self.interchangeable = registry.interchangeable(activation)
        self.pure = registry.pure(activation)
        self.seed = seed

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, n_classes] of inputs [N, n_inputs]."""
        for linear, activation in zip(self.linears, self.activations, strict=False):
            x = activation(linear(x))
        return self.linears[-1](x)

    def layers(self, x: Tensor) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Yield z [N, n_l] and h = f(z) of layer 0, 1, …; the last layer's h is None."""
        for linear, activation in zip(self.linears, self.activations, strict=False):
            z = linear(x)
            x = activation(z)
            yield z, x
        yield self.linears[-1](x), None


def build(sizes: Sequence[int], activation: str | Mapping, generator: torch.Generator) -> MLP:
    """Build a network whose weights are PyTorch's default initialisation, drawn from `generator`.

    Weights and biases of layer l are uniform on ±1/sqrt(n_in) (`nn.Linear.reset_parameters`), drawn
    layer by layer, weight before bias, as `nn.Linear` itself does. A user's activation that draws its
    own parameters does so from the global generators, seeded alike for the time of the call.
    """
    seed = generator.initial_seed()
    with seeds.drawn_from(seed):
        network = MLP(sizes, activation, seed)
    for linear in network.linears:
        nn.init.kaiming_uniform_(linear.weight, a=math.sqrt(5), generator=generator)
        bound = 1 / math.sqrt(linear.in_features)
        nn.init.uniform_(linear.bias, -bound, bound, generator=generator)
    return network


@contextlib.contextmanager
def drawing(network: nn.Module) -> Iterator[None]:
    """Let a network's activations draw from its own seed for a while, always from the same random state.

    The global generators are as before afterwards. Where activations are pure nothing is done.
    """
    if getattr(network, "pure", True):
        yield
        return
    seed = seeds.generator(network.seed, "activations").initial_seed()
    with seeds.drawn_from(seed, network.linears[0].weight.device):
        yield


@contextlib.contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Evaluate without tracking gradients, in evaluation mode, and go back to the mode before."""
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        network.train(training)
