"""torch.optim's own update rules, called directly.

The classes of torch.optim import the compiler (torch._dynamo) on first use: 1.5 s, longer than it takes
to train a small network, and more Python a step. Their functional forms do not, and give the same bits.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.sgd import sgd

Part = Callable[[Sequence[Tensor]], list[Tensor]]


class Optimizer:
    """Updates parameters in place, given one gradient each; a step changes the tensors in `changed`.

    `moments` are lists of tensors, one shaped as each parameter. The learning rate is `lr` times `factor`,
    which a schedule changes between steps.

    Args:
        parameters: what is updated.
        lr: the learning rate, or one for each of `parts`.
        parts: each gives, of a list of tensors like `parameters`, its own ones or views of its own parts of
            them; one call updates a part.
    """

    n_moments: int

    def __init__(self, parameters: Sequence[Tensor], lr: float | Sequence[float], parts: Sequence[Part]):
        self.parameters = [parameter.detach() for parameter in parameters]
        self.moments = [[torch.zeros_like(p) for p in self.parameters] for _ in range(self.n_moments)]
        self.lr = [lr] * len(parts) if isinstance(lr, int | float) else list(lr)
        self.factor = 1.0
        self._parts = parts
        self._own = [(part(self.parameters), [part(of) for of in self.moments]) for part in parts]

    @property
    def changed(self) -> list[Tensor]:
        return [*self.parameters, *(tensor for of in self.moments for tensor in of)]

    def step(self, gradients: Sequence[Tensor]) -> None:
        parts = zip(self._parts, self.lr, self._own, strict=True)
        for number, (part, lr, (parameters, moments)) in enumerate(parts):
            found = _laid_out(part(gradients), parameters)
            self._update(number, parameters, found, moments, lr * self.factor)

    def take_over(self, other: "Optimizer", choose: Callable[[list[Tensor]], list[Tensor]]) -> None:
        """Go on from where another one is; `choose` finds our tensors in a list of its own."""
        for own, others in zip(self.moments, other.moments, strict=True):
            for tensor, found in zip(own, choose(others), strict=True):
                tensor.copy_(found)

    def _update(
        self,
        number: int,
        parameters: list[Tensor],
        gradients: list[Tensor],
        moments: list[list[Tensor]],
        lr: float,
    ) -> None:
        """Update the part of this number."""
        raise NotImplementedError


class SGD(Optimizer):
    """`torch.optim.SGD(parameters, lr, momentum, weight_decay=…, fused=True)`."""

    n_moments = 1

    def __init__(
        self,
        parameters: Sequence[Tensor],
        lr: float | Sequence[float],
        momentum: float,
        weight_decay: float,
        parts: Sequence[Part] = (list,),
    ):
        super().__init__(parameters, lr, parts)
        self.settings = {"momentum": momentum, "weight_decay": weight_decay}

    def _update(self, number, parameters, gradients, moments, lr):
        sgd(
            parameters,
            gradients,
            *moments,
            fused=True,
            dampening=0.0,
            nesterov=False,
            maximize=False,
            lr=lr,
            **self.settings,
        )


class Adam(Optimizer):
    """`torch.optim.Adam(parameters, lr, weight_decay=…, fused=True)` with its default betas and eps."""

    n_moments = 2
    decoupled = False

    def __init__(
        self,
        parameters: Sequence[Tensor],
        lr: float | Sequence[float],
        weight_decay: float,
        parts: Sequence[Part] = (list,),
    ):
        super().__init__(parameters, lr, parts)
        self.steps = [[torch.zeros((), device=p.device) for p in own] for own, _ in self._own]
        self.weight_decay = weight_decay

    @property
    def changed(self) -> list[Tensor]:
        return [*super().changed, *(count for own in self.steps for count in own)]

    def _update(self, number, parameters, gradients, moments, lr):
        adam(
            parameters,
            gradients,
            *moments,
            [],
            self.steps[number],
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            eps=1e-8,
            maximize=False,
            lr=lr,
            weight_decay=self.weight_decay,
            decoupled_weight_decay=self.decoupled,
        )

    def take_over(self, other: "Adam", choose: Callable[[list[Tensor]], list[Tensor]]) -> None:
        super().take_over(other, choose)
        for own in self.steps:
            for count in own:
                count.copy_(other.steps[0][0])


class AdamW(Adam):
    """`torch.optim.AdamW(parameters, lr, weight_decay=…, fused=True)` with its default betas and eps."""

    decoupled = True


def _laid_out(gradients: Sequence[Tensor], parameters: Sequence[Tensor]) -> list[Tensor]:
    """The gradients with the strides of their parameters, which the fused updates take for granted."""
    return [
        gradient if gradient.stride() == parameter.stride() else torch.empty_like(parameter).copy_(gradient)
        for gradient, parameter in zip(gradients, parameters, strict=True)
    ]
