"""Networks of one shape side by side: on a GPU, one kernel serves a whole block of seeds."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Stack(nn.Module):
    """Networks that take their training steps together; none of them sees another's numbers.

    The Linear layers of several networks become batched matrix products: their parameters move into joint
    tensors, [S, n_in, n_out] and [S, 1, n_out] a layer, of which each network then holds a view. So a
    network's own `state_dict` is up to date at any time. A network alone is left as it is: its steps are
    those of the plain network, bit by bit.

    Args:
        members: S networks that differ in nothing but their weights, on one device.
    """

    def __init__(self, members: Sequence[nn.Module]):
        super().__init__()
        self.networks = nn.ModuleList(members)
        linears = [] if self.alone else zip(*(network.linears for network in members), strict=True)
        self._joint = [_joined(layer) for layer in linears]

    @property
    def alone(self) -> bool:
        """Whether there is one network only."""
        return len(self.networks) == 1

    @property
    def pure(self) -> bool:
        """Whether no activation draws random numbers or changes its state but by learning."""
        return all(network.pure for network in self.networks)

    @property
    def learnt(self) -> list[Tensor]:
        """What an optimiser updates: joint weights and biases, and what each network's activations learn."""
        parts = self.networks if self.alone else [network.activations for network in self.networks]
        own = [parameter for part in parts for parameter in part.parameters() if parameter.requires_grad]
        return [tensor for layer in self._joint for tensor in layer] + own

    def forward(self, x: Tensor) -> Tensor:
        """Logits [S, N, n_classes] of each network's own inputs [S, N, n_inputs]."""
        if self.alone:
            return self.networks[0](x[0]).unsqueeze(0)
        *hidden, last = self._joint
        for layer, (weight, bias) in enumerate(hidden):
            x = self._activate(layer, torch.baddbmm(bias, x, weight))
        weight, bias = last
        return torch.baddbmm(bias, x, weight)

    def keep_gradients(self, gradients: Sequence[Tensor]) -> None:
        """Hand each network's Linear layers their `.grad`, from gradients in the order of `learnt`."""
        if self.alone:
            for parameter, gradient in zip(self.learnt, gradients, strict=True):
                parameter.grad = gradient
            return
        for layer in range(len(self._joint)):
            of_weight, of_bias = gradients[2 * layer : 2 * layer + 2]
            for network, weight, bias in zip(self.networks, of_weight, of_bias, strict=True):
                network.linears[layer].weight.grad, network.linears[layer].bias.grad = weight.t(), bias[0]

    def _activate(self, layer: int, z: Tensor) -> Tensor:
        """Apply a layer's activations, all at once where one module may stand for all of them."""
        modules = [network.activations[layer] for network in self.networks]
        if self.networks[0].interchangeable:
            return modules[0](z)
        return torch.stack([module(own) for module, own in zip(modules, z, strict=True)])


def _joined(layer: Sequence[nn.Linear]) -> tuple[Tensor, Tensor]:
    """Weights [S, n_in, n_out] and biases [S, 1, n_out]; the Linear layers hold views of them from now on."""
    weight = torch.stack([linear.weight.detach().t() for linear in layer])
    bias = torch.stack([linear.bias.detach() for linear in layer]).unsqueeze(1)
    for linear, own_weight, own_bias in zip(layer, weight, bias, strict=True):
        linear.weight.data, linear.bias.data = own_weight.t(), own_bias[0]
    return weight.requires_grad_(), bias.requires_grad_()
