"""One epoch of training, and one look at a whole subset, of networks side by side."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from actbench.data.subsets import Subset
from actbench.networks import modes
from actbench.training import cuda_graph
from actbench.training.optimizers import Optimizer
from actbench.training.stack import Stack

EVALUATION_BATCH = 4096


class Trainer:
    """Trains a stack of S networks, epoch by epoch.

    All that a step needs has its place before the first one, so that a GPU can replay it.

    Args:
        stack: on the same device as `train`.
        train: the training images.
        optimizer: of what the stack learns.
        batch_size: images a step and network.
        log: is called with why a GPU steps more slowly than it could.
    """

    def __init__(
        self,
        stack: Stack,
        train: Subset,
        optimizer: Optimizer,
        batch_size: int,
        log: Callable[[str], None] = lambda line: None,
    ):
        self.stack, self.train, self.optimizer, self.batch_size = stack, train, optimizer, batch_size
        n, device = len(stack.networks), train.x.device
        self.x = torch.empty(n * batch_size, train.x.shape[1], device=device)
        self.loss = torch.zeros(n, dtype=torch.float64, device=device)
        self.correct = torch.zeros(n, dtype=torch.int64, device=device)
        first = torch.zeros(n, batch_size, dtype=torch.int64, device=device)
        changed = [*optimizer.changed, self.loss, self.correct]
        self._capture = lambda log: cuda_graph.captured(self.take_step, first, changed, log, stack.pure)
        self.step = self._capture(log)

    def run(self, batches: Sequence[torch.Generator], factor: float = 1.0) -> list[tuple[float, float]]:
        """Train one epoch; mean loss and accuracy of each network, as seen on the way.

        Learning rates are multiplied by `factor`. A captured step has its rates inside, and is captured anew
        where they change.
        """
        if factor != self.optimizer.factor:
            self.optimizer.factor = factor
            self.step = self._capture(lambda line: None)
        n_batches = len(self.train.y) // self.batch_size
        used = n_batches * self.batch_size
        order = torch.stack([torch.randperm(len(self.train.y), generator=own)[:used] for own in batches])
        self.loss.zero_()
        self.correct.zero_()
        for rows in order.to(self.train.y.device).split(self.batch_size, dim=1):
            self.step(rows)
        self.stack.keep_gradients(self.gradients)
        sums = zip(self.loss.tolist(), self.correct.tolist(), strict=True)
        return [(loss / n_batches, correct / used) for loss, correct in sums]

    def take_step(self, rows: Tensor) -> None:
        """Take one step on images number `rows` [S, batch size] and add up losses and hits."""
        y = self.train.y.index_select(0, rows.flatten()).view(rows.shape)
        torch.index_select(self.train.x, 0, rows.flatten(), out=self.x)
        logits, losses, self.gradients = self.stack.gradients(self.x.unflatten(0, rows.shape), y)
        with torch.no_grad():
            self.optimizer.step(self.gradients)
            self.loss += losses
            self.correct += (logits.argmax(dim=2) == y).sum(dim=1)


def evaluate(stack: Stack, subset: Subset) -> list[tuple[float, float]]:
    """Mean cross-entropy in nats and accuracy in [0, 1] over a subset, of each network.

    Activations that draw in evaluation mode too start from the same random state in every call.
    """
    loss = torch.zeros(len(stack.networks), dtype=torch.float64, device=subset.x.device)
    correct = torch.zeros_like(loss, dtype=torch.int64)
    with modes.frozen(stack), modes.drawing(stack.networks[0]):
        batches = (subset.x.split(EVALUATION_BATCH), subset.y.split(EVALUATION_BATCH))
        for x, y in zip(*batches, strict=True):
            logits = stack(x.expand(len(stack.networks), *x.shape))
            loss += torch.stack([functional.cross_entropy(own, y, reduction="sum") for own in logits])
            correct += (logits.argmax(dim=2) == y).sum(dim=1)
    n = len(subset.y)
    return [(own / n, right / n) for own, right in zip(loss.tolist(), correct.tolist(), strict=True)]
