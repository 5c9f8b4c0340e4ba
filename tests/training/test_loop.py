import math

import pytest
import torch
from actbench.training import loop
from actbench.training.stack import Stack


class FirstPixel(torch.nn.Module):
    def forward(self, x):
        return x * 1000


def test_evaluate_counts_a_known_network(toy):
    ((loss, accuracy),) = loop.evaluate(Stack([FirstPixel()]), toy.test)
    assert accuracy == 1 and loss < 1
    constant = torch.nn.Linear(4, 4)
    torch.nn.init.zeros_(constant.weight)
    torch.nn.init.zeros_(constant.bias)
    ((loss, accuracy),) = loop.evaluate(Stack([constant]), toy.test)
    assert loss == pytest.approx(math.log(4))
    assert accuracy == pytest.approx((toy.test.y == 0).float().mean().item())
