import pytest
import torch
from actbench.activations import relu_autograd
from torch import nn

INF = float("inf")
EDGES = torch.tensor([-INF, -2.0, -1e-45, -0.0, 0.0, 1e-45, 0.5, 3.0, INF, float("nan")])


def bits(tensor):
    return tensor.view(torch.int32).tolist()


def value_and_gradient(module, x, weight):
    x = x.clone().requires_grad_()
    h = module(x)
    (gradient,) = torch.autograd.grad(h, x, weight)
    return bits(h.detach()), bits(gradient)


@pytest.mark.parametrize("x", [EDGES, torch.randn(64, 10, generator=torch.Generator().manual_seed(0))])
def test_value_and_gradient_are_torchs_bit_for_bit(x):
    weight = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    ours = value_and_gradient(relu_autograd.ReLU(), x, weight)
    assert ours == value_and_gradient(nn.ReLU(), x, weight)


def test_derivative_at_zero_is_zero():
    x = torch.zeros(1, requires_grad=True)
    relu_autograd.ReLU()(x).backward()
    assert x.grad.item() == 0


def test_gradient_agrees_with_finite_differences():
    x = torch.tensor([-1.5, -0.3, 0.2, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(relu_autograd.ReLUFunction.apply, (x,))


def test_works_under_vmap_of_grad():
    x, weights = torch.randn(8, 3), torch.randn(5, 3, 4)

    def loss(weight, activation):
        return activation(x @ weight).square().sum()

    by_hand, by_torch = (
        torch.func.vmap(torch.func.grad(loss), in_dims=(0, None))(weights, module)
        for module in (relu_autograd.ReLU(), nn.ReLU())
    )
    assert torch.equal(by_hand, by_torch)
