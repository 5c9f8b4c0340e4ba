"""Gradients of the loss on one fixed batch, layer by layer (Glorot & Bengio 2010)."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from actbench.data.subsets import Data
from actbench.probes.probe import Probe
from actbench.storage.histograms import histogram


def measure(network: nn.Module, x: Tensor, y: Tensor, bins: int) -> list[dict]:
    """Gradients of the mean cross-entropy with respect to weights, biases and pre-activations.

    Args:
        network: an `MLP`.
        x, y: the batch, inputs [N, n_pixels] and class indices [N].
        bins: bins of each histogram.

    Returns:
        One row a layer and tensor (`weight`, `bias`, `preactivation`) with the columns of `PROBE`
        after `checkpoint`. `rms` is the L2 norm over the square root of the number of entries, which
        can be compared across widths; `std` divides by n.
    """
    zs = []
    for z, _ in network.layers(x):
        z.retain_grad()
        zs.append(z)
    network.zero_grad(set_to_none=True)
    functional.cross_entropy(zs[-1], y).backward()
    rows = []
    for layer, (linear, z) in enumerate(zip(network.linears, zs, strict=True)):
        named = {"weight": linear.weight.grad, "bias": linear.bias.grad, "preactivation": z.grad}
        for tensor, gradient in named.items():
            rows.append({"layer": layer, "tensor": tensor} | describe(gradient, bins))
    network.zero_grad(set_to_none=True)
    return rows


def describe(values: Tensor, bins: int) -> dict:
    """Size, spread and histogram of one gradient tensor, computed in float64."""
    values = values.detach().double().flatten()
    l2_norm = torch.linalg.vector_norm(values).item()
    return {
        "n": values.numel(),
        "l2_norm": l2_norm,
        "rms": l2_norm / math.sqrt(values.numel()),
        "mean": values.mean().item(),
        "std": values.std(correction=0).item(),
        "min": values.min().item(),
        "max": values.max().item(),
        "zero_fraction": (values == 0).double().mean().item(),
    } | histogram(values, bins)


def _of_run(network: nn.Module, data: Data, section: Mapping) -> list[dict]:
    n = section["images"]
    return measure(network, data.train.x[:n], data.train.y[:n], section["bins"])


PROBE = Probe(
    name="gradients",
    title="Gradients",
    description="gradients on one fixed batch",
    section={
        "images": {
            "type": "integer",
            "minimum": 1,
            "default": 256,
            "description": "training images of the batch",
        },
        "bins": {
            "type": "integer",
            "minimum": 1,
            "maximum": 10000,
            "default": 100,
            "description": "bins of each histogram",
        },
    },
    key="tensor",
    layers={"weight": "all", "bias": "all", "preactivation": "all"},
    columns={
        "n": "int64",
        "l2_norm": "float64",
        "rms": "float64",
        "mean": "float64",
        "std": "float64",
        "min": "float64",
        "max": "float64",
        "zero_fraction": "float64",
    },
    histogram="gradient",
    summarised=["l2_norm", "rms", "zero_fraction"],
    measure=_of_run,
)
