"""ReLU as a `torch.autograd.Function` whose derivative is written by hand."""

import torch
from torch import Tensor, nn


class ReLUFunction(torch.autograd.Function):
    """max(0, x), with derivative 1 for x > 0 and 0 for x <= 0, at 0 too, as in torch.

    Follows "Extending PyTorch" (docs of `torch.autograd.Function`); the rule for `torch.func.vmap` is
    generated from the three methods.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x.clamp(min=0)

    @staticmethod
    def setup_context(ctx, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        (output,) = ctx.saved_tensors
        return torch.where(output <= 0, 0.0, gradient)


class ReLU(nn.Module):
    """`ReLUFunction` as a module."""

    def forward(self, x: Tensor) -> Tensor:
        return ReLUFunction.apply(x)
