"""torch.optim's own update rules, called directly.

The classes of torch.optim import the compiler (torch._dynamo) on first use: 1.5 s, longer than it takes
to train a small network, and more Python a step. Their functional forms do not, and give the same bits.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.sgd import sgd


class Optimizer(Protocol):
    """Updates parameters in place, given one gradient each; a step changes the tensors in `changed`.

    `moments` are lists of tensors, one shaped as each parameter.
    """

    parameters: list[Tensor]
    moments: list[list[Tensor]]

    @property
    def changed(self) -> list[Tensor]: ...

    def step(self, gradients: Sequence[Tensor]) -> None: ...

    def take_over(self, other: "Optimizer", choose: Callable[[list[Tensor]], list[Tensor]]) -> None:
        """Go on from where another one is; `choose` finds our tensors in a list of its own."""


class SGD:
    """`torch.optim.SGD(parameters, lr, momentum, weight_decay=…, fused=True)`."""

    def __init__(self, parameters: Sequence[Tensor], lr: float, momentum: float, weight_decay: float):
        self.parameters = [parameter.detach() for parameter in parameters]
        self.moments = [[torch.zeros_like(parameter) for parameter in self.parameters]]
        self.settings = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}

    @property
    def changed(self) -> list[Tensor]:
        return [*self.parameters, *self.moments[0]]

    def step(self, gradients: Sequence[Tensor]) -> None:
        sgd(
            self.parameters,
            _laid_out(gradients, self.parameters),
            *self.moments,
            fused=True,
            dampening=0.0,
            nesterov=False,
            maximize=False,
            **self.settings,
        )

    def take_over(self, other: "SGD", choose: Callable[[list[Tensor]], list[Tensor]]) -> None:
        self.moments = [choose(own) for own in other.moments]


class Adam:
    """`torch.optim.Adam(parameters, lr, weight_decay=…, fused=True)` with its default betas and eps."""

    def __init__(self, parameters: Sequence[Tensor], lr: float, weight_decay: float):
        self.parameters = [parameter.detach() for parameter in parameters]
        self.moments = [[torch.zeros_like(parameter) for parameter in self.parameters] for _ in range(2)]
        self.steps = [torch.zeros((), device=p.device) for p in self.parameters]
        self.settings = {"lr": lr, "weight_decay": weight_decay}

    @property
    def changed(self) -> list[Tensor]:
        return [*self.parameters, *self.moments[0], *self.moments[1], *self.steps]

    def step(self, gradients: Sequence[Tensor]) -> None:
        adam(
            self.parameters,
            _laid_out(gradients, self.parameters),
            *self.moments,
            [],
            self.steps,
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            eps=1e-8,
            maximize=False,
            **self.settings,
        )

    def take_over(self, other: "Adam", choose: Callable[[list[Tensor]], list[Tensor]]) -> None:
        self.moments = [choose(own) for own in other.moments]
        for own in self.steps:
            own.copy_(other.steps[0])


def _laid_out(gradients: Sequence[Tensor], parameters: Sequence[Tensor]) -> list[Tensor]:
    """The gradients with the strides of their parameters, which the fused updates take for granted."""
    return [
        gradient if gradient.stride() == parameter.stride() else torch.empty_like(parameter).copy_(gradient)
        for gradient, parameter in zip(gradients, parameters, strict=True)
    ]
