"""What a network that has trained is worth: its losses and accuracies, and whether it trained at all."""

from collections.abc import Mapping

import pyarrow as pa
import torch
from torch import Tensor, nn

from actbench.activations import contract, entries, places
from actbench.data.subsets import Data
from actbench.errors import UserError
from actbench.networks import modes
from actbench.networks.family import Network
from actbench.storage import parquet
from actbench.training import loop
from actbench.training.fitting import Fit, finite
from actbench.training.stack import Stack

SUBSETS = ("train", "val", "test")

RUNS = pa.schema(
    [
        *parquet.KEYS,
        pa.field("status", pa.string(), nullable=False),
        pa.field("learning_rate", pa.float64(), nullable=False),
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


def score(network: nn.Module, data: Data, result: Fit) -> dict:
    """One row of `RUNS` without keys and learning rate, for the kept weights; a diverged run has no scores.

    A run whose kept weights give a subset no finite loss has diverged, and `result` says so from then on.
    Whether a network trained is judged on the validation images, or where there are none on the
    training images.
    """
    network.load_state_dict(result.state)
    scores = _scores(network, data) if result.status == "ok" else {}
    if not finite(scores.values()):
        result.status, scores = "diverged", {}
    row = {
        "status": result.status,
        "trained": False,
        "n_parameters": sum(p.numel() for p in network.parameters()),
        "epochs_run": len(result.history),
        "best_epoch": result.best_epoch,
    }
    row |= {
        f"{name}_{kind}": scores.get(f"{name}_{kind}") for name in SUBSETS for kind in ("loss", "accuracy")
    }
    if result.status == "ok":
        judge, subset = ("val", data.validation) if len(data.validation.y) else ("train", data.train)
        row["trained"] = row[f"{judge}_accuracy"] >= trained_threshold(subset.y)
    return row


def _scores(network: nn.Module, data: Data) -> dict[str, float | None]:
    """Loss and accuracy on each subset, None on an empty one."""
    single, scores = Stack([network]), {}
    for name, subset in zip(SUBSETS, (data.train, data.validation, data.test), strict=True):
        loss, accuracy = loop.evaluate(single, subset)[0] if len(subset.y) else (None, None)
        scores |= {f"{name}_loss": loss, f"{name}_accuracy": accuracy}
    return scores


def check_stored(network: Network, rebuilt: Network, data: Data, result: Fit, spec: Mapping) -> None:
    """Compare a scored network with one rebuilt from its kept weights, on up to 4,096 images, bit by bit.

    Only a user's own activation, or a family, may keep something that is not stored. A diverged run has no
    scores.

    Args:
        network: as `score` left it.
        rebuilt: drawn again from its seed, on the same device; it is given the kept weights.
        spec: of the activation.

    Raises:
        UserError: they are not the same function.
    """
    if result.status != "ok":
        return
    x = (data.validation if len(data.validation.y) else data.train).x[: loop.EVALUATION_BATCH]
    try:
        rebuilt.load_state_dict(result.state)
    except RuntimeError as error:
        raise not_stored(spec, network, x) from error
    logits = []
    for one in (network, rebuilt):
        with modes.frozen(one), modes.drawing(one):
            logits.append(one(x))
    if not entries.same(*logits):
        raise not_stored(spec, network, x)


def not_stored(spec: Mapping, network: Network, x: Tensor) -> UserError:
    """The sentence for an activation, or a family, that keeps a state which is not stored.

    Args:
        x: inputs [N, n_inputs].
    """
    if spec["import"] is None:
        family = type(network).__module__.rpartition(".")[2]
        return UserError(
            f"network.family is {family}: its networks keep a state that their state_dict does not hold; "
            "allowed: parameters and buffers."
        )
    with modes.frozen(network):
        first = next(network.trace(x[:2]))  # one image alone has no batch statistics
    return contract.refusal(spec, contract.NOT_STORED, places.of_class(type(first.activation)))


def trained_threshold(labels: Tensor) -> float:
    """Accuracy from which a network counts as trained: a quarter of the way from chance to 1.

    Chance is the share of the largest class among `labels` [N].
    """
    guessed = chance(labels)
    return guessed + 0.25 * (1 - guessed)


def chance(labels: Tensor) -> float:
    """The accuracy of a network that always answers the largest class of `labels` [N]."""
    return torch.bincount(labels.cpu()).max().item() / len(labels)


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
