"""Singular values of the Jacobian of the logits with respect to the image (dynamical isometry)."""

import contextlib
import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from actbench.data.subsets import Data
from actbench.networks import modes
from actbench.networks.family import Network
from actbench.probes.probe import Probe

BATCH = 2048  # images whose statistics batch normalisation takes before training


def measure(network: Network, x: Tensor, n: int) -> list[dict]:
    """One row for each of the first `n` images with the columns of `PROBE` after `checkpoint`.

    Args:
        network: of any family; each image's logits depend on that image alone.
        x: inputs [N, n_inputs]; the first `BATCH` give the statistics of batch normalisation that has seen no
            batch yet, which are constants then.
    """
    return [{"image": image} | describe(matrix) for image, matrix in enumerate(jacobians(network, x, n))]


def jacobians(network: Network, x: Tensor, n: int) -> Tensor:
    """d logits / d image, [n, n_classes, n_inputs], at the first `n` images, in evaluation mode.

    In float64, unless something in the network refuses it; then in float32, as float64 numbers.
    """
    try:
        return _rows(copy.deepcopy(network).double(), x.double(), n)
    except Exception:  # whatever a user's own class raises at numbers that are not float32
        return _rows(copy.deepcopy(network), x, n).double()


def describe(jacobian: Tensor) -> dict:
    """The columns of `PROBE` of one Jacobian [n_classes, n_inputs]; null where it is not finite."""
    if not jacobian.isfinite().all():
        return dict.fromkeys(PROBE.columns)
    n_classes, n_inputs = jacobian.shape
    values = torch.linalg.svdvals(jacobian)
    squares = functional.pad(values, (0, n_classes - len(values))).square()  # the eigenvalues of J Jᵀ
    mean_square, largest, smallest = squares.mean().item(), values[0].item(), values[-1].item()
    rounding = largest * max(n_classes, n_inputs) * torch.finfo(torch.float64).eps
    return {
        "mean_square": mean_square,
        "spread": squares.var(correction=0).item() / mean_square**2 if mean_square**2 else None,
        "condition": largest / smallest if smallest > rounding else None,
        "largest": largest,
    }


def _rows(network: Network, x: Tensor, n: int) -> Tensor:
    """One backward pass: an image stands there once for each class, and gives that class's logit."""
    with modes.evaluating(network):
        _settle(network, x[:BATCH])
        n_classes = network(x[:n]).shape[1]
        images = x[:n].repeat_interleave(n_classes, dim=0).requires_grad_(True)
        logits = network(images).view(-1, n_classes, n_classes)
        chosen = logits.diagonal(dim1=1, dim2=2).sum()
        (rows,) = torch.autograd.grad(chosen, images, materialize_grads=True)
    return rows.view(-1, n_classes, x.shape[1])


def _settle(network: Network, x: Tensor) -> None:
    """Let batch normalisation without running statistics take those of x, as constants."""
    norms = [norm for norm in getattr(network, "norms", ()) if getattr(norm, "running_mean", norm) is None]
    if not norms:
        return
    with contextlib.ExitStack() as hooks, torch.no_grad():
        for norm in norms:
            hooks.enter_context(norm.register_forward_pre_hook(_take_statistics))
        network(x)


def _take_statistics(norm: nn.Module, inputs: tuple[Tensor]) -> None:
    (x,) = inputs
    norm.running_mean, norm.running_var = x.mean(dim=0), x.var(dim=0, correction=0)


def _of_run(network: Network, data: Data, section: Mapping) -> list[dict]:
    return measure(network, data.train.x, section["images"])


PROBE = Probe(
    name="jacobian",
    title="Jacobian",
    description="singular values of the Jacobian of the logits with respect to the image",
    section={
        "images": {
            "type": "integer",
            "minimum": 1,
            "maximum": 64,
            "default": 8,
            "description": "training images at which it is taken",
        }
    },
    key="image",
    layers="network",
    columns={
        "mean_square": "float64",
        "spread": "float64",
        "condition": "float64",
        "largest": "float64",
    },
    summarised=["mean_square", "spread", "condition", "largest"],
    optional=True,
    measure=_of_run,
)
