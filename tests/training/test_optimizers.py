"""The functional update rules give the bits of torch.optim's classes."""

import pytest
import torch
from actbench.training import optimizers

CASES = {
    "plain": (optimizers.SGD, torch.optim.SGD, {"lr": 0.01, "momentum": 0.0, "weight_decay": 0.0}),
    "momentum": (optimizers.SGD, torch.optim.SGD, {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.0}),
    "decay": (optimizers.SGD, torch.optim.SGD, {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.1}),
    "adam": (optimizers.Adam, torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.0}),
    "adamw": (optimizers.AdamW, torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1}),
    "adam decay": (optimizers.Adam, torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.1}),
}


@pytest.mark.parametrize("case", CASES)
def test_same_bits_as_the_class(case):
    ours, theirs, settings = CASES[case]
    torch.manual_seed(0)
    a = [torch.randn(5, 4, requires_grad=True), torch.randn(4, requires_grad=True)]
    b = [tensor.detach().clone().requires_grad_() for tensor in a]
    optimizer, reference = ours(a, **settings), theirs(b, **settings, fused=True)
    for _ in range(20):
        gradients = torch.autograd.grad((a[0] @ a[1]).sin().sum(), a)
        with torch.no_grad():
            optimizer.step(gradients)
        reference.zero_grad()
        (b[0] @ b[1]).sin().sum().backward()
        reference.step()
    assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    assert torch.isfinite(a[0]).all()


@pytest.mark.parametrize("case", CASES)
def test_a_gradient_may_lie_in_memory_otherwise_than_its_parameter(case):
    ours, _, settings = CASES[case]
    plain, other = (torch.zeros(3, 2, requires_grad=True) for _ in range(2))
    gradient = torch.arange(6.0).view(2, 3).t()
    for parameter, lies in ((plain, gradient.contiguous()), (other, gradient)):
        with torch.no_grad():
            ours([parameter], **settings).step([lies])
    assert torch.equal(plain, other) and plain.abs().sum() > 0
