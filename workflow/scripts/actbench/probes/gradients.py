"""Gradients of the loss on one fixed batch, layer by layer (Glorot & Bengio 2010)."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from actbench.data.subsets import Data
from actbench.networks import modes
from actbench.networks.family import Network
from actbench.probes.probe import Probe
from actbench.storage.histograms import histogram


def measure(network: Network, x: Tensor, y: Tensor, bins: int) -> list[dict]:
    """Gradients of the mean cross-entropy by weights, biases and pre-activations, in evaluation mode.

    Args:
        network: of any family.
        x, y: the batch, inputs [N, n_pixels] and class indices [N].
        bins: bins of each histogram.

    Returns:
        One row a layer and tensor (`weight`, `bias`, `preactivation`) with the columns of `PROBE`
        after `checkpoint`. `rms` is the L2 norm over the square root of the number of entries, which
        can be compared across widths; `std` divides by n.
    """
    layers = []
    with modes.evaluating(network):
        for layer in network.trace(x):
            layer.z.retain_grad()
            layers.append(layer)
    network.zero_grad(set_to_none=True)
    functional.cross_entropy(layers[-1].z, y).backward()
    rows = []
    for number, layer in enumerate(layers):
        for tensor, measured in {**layer.parameters, "preactivation": layer.z}.items():
            gradient = torch.zeros_like(measured) if measured.grad is None else measured.grad
            rows.append({"layer": number, "tensor": tensor} | describe(gradient, bins))
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


def _of_run(network: Network, data: Data, section: Mapping) -> list[dict]:
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
