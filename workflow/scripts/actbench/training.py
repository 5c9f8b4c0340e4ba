"""Training one network: mini-batches, early stopping, the best weights kept, a row an epoch."""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import torch
from torch import Tensor, nn
from torch.nn import functional

from actbench import networks, optimizers, parquet
from actbench.histograms import histogram
from actbench.splits import Data, Subset

EVALUATION_BATCH = 4096
HISTOGRAM_BINS = 100
LOSSES = ("train_loss", "val_loss")

RUNS = pa.schema(
    [
        *parquet.KEYS,
        pa.field("status", pa.string(), nullable=False),
        pa.field("trained", pa.bool_(), nullable=False),
        pa.field("n_parameters", pa.int64(), nullable=False),
        pa.field("epochs_run", pa.int32(), nullable=False),
        ("best_epoch", pa.int32()),
        ("train_loss", pa.float64()),
        ("train_accuracy", pa.float64()),
        ("val_loss", pa.float64()),
        ("val_accuracy", pa.float64()),
        ("test_loss", pa.float64()),
        ("test_accuracy", pa.float64()),
    ]
)
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


@dataclass
class Fit:
    """What training leaves: the kept weights, a row an epoch, histograms when asked, and how it ended."""

    status: str
    state: dict[str, Tensor]
    best_epoch: int | None = None
    history: list[dict] = field(default_factory=list)
    histograms: list[dict] = field(default_factory=list)


def prepare_torch(settings: Settings) -> None:
    """Make torch of this process deterministic, with the config's threads and precision.

    Denormal numbers count as zero while training: the momentum of a dead unit decays into them and
    would make each step many times slower without changing any result that matters.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts
    torch.set_deterministic_debug_mode("error")
    torch.set_num_threads(settings.threads)
    torch.set_float32_matmul_precision(settings.precision)
    torch.set_flush_denormal(True)


def fit(
    network: nn.Module,
    data: Data,
    settings: Settings,
    batches: torch.Generator,
    log: Callable[[str], None] = lambda line: None,
) -> Fit:
    """Train `network` in place until `max_epochs`, early stop or divergence.

    Args:
        network: on the same device as `data`.
        data: normalised subsets; an epoch is one fresh permutation of the training images, cut into
            whole mini-batches (a last incomplete one is dropped).
        batches: the run's own generator of permutations.
        log: is called with a line an epoch.

    Returns:
        A `Fit` with status `ok`, or `diverged` when a loss is not finite. The kept weights are those of
        the best validation accuracy (the first, on ties) or the last ones, as `settings.keep` says;
        after divergence, the last ones that were kept before, at worst the initial ones.
    """
    optimizer = _optimizer(network, settings)
    result = Fit("ok", _copy(network))
    best = -math.inf
    for epoch in range(1, settings.max_epochs + 1):
        loss, accuracy = _train_epoch(network, data.train, optimizer, settings.batch_size, batches)
        row = _history_row(network, data, settings, epoch, loss, accuracy)
        result.history.append(row)
        log(_epoch_line(row))
        if not all(math.isfinite(row[key]) for key in LOSSES if row[key] is not None):
            result.status = "diverged"
            break
        if settings.histograms:
            result.histograms += _epoch_histograms(network, epoch)
        better = row["val_accuracy"] is not None and row["val_accuracy"] > best
        if better:
            best, result.best_epoch = row["val_accuracy"], epoch
        if better or settings.keep == "last":
            result.state = _copy(network)
        if settings.patience is not None and epoch - result.best_epoch >= settings.patience:
            break
    _mark_best(result)
    return result


def evaluate(network: nn.Module, subset: Subset) -> tuple[float, float]:
    """Mean cross-entropy in nats and accuracy in [0, 1] over a subset."""
    loss, correct = 0.0, 0
    with networks.frozen(network):
        batches = (subset.x.split(EVALUATION_BATCH), subset.y.split(EVALUATION_BATCH))
        for x, y in zip(*batches, strict=True):
            logits = network(x)
            loss += functional.cross_entropy(logits, y, reduction="sum").double().item()
            correct += int((logits.argmax(dim=1) == y).sum())
    return loss / len(subset.y), correct / len(subset.y)


def score(network: nn.Module, data: Data, result: Fit) -> dict:
    """One row of `RUNS` without its keys, for the kept weights; a diverged run has no scores.

    Whether a network trained is judged on the validation images, or where there are none on the
    training images.
    """
    row = {
        "status": result.status,
        "trained": False,
        "n_parameters": sum(p.numel() for p in network.parameters()),
        "epochs_run": len(result.history),
        "best_epoch": result.best_epoch,
    }
    network.load_state_dict(result.state)
    for name, subset in (("train", data.train), ("val", data.validation), ("test", data.test)):
        scored = result.status == "ok" and len(subset.y)
        loss, accuracy = evaluate(network, subset) if scored else (None, None)
        row |= {f"{name}_loss": loss, f"{name}_accuracy": accuracy}
    if result.status == "ok":
        judge, subset = ("val", data.validation) if len(data.validation.y) else ("train", data.train)
        row["trained"] = row[f"{judge}_accuracy"] >= trained_threshold(subset.y)
    return row


def trained_threshold(labels: Tensor) -> float:
    """Accuracy from which a network counts as trained: a quarter of the way from chance to 1.

    Chance is the share of the largest class among `labels` [N].
    """
    chance = torch.bincount(labels.cpu()).max().item() / len(labels)
    return chance + 0.25 * (1 - chance)


def _optimizer(network: nn.Module, settings: Settings) -> optimizers.Optimizer:
    parameters = _learnt(network)
    common = {"lr": settings.learning_rate, "weight_decay": settings.weight_decay}
    if settings.optimizer == "adam":
        return optimizers.Adam(parameters, **common)
    return optimizers.SGD(parameters, momentum=settings.momentum, **common)


def _learnt(network: nn.Module) -> list[Tensor]:
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


def _train_epoch(
    network: nn.Module,
    train: Subset,
    optimizer: optimizers.Optimizer,
    batch_size: int,
    batches: torch.Generator,
) -> tuple[float, float]:
    """Run one epoch; mean loss and accuracy are those seen on the way, over the images used.

    The gradients of the last batch stay in `.grad`.
    """
    parameters = _learnt(network)
    order = torch.randperm(len(train.y), generator=batches).to(train.y.device)
    n_batches = len(order) // batch_size
    loss_sum = torch.zeros((), dtype=torch.float64, device=train.x.device)
    correct = torch.zeros((), dtype=torch.int64, device=train.x.device)
    for rows in order[: n_batches * batch_size].split(batch_size):
        y = train.y[rows]
        logits = network(train.x[rows])
        loss = functional.cross_entropy(logits, y)
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
        with torch.no_grad():
            optimizer.step(gradients)
            loss_sum += loss
            correct += (logits.argmax(dim=1) == y).sum()
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    return loss_sum.item() / n_batches, correct.item() / (n_batches * batch_size)


def _history_row(
    network: nn.Module, data: Data, settings: Settings, epoch: int, loss: float, accuracy: float
) -> dict:
    val_loss, val_accuracy = evaluate(network, data.validation) if len(data.validation.y) else (None, None)
    test = evaluate(network, data.test)[1] if settings.test_each_epoch else None
    return {
        "epoch": epoch,
        "train_loss": loss,
        "train_accuracy": accuracy,
        "val_loss": val_loss,
        "val_accuracy": val_accuracy,
        "test_accuracy": test,
    }


def _mark_best(result: Fit) -> None:
    """Add `is_best`, true on one row at most, and leave no non-finite number in the history."""
    for row in result.history:
        row["is_best"] = row["epoch"] == result.best_epoch
        for key in LOSSES:
            row[key] = row[key] if row[key] is not None and math.isfinite(row[key]) else None


def _epoch_histograms(network: nn.Module, epoch: int) -> list[dict]:
    """Weights and last-batch weight gradients of the first and the last Linear layer."""
    rows = []
    for layer in (0, len(network.linears) - 1):
        weight = network.linears[layer].weight
        for source, values in (("weight_epoch", weight), ("gradient_epoch", weight.grad)):
            place = {"source": source, "checkpoint": None, "epoch": epoch, "layer": layer}
            rows.append(place | {"tensor": "weight"} | histogram(values, HISTOGRAM_BINS))
    return rows


def _epoch_line(row: Mapping) -> str:
    scores = {key: value for key, value in row.items() if key != "epoch" and value is not None}
    return f"epoch {row['epoch']:3d}" + "".join(f"  {key} {value:.4f}" for key, value in scores.items())


def _copy(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def summary(title: str, rows: list[dict]) -> str:
    """One line on a finished block: what it was, its accuracy, how many networks trained."""
    done = [row for row in rows if row["status"] == "ok"]
    diverged = f", {len(rows) - len(done)} diverged" if len(done) < len(rows) else ""
    accuracies = [row["test_accuracy"] for row in done]
    if not accuracies:
        return f"{title}: all {len(rows)} diverged"
    low, high = (f"{100 * pick(accuracies):.1f}" for pick in (min, max))
    spread = f"{low} %" if low == high else f"{low}–{high} %"
    trained = sum(row["trained"] for row in rows)
    return f"{title}: test accuracy {spread}, {trained} of {len(rows)} trained{diverged}"
