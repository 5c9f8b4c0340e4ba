"""How pre-activations z and activations h = f(z) are distributed, layer by layer."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from actbench.activations import sampling, saturation
from actbench.data.subsets import Data
from actbench.networks import modes
from actbench.networks.family import Network
from actbench.probes.probe import Probe
from actbench.storage.histograms import histogram


def measure(network: Network, x: Tensor, bins: int) -> list[dict]:
    """One row a layer and signal with the columns of `PROBE` after `checkpoint`.

    The last layer has a pre-activation (the logits) and no activation. `saturated_fraction` belongs
    to z of hidden layers, `effective_rank` to h; they are null elsewhere.

    Args:
        network: of any family.
        x: inputs [N, n_pixels].
        bins: bins of each histogram.
    """
    rows = []
    with modes.frozen(network):
        for number, layer in enumerate(network.trace(x)):
            row = {"layer": number, "signal": "preactivation"} | describe(layer.z, bins)
            if layer.h is not None:
                row["saturated_fraction"] = saturated_fraction(layer.activation, layer.z)
            rows.append(row)
            if layer.h is not None:
                row = {"layer": number, "signal": "activation"} | describe(layer.h, bins)
                rows.append(row | {"effective_rank": effective_rank(layer.h)})
    return rows


def describe(values: Tensor, bins: int) -> dict:
    """Moments and histogram of one signal in float64, moments dividing by n.

    A constant signal has neither skewness nor kurtosis (null). Of one that is not finite everywhere, what
    needs all of its values is not finite either (null in the table).
    """
    values = values.detach().double()
    mean, low, high = values.mean(), values.min().item(), values.max().item()
    centred = values - mean
    variance = 0.0 if low == high and math.isfinite(low) else centred.square().mean().item()
    return {
        "mean": mean.item(),
        "std": math.sqrt(variance),
        "min": low,
        "max": high,
        "skewness": centred.pow(3).mean().item() / variance**1.5 if variance**1.5 else None,
        "excess_kurtosis": centred.pow(4).mean().item() / variance**2 - 3 if variance**2 else None,
        "zero_fraction": (values == 0).double().mean().item(),
        "saturated_fraction": None,
        "effective_rank": None,
    } | histogram(values, bins)


def saturated_fraction(activation: nn.Module, z: Tensor) -> float | None:
    """Share of the entries of z at which the activation is saturated, None if not known.

    Saturated: see `saturation.of`.
    """
    _, derivative = sampling.evaluate(activation, z)
    return saturation.of(activation).share(z, derivative)


def effective_rank(h: Tensor) -> float | None:
    """exp of the entropy of the normalised singular values of the centred h [N, n] (Roy & Vetterli 2007).

    A layer that answers the same to every input has rank 0; one that is not finite everywhere has none.
    """
    h = h.detach().double()
    if not h.isfinite().all():
        return None
    varies = h.amax(dim=0) > h.amin(dim=0)
    if not varies.any():
        return 0.0
    singular = torch.linalg.svdvals(h[:, varies] - h[:, varies].mean(dim=0))
    share = singular / singular.sum()
    return torch.special.entr(share).sum().exp().item()


def _of_run(network: Network, data: Data, section: Mapping) -> list[dict]:
    return measure(network, data.train.x[: section["images"]], section["bins"])


PROBE = Probe(
    name="distributions",
    title="Distributions",
    description="distributions of pre-activations and activations",
    section={
        "images": {
            "type": ["integer", "null"],
            "minimum": 2,
            "default": None,
            "description": "training images that are passed through the network; null is 1024, or all where "
            "there are fewer",
        },
        "bins": {
            "type": "integer",
            "minimum": 1,
            "maximum": 10000,
            "default": 100,
            "description": "bins of each histogram",
        },
    },
    key="signal",
    layers={"preactivation": "all", "activation": "hidden"},
    columns={
        "mean": "float64",
        "std": "float64",
        "min": "float64",
        "max": "float64",
        "skewness": "float64",
        "excess_kurtosis": "float64",
        "zero_fraction": "float64",
        "saturated_fraction": "float64",
        "effective_rank": "float64",
    },
    histogram="distribution",
    summarised=["mean", "std", "zero_fraction", "saturated_fraction", "effective_rank"],
    measure=_of_run,
)
