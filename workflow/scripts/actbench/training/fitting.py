"""Training networks: mini-batches, early stopping, the best weights kept, a row an epoch."""

import functools
import itertools
import math
import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import torch
from torch import Tensor, nn

from actbench.data.subsets import Data
from actbench.networks import modes
from actbench.networks.family import Network
from actbench.storage import parquet
from actbench.storage.histograms import histogram
from actbench.training import compared, loop, optimizers, schedules
from actbench.training.stack import Stack

HISTOGRAM_BINS = 100
LOSSES = ("train_loss", "val_loss")
ACCURACIES = ("train_accuracy", "val_accuracy", "test_accuracy")

HISTORY = pa.schema(
    [
        *parquet.KEYS,
        pa.field("epoch", pa.int32(), nullable=False),
        ("train_loss", pa.float64()),
        ("train_accuracy", pa.float64()),
        ("val_loss", pa.float64()),
        ("val_accuracy", pa.float64()),
        ("test_accuracy", pa.float64()),
        pa.field("is_best", pa.bool_(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Settings:
    """The config section `training`, key by key."""

    optimizer: str
    learning_rate: float
    momentum: float
    weight_decay: float
    batch_size: int
    max_epochs: int
    patience: int | None
    keep: str
    test_each_epoch: bool
    histograms: bool
    precision: str
    threads: int
    schedule: str = "constant"
    warmup_epochs: int = 0


@dataclass
class Fit:
    """What training leaves: the kept weights, a row an epoch, histograms when asked, and how it ended.

    `snapshots` are the weights after each of the epochs asked for that it reached. `seconds` is the time of
    the epochs, validation included; networks that train together share each equally.
    """

    state: dict[str, Tensor]
    status: str = "ok"
    best_epoch: int | None = None
    history: list[dict] = field(default_factory=list)
    histograms: list[dict] = field(default_factory=list)
    snapshots: dict[int, dict[str, Tensor]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def best(self) -> float:
        """The best validation accuracy so far."""
        return -math.inf if self.best_epoch is None else self.history[self.best_epoch - 1]["val_accuracy"]


def prepare_torch(settings: Settings) -> None:
    """Make torch of this process deterministic, with the config's threads and precision.

    Denormal numbers count as zero while training: the momentum of a dead unit decays into them and
    would make each step many times slower without changing any result that matters.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts
    torch.set_deterministic_debug_mode("error")
    torch.utils.deterministic.fill_uninitialized_memory = False  # a debugging aid that costs a pass a tensor
    torch.set_num_threads(settings.threads)
    torch.set_float32_matmul_precision(settings.precision)
    torch.set_flush_denormal(True)


def fit(
    members: Sequence[nn.Module],
    data: Data,
    settings: Settings,
    batches: Sequence[torch.Generator],
    log: Callable[[str], None] = lambda line: None,
    rates: Sequence[float] | None = None,
    epochs: Collection[int] = (),
) -> list[Fit]:
    """Train networks in place, each until `max_epochs`, its own early stop or its own divergence.

    On a GPU they take their steps together, and a network's numbers depend on its neighbours in the last
    bits, because batched matrix products round differently. On a CPU they do so where each network gets the
    bits that it has by itself (`compared`), and train one after another everywhere else. So do networks that
    are not pure or not stackable (`family.Network`), each drawing from its own seed (`modes.drawing`).

    Args:
        members: S networks that differ in their weights only, on the same device as `data`.
        data: normalised subsets; an epoch is one fresh permutation of the training images, cut into
            whole mini-batches (a last incomplete one is dropped).
        batches: each run's own generator of permutations.
        log: is called with a line an epoch and network.
        rates: the learning rate of each network, where they differ; one call updates neighbours of one rate.
        epochs: those after which a network's weights are copied, whatever is kept, if its losses are finite.

    Returns:
        S times a `Fit` with status `ok`, or `diverged` when a loss is not finite. The kept weights are those
        of the best validation accuracy (the first, on ties) or the last ones, as `settings.keep` says;
        after divergence, the last ones that were kept before, at worst the initial ones.
    """
    rates = [settings.learning_rate] * len(members) if rates is None else list(rates)
    side_by_side = all(network.pure and network.stackable for network in members)
    if side_by_side and _together(members, data, settings, log, rates):
        return _fit(members, data, settings, batches, log, rates, epochs)
    fits = []
    for i, (network, own, rate) in enumerate(zip(members, batches, rates, strict=True)):
        with modes.drawing(network):
            named = lambda line, i=i: log(_prefix(i, members) + line)  # noqa: E731
            fits += _fit([network], data, settings, [own], named, [rate], epochs)
    return fits


def _together(
    members: Sequence[nn.Module],
    data: Data,
    settings: Settings,
    log: Callable[[str], None],
    rates: Sequence[float],
) -> bool:
    """Whether networks take their steps together."""
    if len(members) == 1 or data.train.x.device.type != "cpu":
        return True
    if not compared.worthwhile(members[0], settings.batch_size):
        return False
    same = compared.same_bits(members, _trainers(data, settings, rates))
    if not same:
        log("networks train one by one: together their steps have other bits on this machine")
    return same


def _fit(
    members: Sequence[nn.Module],
    data: Data,
    settings: Settings,
    batches: Sequence[torch.Generator],
    log: Callable[[str], None],
    rates: Sequence[float],
    epochs: Collection[int],
) -> list[Fit]:
    before = time.perf_counter()
    results = [Fit(_copy(network)) for network in members]
    trainer = _trainer(Stack(members), data, settings, rates, log)
    stacked = running = list(range(len(members)))
    for epoch in range(1, settings.max_epochs + 1):
        factor = schedules.factor(epoch, settings.schedule, settings.warmup_epochs, settings.max_epochs)
        seen = trainer.run([batches[i] for i in stacked], factor)
        rows = dict(zip(stacked, _history_rows(epoch, seen, trainer.stack, data, settings), strict=True))
        for i in running:
            log(_prefix(i, members) + _epoch_line(rows[i]))
        unfinished = [
            i
            for i in running
            if _update_early_stopping(results[i], members[i], rows[i], settings, data, epochs)
        ]
        now = time.perf_counter()
        for i in running:
            results[i].seconds += (now - before) / len(running)
        fewer, running = len(unfinished) < len(running), unfinished
        if not running:
            break
        if fewer and (smaller := _smaller(trainer, running, stacked, data, settings, rates)):
            trainer, stacked = smaller, running
        before = time.perf_counter()
    for result in results:
        _mark_best(result)
    return results


def _smaller(
    trainer: loop.Trainer,
    running: list[int],
    stacked: list[int],
    data: Data,
    settings: Settings,
    rates: Sequence[float],
) -> loop.Trainer | None:
    """A trainer of the networks that still run, which continues from the state of that of all stacked ones.

    None where they had better stay together: where fewer networks would have other bits, and on a GPU, whose
    step is captured anew, until half have ended.
    """
    exact = trainer.stack.exact
    if not exact and 2 * len(running) > len(stacked):
        return None
    stay = [stacked.index(i) for i in running]
    members, own = [trainer.stack.networks[i] for i in stay], [rates[i] for i in running]
    if exact and not compared.same_bits(members, _trainers(data, settings, own)):
        return None
    smaller = _trainer(Stack(members), data, settings, own)
    smaller.permutations = trainer.permutations
    smaller.optimizer.take_over(trainer.optimizer, lambda tensors: trainer.stack.of(stay, tensors))
    return smaller


def _trainers(
    data: Data, settings: Settings, rates: Sequence[float]
) -> Callable[[Stack, Sequence[int]], loop.Trainer]:
    """What `compared.same_bits` makes trainers with."""
    return lambda stack, numbers: _trainer(stack, data, settings, [rates[i] for i in numbers])


def _trainer(
    stack: Stack,
    data: Data,
    settings: Settings,
    rates: Sequence[float],
    log: Callable[[str], None] = lambda line: None,
) -> loop.Trainer:
    return loop.Trainer(stack, data.train, optimizer(stack, settings, rates), settings.batch_size, log)


def optimizer(stack: Stack, settings: Settings, rates: Sequence[float] | None = None) -> optimizers.Optimizer:
    """The update rule that the settings name, of what a stack learns.

    Args:
        rates: the learning rate of each network; None is that of the settings.
    """
    rates = [settings.learning_rate] * len(stack.networks) if rates is None else rates
    groups = [list(own) for _, own in itertools.groupby(range(len(rates)), rates.__getitem__)]
    parts = [functools.partial(stack.of, own) for own in groups] if len(groups) > 1 else [list]
    common = {
        "lr": [rates[own[0]] for own in groups],
        "weight_decay": settings.weight_decay,
        "parts": parts,
    }
    if settings.optimizer == "sgd":
        return optimizers.SGD(stack.trainable, momentum=settings.momentum, **common)
    kinds = {"adam": optimizers.Adam, "adamw": optimizers.AdamW}
    return kinds[settings.optimizer](stack.trainable, **common)


def _history_rows(
    epoch: int, trained: list[tuple[float, float]], stack: Stack, data: Data, settings: Settings
) -> list[dict]:
    """One row of `HISTORY` for each network, without its keys and `is_best`."""
    none = [(None, None)] * len(trained)
    validated = loop.evaluate(stack, data.validation) if len(data.validation.y) else none
    tested = loop.evaluate(stack, data.test) if settings.test_each_epoch else none
    return [
        {
            "epoch": epoch,
            "train_loss": train[0],
            "train_accuracy": train[1],
            "val_loss": val[0],
            "val_accuracy": val[1],
            "test_accuracy": test[1],
        }
        for train, val, test in zip(trained, validated, tested, strict=True)
    ]


def _update_early_stopping(
    result: Fit, network: nn.Module, row: dict, settings: Settings, data: Data, epochs: Collection[int]
) -> bool:
    """Add an epoch's row to a network's result; whether the network needs another epoch."""
    best = result.best
    result.history.append(row)
    if not finite(row[key] for key in LOSSES):
        result.status = "diverged"
        return False
    if row["epoch"] in epochs:
        result.snapshots[row["epoch"]] = _copy(network)
    if settings.histograms:
        result.histograms += _epoch_histograms(network, data.train.x[:1], row["epoch"])
    better = row["val_accuracy"] is not None and row["val_accuracy"] > best
    if better:
        result.best_epoch = row["epoch"]
    if better or settings.keep == "last":
        result.state = _copy(network)
    return settings.patience is None or row["epoch"] - result.best_epoch < settings.patience


def _mark_best(result: Fit) -> None:
    """Add `is_best`, true on one row at most; an epoch with a loss that is not finite has no accuracies."""
    for row in result.history:
        row["is_best"] = row["epoch"] == result.best_epoch
        if not finite(row[key] for key in LOSSES):
            row |= dict.fromkeys(ACCURACIES)
            row |= {key: None for key in LOSSES if not finite([row[key]])}


def finite(values: Iterable[float | None]) -> bool:
    """Whether all that were measured are finite."""
    return all(math.isfinite(value) for value in values if value is not None)


def _epoch_histograms(network: Network, x: Tensor, epoch: int) -> list[dict]:
    """Weights and last-batch weight gradients of the first and the last layer; `x` are any inputs."""
    with modes.frozen(network), modes.drawing(network):
        weights = [layer.parameters["weight"] for layer in network.trace(x)]
    rows = []
    for layer in (0, len(weights) - 1):
        weight = weights[layer]
        for source, values in (("weight_epoch", weight), ("gradient_epoch", weight.grad)):
            place = {"source": source, "checkpoint": None, "epoch": epoch, "layer": layer}
            rows.append(place | {"tensor": "weight"} | histogram(values, HISTOGRAM_BINS))
    return rows


def _prefix(i: int, members: Sequence[nn.Module]) -> str:
    return f"network {i + 1} of {len(members)}, " if len(members) > 1 else ""


def _epoch_line(row: Mapping) -> str:
    scores = {key: value for key, value in row.items() if key != "epoch" and value is not None}
    return f"epoch {row['epoch']:3d}" + "".join(f"  {key} {value:.4f}" for key, value in scores.items())


def _copy(network: nn.Module) -> dict[str, Tensor]:
    return {
        name: tensor.detach().clone(memory_format=torch.contiguous_format)
        for name, tensor in network.state_dict().items()
    }
