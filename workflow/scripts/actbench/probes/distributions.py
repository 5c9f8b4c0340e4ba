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

PAIRED = 256  # images of which any two are compared


def measure(network: Network, x: Tensor, bins: int) -> list[dict]:
    """One row a layer and signal with the columns of `PROBE` after `checkpoint`.

    The last layer has a pre-activation (the logits) and no activation. `saturated_fraction` belongs to z of
    hidden layers, `effective_rank`, `mean_cosine` and `within_unit_std` to h; they are null elsewhere.

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
                rows.append(row | collapse(layer.h))
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
        "mean_cosine": None,
        "within_unit_std": None,
    } | histogram(values, bins)


def saturated_fraction(activation: nn.Module, z: Tensor) -> float | None:
    """Share of the entries of z at which the activation is saturated, None if not known.

    Saturated: see `saturation.of`.
    """
    _, derivative = sampling.evaluate(activation, z)
    return saturation.of(activation).share(z, derivative)


def collapse(h: Tensor) -> dict:
    """How differently a layer answers to different images, of its activations h [N, n]."""
    return {
        "effective_rank": effective_rank(h),
        "mean_cosine": mean_cosine(h),
        "within_unit_std": within_unit_std(h),
    }


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


def mean_cosine(h: Tensor) -> float | None:
    """Mean over pairs of the first `PAIRED` images of the cosine between their activations h [N, n].

    With unit vectors u it is (|Σ u|² − N) / (N (N − 1)). None where a vector is 0 or not finite, and of one
    image.
    """
    h = h[:PAIRED].detach().double()
    n, size = len(h), torch.linalg.vector_norm(h, dim=1, keepdim=True)
    if n < 2 or not (size.isfinite() & (size > 0)).all():
        return None
    cosine = ((h / size).sum(dim=0).square().sum().item() - n) / (n * (n - 1))
    return min(cosine, 1.0)


def within_unit_std(h: Tensor) -> float | None:
    """Mean over units of the standard deviation over images, dividing by n, of activations h [N, n].

    Deviations are from the first image, so that a unit that answers the same to every input has exactly 0.
    None where h is not finite everywhere.
    """
    h = h.detach().double()
    h = h - h[0]
    std = (h - h.mean(dim=0)).square().mean(dim=0).sqrt().mean().item()
    return std if math.isfinite(std) else None


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
        "mean_cosine": "float64",
        "within_unit_std": "float64",
    },
    histogram="distribution",
    summarised=[
        "mean",
        "std",
        "zero_fraction",
        "saturated_fraction",
        "effective_rank",
        "mean_cosine",
        "within_unit_std",
    ],
    measure=_of_run,
)
