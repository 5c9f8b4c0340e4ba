"""What mean field theory predicts of each layer of an untrained network, from its widths and its images.

Mean squares and correlations go forward, gradients backward, as `mean_field` and `correlation` have them
(Poole et al. 2016; Schoenholz et al. 2017), with residual connections as in the reduced residual
networks of Yang & Schoenholz (2017, NeurIPS). Nothing is fitted. It holds for wide layers, before training.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from actbench.theory.gaussian import LARGEST, SMALLEST, Averages
from actbench.theory.mean_field import MeanField
from actbench.theory.softmax import probability_squared

EPS = nn.LayerNorm(1).eps
OF_HIDDEN = ("chi", "activation_mean", "activation_std", "mean_cosine")
OF_ALL = ("q", "preactivation_std", "log10_rms")
BATCH = "batch normalisation: what becomes of an image depends on the others of its batch"
JUMPS = "the function has jumps, and no derivative there"
RANDOM = "the function draws at random"
OVERFLOW = "its numbers leave the range of float64"
KNOWN = "10⁻⁶ to 10⁶"  # `SMALLEST` and `LARGEST`


@dataclass(frozen=True)
class Linear:
    """A Linear layer: widths, σ_w², σ_b², and whether its input is added after the activation function."""

    n_in: int
    n_out: int
    weight_variance: float
    bias_variance: float
    shortcut: bool = False


@dataclass(frozen=True)
class Images:
    """Of the entries of all images their mean square and mean, and cosines of pairs of images.

    `spread`: the standard deviation of the images' own mean squares over their mean; nothing is predicted
    from it.
    """

    mean_square: float
    mean: float
    cosines: Sequence[float]
    spread: float | None = None


def predict(
    activation: nn.Module | MeanField,
    layers: Sequence[Linear],
    images: Images,
    n_batch: int,
    norm: str = "none",
) -> list[dict]:
    """One row a layer, the output layer last.

    Args:
        activation: the module, or its theory, which keeps its averages for the next network.
        layers: the output layer last.
        n_batch: images over which the cross-entropy of the gradients is averaged.
        norm: none, layer or batch, of hidden layers; of `batch` nothing is predicted.

    Returns:
        `layer`, `width`, `weight_std` (σ_w), `bias_std` (σ_b); `q`, the mean square of z; `chi`, σ_w² of the
        next layer times E f′²; `preactivation_std`; `activation_mean` and `activation_std` of h;
        `mean_cosine` of h over the pairs of images; `log10_rms` of dL/dz per entry; z and h are what f is
        given and what it gives. What is not known is None, and `reason` says why.

    >>> layers = [Linear(64, 50, 2.0, 0.0), Linear(50, 10, 2.0, 0.0)]
    >>> rows = predict(nn.ReLU(), layers, Images(1.0, 0.0, [0.2, 0.4]), n_batch=256)
    >>> [row["q"] for row in rows], round(rows[0]["mean_cosine"], 3)
    ([2.0, 2.0], 0.484)
    """
    theory = activation if isinstance(activation, MeanField) else MeanField(activation)
    rows = [_row(number, layer) for number, layer in enumerate(layers)]
    if norm == "batch":
        return [row | {"reason": BATCH} for row in rows]
    _backward(rows, layers, _forward(theory, rows, layers, images, norm), n_batch, norm)
    reason = _reason(theory, rows)
    for row in rows:
        keys = OF_ALL if row is rows[-1] else (*OF_ALL, *OF_HIDDEN)
        row |= {key: row[key] if math.isfinite(row[key]) else None for key in keys}
        row["reason"] = reason if None in [row[key] for key in keys] else None
    return rows


def decay(rows: Sequence[dict]) -> dict[str, float | None]:
    """How dL/dz changes over layers, as `analysis.statistics.decay` has it of measured gradients.

    Returns:
        `slope` of log10 rms over layers, by least squares, and `log10_first_last`, log10 of the first
        layer's rms over the last's; None where that of a layer is, or there is but one.
    """
    logs = [row["log10_rms"] for row in rows]
    if len(logs) < 2 or None in logs:
        return {"slope": None, "log10_first_last": None}
    slope = np.polyfit([row["layer"] for row in rows], logs, 1)[0].item()
    return {"slope": slope, "log10_first_last": logs[0] - logs[-1]}


def _row(number: int, layer: Linear) -> dict:
    """A row in which nothing is predicted yet, its keys in the order of the table."""
    stds = math.sqrt(layer.weight_variance), math.sqrt(layer.bias_variance)
    row = {"layer": number, "width": layer.n_out, "weight_std": stds[0], "bias_std": stds[1]}
    others = ("q", "chi", "preactivation_std", *OF_HIDDEN[1:], "log10_rms", "reason")
    return row | dict.fromkeys(others)


def _forward(
    theory: MeanField, rows: list[dict], layers: Sequence[Linear], images: Images, norm: str
) -> list[tuple[Averages, float]]:
    """Fill in all but the gradients; give back of the hidden layers the averages, and q before the norm.

    A block's input x, of mean square s and mean μ, and its f are independent but for that: x + f has the mean
    square s + 2 μ E f + E f², products of pairs of images likewise.
    """
    square, mean, found = images.mean_square, images.mean, []
    products = square * torch.tensor(list(images.cosines), dtype=torch.float64)
    for row, layer in zip(rows, layers, strict=True):
        q = layer.weight_variance * square + layer.bias_variance
        correlations = (layer.weight_variance * products + layer.bias_variance) / q
        before = q
        if norm == "layer" and row is not rows[-1]:
            q /= q + EPS
        row |= {"q": q, "preactivation_std": math.sqrt(q)}
        if row is rows[-1]:
            break
        averages = theory.averages(q)
        cosines = theory.cosine(correlations, q)
        row |= {
            "chi": layers[row["layer"] + 1].weight_variance * averages.derivative_squared,
            "activation_mean": averages.f,
            "activation_std": math.sqrt(max(averages.f_squared - averages.f**2, 0.0)),
            "mean_cosine": cosines.mean().item(),
        }
        kept = 1.0 if layer.shortcut else 0.0
        both = kept * 2 * mean * averages.f
        square = kept * square + both + averages.f_squared
        products = kept * products + both + averages.f_squared * cosines
        mean = kept * mean + averages.f
        found.append((averages, before))
    return found


def _backward(
    rows: list[dict],
    layers: Sequence[Linear],
    hidden: Sequence[tuple[Averages, float]],
    n_batch: int,
    norm: str,
) -> None:
    """Fill in the gradients of the mean cross-entropy, from the output layer back.

    Those of a layer's output x have G^(l−1) = (s + σ_w² E f′² n_l/n_(l−1)) G^l, s = 1 with a shortcut, else
    0; for LayerNorm see `_normed`.
    """
    n_classes = layers[-1].n_out
    q = rows[-1]["q"]
    squared = probability_squared(q, n_classes) if 0 < q < math.inf else math.nan
    log = math.log10((1 - 2 / n_classes + n_classes * squared) / n_classes) - 2 * math.log10(n_batch)
    rows[-1]["log10_rms"] = log / 2
    log += _log10(_widened(layers[-1]))
    for row, layer, (averages, before) in reversed(list(zip(rows, layers, hidden, strict=False))):
        derivative = averages.derivative_squared
        row["log10_rms"] = (log + _log10(derivative)) / 2
        factor = _widened(layer) * derivative
        if norm == "layer":
            factor *= _normed(layer.n_out) / (before + EPS)
        log += _log10(layer.shortcut + factor)


def _normed(n: int) -> float:
    """The mean square of gradients before LayerNorm over that behind it, times q.

    Of n directions it takes out two, and divides by the variance s² of n normal numbers: E 1/s² is
    n/(n − 3)/q.
    """
    return (n - 2) / (n - 3) if n > 3 else 1.0


def _widened(layer: Linear) -> float:
    return layer.weight_variance * layer.n_out / layer.n_in


def _log10(value: float) -> float:
    return math.log10(value) if value else -math.inf


def unknown(theory: MeanField, q: float, place: str) -> str | None:
    """Why E f² or E f′² of pre-activations of mean square q is not known, None where both are.

    Args:
        place: which pre-activations these are.
    """
    if theory.gaussian.function.random:
        return RANDOM
    averages, here = theory.averages(q), f"{place}, where pre-activations have the mean square {q:.3g}"
    if math.isnan(averages.f_squared) and not SMALLEST <= q <= LARGEST:
        return f"{here}, which is outside of {KNOWN}"
    if not averages.f_squared > 0:
        return f"{here}: E f² is 0, infinite or not known to 8 digits"
    if not theory.gaussian.continuous:
        return JUMPS
    if not averages.derivative_squared > 0:
        return f"{here}: E f′² is 0, infinite or not known to 8 digits"
    return None


def _reason(theory: MeanField, rows: Sequence[dict]) -> str:
    """Why something of a network is not known: the first cause, going forward."""
    causes = (unknown(theory, row["q"], f"layer {row['layer']}") for row in rows[:-1])
    return next(filter(None, causes), OVERFLOW)
