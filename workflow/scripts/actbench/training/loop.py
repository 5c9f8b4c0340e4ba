"""One epoch of training, and one look at a whole subset, of networks side by side."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from actbench.data.subsets import Subset
from actbench.networks import modes
from actbench.training import cuda_graph
from actbench.training.optimizers import Optimizer
from actbench.training.stack import Stack, summed_losses

EVALUATION_BATCH = 4096


class Permutations:
    """Fresh permutations of n images, one after another from each generator, drawn before they are asked for.

    So a CPU draws those of the next epoch while a GPU takes the steps of this one.

    Args:
        n: images.
        kind: the type of their numbers; the permutations are the same in any.
        device: where they are used.
    """

    def __init__(self, n: int, kind: torch.dtype, device: torch.device):
        self.n, self.kind, self.device = n, kind, device
        self._ahead: dict[torch.Generator, Tensor] = {}
        self._copied = torch.cuda.Event() if device.type == "cuda" else None

    def take(self, generators: Sequence[torch.Generator]) -> Tensor:
        """The next one of each generator [S, n], on the device; the next call overwrites them."""
        if not self._ahead.keys() >= set(generators):
            shape, pinned = (len(generators), self.n), self._copied is not None
            self._ahead = dict(
                zip(generators, torch.empty(shape, dtype=self.kind, pin_memory=pinned), strict=True)
            )
            self._there = torch.empty(shape, dtype=self.kind, device=self.device)
            self._draw(generators)
        taken = self._there[: len(generators)]
        for own, generator in zip(taken, generators, strict=True):
            own.copy_(self._ahead[generator], non_blocking=True)
        if self._copied:
            self._copied.record(torch.cuda.current_stream(self.device))
        return taken

    def draw(self, generators: Sequence[torch.Generator]) -> None:
        """Draw what `take` gives next, as soon as what it gave has reached the device."""
        if self._copied:
            self._copied.synchronize()
        self._draw(generators)

    def _draw(self, generators: Sequence[torch.Generator]) -> None:
        for generator in generators:
            torch.randperm(self.n, generator=generator, out=self._ahead[generator])


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
        kind = torch.int64 if stack.exact else torch.int32  # the quicker one on a CPU, the smaller one
        self.permutations = Permutations(len(train.y), kind, device)
        first = torch.zeros(n, batch_size, dtype=kind, device=device)
        held = [*stack.buffers(), *(own for own in stack.parameters() if not own.requires_grad)]
        changed = [*optimizer.changed, *held, self.loss, self.correct]
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
        order = self.permutations.take(batches)[:, :used]
        self.loss.zero_()
        self.correct.zero_()
        for rows in order.split(self.batch_size, dim=1):
            self.step(rows)
        self.permutations.draw(batches)
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
            loss += summed_losses(logits, y, stack.exact)
            correct += (logits.argmax(dim=2) == y).sum(dim=1)
    n = len(subset.y)
    return [(own / n, right / n) for own, right in zip(loss.tolist(), correct.tolist(), strict=True)]
