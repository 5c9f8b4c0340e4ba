"""Activation functions that torch has no module for."""

import torch
from torch import Tensor, nn


class SquaredReLU(nn.Module):
    """max(0, x)²."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x).square()


class Swish(nn.Module):
    """x σ(βx), of a fixed β above 0."""

    def __init__(self, beta: float):
        super().__init__()
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.beta * x)


class TrainableSwish(nn.Module):
    """x σ(βx), whose β is trained: one number a module, as the slope of `torch.nn.PReLU`."""

    def __init__(self, init: float):
        super().__init__()
        self.beta = nn.Parameter(torch.full((1,), init))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.beta * x)


class Sine(nn.Module):
    """sin(ωx)."""

    def __init__(self, omega: float):
        super().__init__()
        self.omega = omega

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.omega * x)


class Gaussian(nn.Module):
    """exp(−x²/(2a²)), of the width a."""

    def __init__(self, width: float):
        super().__init__()
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(-0.5 * (x / self.width).square())


class Snake(nn.Module):
    """x + sin²(ax)/a, of a fixed frequency a above 0."""

    def __init__(self, frequency: float):
        super().__init__()
        self.frequency = frequency

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.sin(self.frequency * x).square() / self.frequency


class StarReLU(nn.Module):
    """s max(0, x)² + b, whose s and b are trained: one of each a module."""

    def __init__(self, scale: float, bias: float):
        super().__init__()
        self.scale = nn.Parameter(torch.full((1,), scale))
        self.bias = nn.Parameter(torch.full((1,), bias))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * torch.relu(x).square() + self.bias
