"""Multilayer perceptrons, also normalised and with residual connections: build and initialise."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from actbench.activations import registry
from actbench.networks import initialisation
from actbench.networks.family import Layer, Recipe
from actbench.runtime import seeds

SETTINGS = {
    "initialisation": {
        "enum": ["default", "he", "xavier", "lecun", "orthogonal", "critical"],
        "default": "default",
        "description": "how weights are drawn; default is PyTorch's, critical the activation's edge of chaos",
    },
    "gain": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 1.0,
        "description": "factor of orthogonal weights",
    },
    "bias_std": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 1000,
        "default": 0.2,
        "description": "standard deviation of the biases where initialisation is critical",
    },
    "norm": {
        "enum": ["none", "layer", "batch"],
        "default": "none",
        "description": "what normalises the pre-activations of hidden layers: nothing, torch.nn.LayerNorm or "
        "torch.nn.BatchNorm1d, between the Linear layer and the activation function",
    },
    "residual": {
        "type": "boolean",
        "default": False,
        "description": "every hidden layer that is as wide as its input, in the first the image, adds it to "
        "its activations, and no other does; at least one network of the study needs such a layer",
    },
}
NORMS = {"none": nn.Identity, "layer": nn.LayerNorm, "batch": nn.BatchNorm1d}


class MLP(nn.Module):
    """Linear layers with a fresh activation module after each but the last.

    Args:
        sizes: n_inputs, the hidden widths, n_classes; `len(sizes) - 2` hidden layers.
        activation: a name of the registry or a resolved spec, see `registry.create`.
        seed: of what an activation draws, rrelu or a user's own, see `modes.drawing`.
        norm: a key of `NORMS`: what stands between each of these Linear layers and its activation, with
            torch's defaults (Ioffe & Szegedy 2015; Ba, Kiros & Hinton 2016).
        residual: whether a hidden layer that is as wide as its input adds it to its activations
            (He, Zhang, Ren & Sun 2016).

    >>> network = MLP([64, 32, 10], "relu")
    >>> [tuple(layer.z.shape) for layer in network.trace(torch.zeros(5, 64))]
    [(5, 32), (5, 10)]
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str | Mapping,
        seed: int = 0,
        norm: str = "none",
        residual: bool = False,
    ):
        super().__init__()
        self.linears = nn.ModuleList(nn.Linear(n_in, n_out) for n_in, n_out in itertools.pairwise(sizes))
        self.activations = nn.ModuleList(registry.create(activation) for _ in sizes[1:-1])
        self.norms = nn.ModuleList(NORMS[norm](width) for width in sizes[1:-1])
        self.shortcuts = [residual and n_in == n_out for n_in, n_out in itertools.pairwise(sizes[:-1])]
        self.interchangeable = norm == "none" and registry.interchangeable(activation)
        self.pure = registry.pure(activation)
        self.seed = seed

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, n_classes] of inputs [N, n_inputs]."""
        for linear, norm, activation, shortcut in self._hidden():
            h = activation(norm(linear(x)))
            x = h + x if shortcut else h
        return self.linears[-1](x)

    def trace(self, x: Tensor) -> Iterator[Layer]:
        """Yield layer 0, 1, … for inputs [N, n_inputs]; see `family.Network.trace`."""
        for linear, norm, activation, shortcut in self._hidden():
            z = norm(linear(x))
            h = activation(z)
            yield Layer(z, h, activation, dict(linear.named_parameters()))
            x = h + x if shortcut else h
        last = self.linears[-1]
        yield Layer(last(x), None, None, dict(last.named_parameters()))

    def _hidden(self) -> Iterator[tuple[nn.Linear, nn.Module, nn.Module, bool]]:
        """Of each hidden layer the Linear, norm and activation modules, and whether its input is added."""
        return zip(self.linears, self.norms, self.activations, self.shortcuts, strict=False)

    @property
    def stackable(self) -> bool:
        """Of a subclass False, unless it says otherwise: it may be more than a chain of layers."""
        return type(self) is MLP

    @property
    def flops(self) -> tuple[int, int]:
        """Of one image, only classified and trained on; see `family.Network.flops`.

        An image that trains costs three products a layer, forward, and backward to weights and inputs; the
        first layer's inputs need none.
        """
        forward = [2 * linear.in_features * linear.out_features for linear in self.linears]
        return sum(forward), 3 * sum(forward) - forward[0]


def build(recipe: Recipe, generator: torch.Generator, kind: type[MLP] = MLP) -> MLP:
    """Build a network whose weights are drawn from `generator`, see `initialisation.draw`.

    A user's activation that draws its own parameters does so from the global generators, seeded alike for the
    time of the call.

    Args:
        recipe: its settings are keywords of `kind`, but those for `initialisation.draw`.
        generator: a CPU generator.
        kind: the class, for families that are MLPs with something more.
    """
    seed, keywords = generator.initial_seed(), dict(recipe.settings)
    drawn = {key: keywords.pop(key) for key in initialisation.SETTINGS if key in keywords}
    with seeds.drawn_from(seed):
        network = kind(recipe.sizes, recipe.activation, seed, **keywords)
    initialisation.draw(network.linears, generator, recipe.initial, **drawn)
    return network
