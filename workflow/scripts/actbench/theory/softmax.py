"""The mean square of the class probabilities of an untrained network."""

import functools
import math

import torch

WIDE = 2.0  # logits of a larger standard deviation are averaged in another way


@functools.lru_cache(maxsize=4096)
def probability_squared(q: float, n_classes: int) -> float:
    """E p² of a class of the softmax of independent normal logits of mean square q.

    With the Gamma integral for 1/(sum of exponentials)² it is ∫ t A(t) B(t)^(n_classes − 1) dt over t > 0,
    A = E e^(2z − t eᶻ) and B = E e^(−t eᶻ); trapezoidal sums over ln t and z, to a relative 10⁻⁸.

    >>> round(probability_squared(1e-12, 10), 6), round(probability_squared(1e6, 2), 2)
    (0.01, 0.5)
    """
    std = math.sqrt(q)
    scale = max(std, 1.0)
    s = torch.arange(-40 - 10 * std, 6 + 10 * std, scale / 16, dtype=torch.float64)[:, None]
    if std <= WIDE:
        z = torch.linspace(-9, 9, 289, dtype=torch.float64)
        weight = torch.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) / 16
        u = s + std * z
        a, b = torch.exp(2 * u - u.exp()) @ weight, torch.exp(-u.exp()) @ weight
    else:  # as averages over u = z + s, by parts where the integrand is no peak
        u = torch.arange(-45, 5, 1 / 16, dtype=torch.float64)
        y = (u - s) / std
        density = torch.exp(-(y**2) / 2) / math.sqrt(2 * math.pi) / std
        a = density @ torch.exp(2 * u - u.exp()) / 16
        b = torch.special.ndtr(y) @ torch.exp(u - u.exp()) / 16
    return ((a * b ** (n_classes - 1)).sum() * scale / 16).item()
