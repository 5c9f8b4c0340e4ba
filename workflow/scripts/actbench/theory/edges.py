"""The edge of chaos of an activation as a curve in the plane of σ_w and σ_b."""

import itertools
import math

import torch
from scipy import optimize
from torch import nn

from actbench.theory.critical import Point, at, homogeneous, point
from actbench.theory.gaussian import LARGEST, Gaussian

BIAS_STDS = [n / 20 for n in range(1, 41)]
GRID = torch.logspace(-3, math.log10(LARGEST), 181, dtype=torch.float64).tolist()  # mean squares q


def curve(activation: nn.Module, gaussian: Gaussian) -> list[Point]:
    """The points with σ_b of `BIAS_STDS`, as far as there are any; where f is homogeneous the one.

    Each is that of the smallest q with q − E f²/E f′² = σ_b², as in `critical.point`. Such a q is at least
    σ_b²: where the averages are not known from there on, neither is the point.

    Args:
        gaussian: the averages of the activation.
    """
    if homogeneous(activation) is not None:
        whole = point(activation, BIAS_STDS[0])
        return [whole] if whole else []
    if not gaussian.continuous:
        return []

    def variance(log_q: float) -> float:
        _, f_squared, derivative_squared, _ = gaussian(math.exp(log_q))
        known = f_squared and derivative_squared  # 0 is also what is below `gaussian.FLOOR`
        return math.exp(log_q) - f_squared / derivative_squared if known else math.nan

    logs, found, wanted = [math.log(q) for q in GRID], [], iter(BIAS_STDS)
    bias_std, before = next(wanted), -math.inf
    for low, high in itertools.pairwise(logs):
        before, after = variance(low) if math.isinf(before) else before, variance(high)
        while bias_std is not None and math.isnan(before) and bias_std**2 <= math.exp(high):
            bias_std = next(wanted, None)
        while bias_std is not None and before < bias_std**2 <= after:
            log_q = optimize.brentq(lambda x, std=bias_std: variance(x) - std**2, low, high, xtol=1e-12)
            found.append(at(gaussian, math.exp(log_q), bias_std))
            bias_std = next(wanted, None)
        before = after
        if bias_std is None:
            break
    return found
