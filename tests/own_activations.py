"""Activations as users write them, for the tests; `own` makes the spec that names one."""

import random
from pathlib import Path

import numpy as np
import torch
from actbench.runtime import imports
from torch import nn
from torch.nn import functional

# As a user's module in the working directory is: imported once, so that each class is tried once in a process.
imports.VERSIONS[Path(__file__).resolve()] = imports.version(Path(__file__).read_bytes())


def own(cls, **parameters):
    return {"import": f"{__name__}:{cls.__name__}", "name": "mine", "parameters": parameters}


class Of(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def hand_tanh(x):
    """A tutorial's own: NaN beyond |x| = 709, in float32 beyond 88."""
    a, b = torch.exp(x), torch.exp(-x)
    return (a - b) / (a + b)


class HandTanh(nn.Module):
    """NaN beyond |x| = 88."""

    def forward(self, x):
        return hand_tanh(x)


class FastSine(nn.Module):
    def forward(self, x):
        return torch.sin(30 * x)


class SquaredReLU(nn.Module):
    def forward(self, x):
        return functional.relu(x) ** 2


class Exp(nn.Module):
    """Overflows beyond 88."""

    def forward(self, x):
        return torch.exp(x)


class Masked(nn.Module):
    """Computes each side by itself, so that entries are moved together."""

    def forward(self, x):
        y = torch.zeros_like(x)
        y[x > 0] = torch.tanh(x[x > 0])
        y[x < 0] = torch.expm1(x[x < 0])
        return y


class CappedByBuffer(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("cap", torch.tensor(float("inf")))

    def forward(self, x):
        return torch.minimum(functional.relu(x), self.cap)


class Learnt(nn.Module):
    """Learns a number, and calls `.item()`, which no CUDA graph can hold."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        assert x.abs().max().item() >= 0
        return functional.relu(x) * self.scale


class Safe(nn.Module):
    """The same without, and says so."""

    cuda_graph_safe = True

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        return functional.relu(x) * self.scale


class NoisyLeak(nn.Module):
    def forward(self, x):
        return functional.rrelu(x, training=self.training)


class Dropping(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Dropout(0.2)

    def forward(self, x):
        return self.inner(functional.elu(x))


class NumpyNoise(nn.Module):
    def forward(self, x):
        scale = np.random.normal(1, 0.1) if self.training else 1.0
        return torch.tanh(x) * scale


class PythonNoise(nn.Module):
    def forward(self, x):
        return functional.leaky_relu(x, random.uniform(0, 0.3) if self.training else 0.15)  # noqa: S311


class AlwaysNoisy(nn.Module):
    """In evaluation mode too."""

    def forward(self, x):
        return functional.relu(x) + 0.05 * torch.rand_like(x)


class AlwaysLeaky(nn.Module):
    """The same; how much it draws depends on the signs of the entries."""

    def forward(self, x):
        return functional.rrelu(x, training=True)


class NoisyGradient(nn.Module):
    """Draws in the backward pass only."""

    def forward(self, x):
        y = functional.relu(x)
        if y.requires_grad:
            y.register_hook(lambda gradient: gradient * (0.9 + 0.2 * torch.rand_like(gradient)))
        return y


class DrawnOnce(nn.Module):
    """A number of its own, drawn by numpy when it is made and kept as an attribute."""

    def __init__(self):
        super().__init__()
        self.slope = float(np.random.uniform(0, 0.5))

    def forward(self, x):
        return functional.leaky_relu(x, self.slope)


RANDOM = [NoisyLeak, Dropping, NumpyNoise, PythonNoise, AlwaysNoisy, AlwaysLeaky, NoisyGradient, DrawnOnce]


class RunningMean(nn.Module):
    """Binds a buffer anew."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        if self.training:
            self.seen = 0.9 * self.seen + 0.1 * x.detach().abs().mean()
        return torch.relu(x) / (1 + self.seen)


class RunningScale(nn.Module):
    """Changes a buffer in place, which the backward pass of before needs, as BatchNorm does."""

    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.ones(()))

    def forward(self, x):
        if self.training:
            self.scale.mul_(0.9).add_(0.1 / (1 + x.detach().std()))
        return torch.tanh(x) * self.scale


class Annealed(nn.Module):
    """Counts its calls in Python."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        if self.training:
            self.calls += 1
        return functional.leaky_relu(x, 1 / (1 + self.calls / 10))


class Nested(nn.Module):
    """Keeps its count in a module of its own."""

    def __init__(self):
        super().__init__()
        self.inner = Annealed()

    def forward(self, x):
        return torch.tanh(self.inner(x))


class Widest(nn.Module):
    """A float that is infinite at first, and a bool."""

    def __init__(self):
        super().__init__()
        self.smallest, self.started = float("inf"), False

    def forward(self, x):
        if self.training:
            self.smallest, self.started = min(self.smallest, x.detach().abs().max().item()), True
        return torch.tanh(x / self.smallest if self.started else x)


class Drifting(nn.Module):
    """Changes a parameter that nobody trains."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()), requires_grad=False)

    def forward(self, x):
        if self.training:
            self.scale.mul_(0.99)
        return torch.tanh(x) * self.scale


class Switching(nn.Module):
    """What BatchNorm does: outputs depend on all entries while training only."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, x):
        if self.training:
            self.mean.lerp_(x.detach().mean(), 0.1)
        return torch.relu(x - (x.mean() if self.training else self.mean))


STATEFUL = [RunningMean, RunningScale, Annealed, Nested, Widest, Switching]


class SlowList(nn.Module):
    """Keeps its state in a list, and uses it from the 21st call only."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        if self.training:
            self.seen.append(x.detach().abs().mean().item())
        return torch.relu(x) / (1 + max(self.seen[20:], default=0.0))


class SlowGrowth(nn.Module):
    """A buffer that is another one, of another shape, from the 21st call."""

    def __init__(self):
        super().__init__()
        self.calls = 0
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, x):
        if self.training:
            self.calls += 1
            if self.calls == 21:
                self.seen = torch.zeros(2)
        return torch.relu(x)


class SlowTensor(nn.Module):
    """A tensor that is no buffer, changed from the 21st call."""

    def __init__(self):
        super().__init__()
        self.calls, self.scale = 0, torch.ones(())

    def forward(self, x):
        if self.training:
            self.calls += 1
            if self.calls > 20:
                self.scale = self.scale * 0.99
        return torch.relu(x) * self.scale
