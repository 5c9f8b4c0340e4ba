"""Whether networks that take their steps together on this machine get the bits that each has by itself."""

from collections.abc import Callable, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from actbench.training.loop import Trainer
from actbench.training.stack import Stack

STEPS = 2  # momentum, and Adam's moments, count from the second on
LARGEST = 1_500_000  # bytes of a network's parameters; beyond, several do not stay in a core's cache
FEWEST = 1_000  # multiplications of a layer's product; below 400 torch does not leave it to a library


def worthwhile(network: nn.Module, batch_size: int) -> bool:
    """Whether networks of this shape may take their steps together on a CPU, and are the faster for it.

    Several threads share a batch of products in another way than a single one. Very small products, and those
    of vectors, are computed otherwise in a batch.
    """
    size = sum(own.numel() * own.element_size() for own in network.parameters())
    shapes = [(batch_size, *linear.weight.shape) for linear in network.linears]
    products = all(min(shape) > 1 and shape[0] * shape[1] * shape[2] >= FEWEST for shape in shapes)
    return torch.get_num_threads() == 1 and size <= LARGEST and products


def same_bits(members: Sequence[nn.Module], trainer: Callable[[Stack, Sequence[int]], Trainer]) -> bool:
    """Take a few steps with copies of the networks, together and one by one, and compare all that they leave.

    Args:
        members: networks that differ in their weights only, on the CPU; they are left as they are.
        trainer: makes what trains a stack of the members of these numbers.

    Returns:
        Whether losses, hits, gradients, parameters and the optimiser's moments are the same, bit by bit.
    """
    if len(members) == 1:
        return True
    together = trainer(Stack(deepcopy(list(members))), range(len(members)))
    singles = [trainer(Stack([deepcopy(network)]), [i]) for i, network in enumerate(members)]
    shape = (len(members), together.batch_size)
    for step in range(STEPS):
        numbers = torch.arange(shape[0] * shape[1]) + step * shape[0] * shape[1]
        rows = numbers.remainder(len(together.train.y)).view(shape)
        together.step(rows)
        for i, (one, own) in enumerate(zip(singles, rows, strict=True)):
            one.step(own.unsqueeze(0))
            left, of_single = _left(together, i), _left(one, 0)
            if len(left) != len(of_single) or not all(map(_same, left, of_single)):
                return False
    return True


def _left(trainer: Trainer, i: int) -> list[Tensor]:
    """What a step leaves of one network."""
    update = trainer.optimizer
    lists = [trainer.gradients, update.parameters, *update.moments]
    own = [tensor for tensors in lists for tensor in trainer.stack.of([i], tensors)]
    return [trainer.loss[i], trainer.correct[i], *own]


def _same(one: Tensor, other: Tensor) -> bool:
    """Equal in every bit; NaN equals itself."""
    return one.shape == other.shape and torch.equal(
        *(tensor.reshape(-1).view(torch.uint8) for tensor in (one, other))
    )
