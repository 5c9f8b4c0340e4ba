"""A family of networks as somebody adds one: `MODULE` is all of its file."""

MODULE = '''"""Multilayer perceptrons with dropout after every activation (Srivastava et al. 2014)."""

from torch import nn

from actbench.networks.families import mlp
from actbench.networks.family import Layer

SETTINGS = {
    "dropout": {
        "type": "number",
        "minimum": 0,
        "exclusiveMaximum": 1,
        "default": 0.5,
        "description": "share of the hidden units that a training step leaves out",
    },
}


class DropoutMLP(mlp.MLP):
    stackable = False

    def __init__(self, sizes, activation, seed, dropout):
        super().__init__(sizes, activation, seed)
        self.dropped = nn.Dropout(dropout)
        self.pure = False

    def forward(self, x):
        *_, last = self.trace(x)
        return last.z

    def trace(self, x):
        for linear, activation in zip(self.linears, self.activations, strict=False):
            z = linear(x)
            h = activation(z)
            yield Layer(z, h, activation, dict(linear.named_parameters()))
            x = self.dropped(h)
        last = self.linears[-1]
        yield Layer(last(x), None, None, dict(last.named_parameters()))


def build(recipe, generator):
    return mlp.build(recipe, generator, DropoutMLP)
'''
