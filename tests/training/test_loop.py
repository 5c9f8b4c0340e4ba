import math

import pytest
import torch
from actbench.training import loop, stack
from actbench.training.stack import Stack
from torch.nn import functional


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


@pytest.mark.parametrize("kind", [torch.int64, torch.int32])
def test_permutations_are_those_of_their_generators_whoever_stops(kind):
    generators = [torch.Generator().manual_seed(seed) for seed in range(3)]
    others = [torch.Generator().manual_seed(seed) for seed in range(3)]
    permutations = loop.Permutations(50, kind, torch.device("cpu"))
    for running in ([0, 1, 2], [0, 1, 2], [0, 2], [2]):
        taken = permutations.take([generators[i] for i in running])
        expected = [torch.randperm(50, generator=others[i]) for i in running]
        assert taken.dtype == kind and taken.tolist() == torch.stack(expected).tolist()
        permutations.draw([generators[i] for i in running])
        assert taken.tolist() == torch.stack(expected).tolist()


def test_losses_of_all_networks_at_once():
    """The gradient to the last bit, as in a stack on the CPU; sums to rounding."""
    generator = torch.Generator().manual_seed(0)
    logits, y = torch.randn(3, 37, 10, generator=generator), torch.randint(10, (3, 37), generator=generator)
    (one, signal), (other, same) = (stack._loss(logits, y, exact) for exact in (True, False))
    assert torch.equal(signal, same)
    torch.testing.assert_close(one, other)
    expected = torch.stack([functional.cross_entropy(*own) for own in zip(logits, y, strict=True)])
    torch.testing.assert_close(other, expected)
    for exact in (True, False):
        sums = stack.summed_losses(logits, y[0], exact)
        expected = [functional.cross_entropy(own, y[0], reduction="sum").item() for own in logits]
        assert sums.tolist() == pytest.approx(expected)
