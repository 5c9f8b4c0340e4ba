"""What can be derived from an activation function alone, numerically and in float64.

Where f is not finite and nothing determines it, what would need it is None: not known. Definitions:
docs/measurements.md.
"""

import math
from collections.abc import Mapping

import pyarrow as pa
import torch
from torch import Tensor, nn

from actbench.activations import steps
from actbench.activations.sampling import Function, Samples, largest, sample, turns
from actbench.activations.tails import Tail, complete, follow
from actbench.storage import parquet

CURVES = pa.schema(
    [
        pa.field("activation", parquet.NAME, nullable=False),
        pa.field("x", pa.float64(), nullable=False),
        ("f", pa.float64()),
        ("derivative", pa.float64()),
    ]
)
PROPERTIES = pa.schema(
    [
        pa.field("activation", parquet.NAME, nullable=False),
        ("formula", pa.string()),
        ("formula_derivative", pa.string()),
        ("range_low", pa.float64()),
        ("range_high", pa.float64()),
        ("bounded_below", pa.bool_()),
        ("bounded_above", pa.bool_()),
        ("derivative_low", pa.float64()),
        ("derivative_high", pa.float64()),
        ("derivative_bounded_below", pa.bool_()),
        ("derivative_bounded_above", pa.bool_()),
        ("zero_centred", pa.bool_()),
        ("symmetry", pa.string()),
        ("monotone", pa.bool_()),
        ("continuous", pa.bool_()),
        ("smooth", pa.bool_()),
        ("saturates_left", pa.bool_()),
        ("saturates_right", pa.bool_()),
        ("vanishing_left", pa.bool_()),
        ("vanishing_right", pa.bool_()),
        ("can_die", pa.bool_()),
        ("mean_f", pa.float64()),
        ("mean_f_squared", pa.float64()),
        ("mean_derivative_squared", pa.float64()),
        ("gain", pa.float64()),
    ]
)


def curves(activation: nn.Module, points: int = 641, half_width: float = 8.0) -> list[dict]:
    """Rows x, f, derivative on an even grid over ±`half_width`."""
    x = torch.linspace(-half_width, half_width, points, dtype=torch.float64)
    f, derivative = Function(activation)(x)
    values = zip(x.tolist(), f.tolist(), derivative.tolist(), strict=True)
    return [dict(zip(("x", "f", "derivative"), value, strict=True)) for value in values]


def derive(activation: nn.Module) -> dict:
    """The columns of `PROPERTIES` after the formulas; None is not known, ±inf (null once stored) no bound."""
    function = Function(activation)
    samples = sample(function)
    tails, slopes = follow(function, samples)
    in_f, in_derivative = (steps.find(function, samples, which) for which in (0, 1))
    found_f, found_derivative = torch.cat([in_f.seen, in_derivative.seen], dim=1)
    whole = _whole(samples, samples.f, tails) and not in_f.broken
    whole_derivative = whole and _whole(samples, samples.derivative, slopes) and not in_derivative.broken
    turning, _ = function(turns(samples)[1])
    low, high = _range(torch.cat([samples.f, turning, found_f]), tails, whole)
    slope_low, slope_high = _range(
        torch.cat([samples.derivative, found_derivative]), slopes, whole_derivative
    )
    at_zero = samples.f[samples.x == 0].item()
    return {
        "range_low": low,
        "range_high": high,
        "bounded_below": _is_finite(low),
        "bounded_above": _is_finite(high),
        "derivative_low": slope_low,
        "derivative_high": slope_high,
        "derivative_bounded_below": _is_finite(slope_low),
        "derivative_bounded_above": _is_finite(slope_high),
        "zero_centred": at_zero == 0 if math.isfinite(at_zero) else None,
        "symmetry": _symmetry(samples, function, whole),
        "monotone": _monotone(samples, function) and (whole or None),
        "continuous": not in_f.jump and (whole or None),
        "smooth": not in_f.jump and not in_derivative.jump and (whole_derivative or None),
        "saturates_left": tails[0].levels,
        "saturates_right": tails[1].levels,
        "vanishing_left": slopes[0].vanishes,
        "vanishing_right": slopes[1].vanishes,
        "can_die": _flat_piece(samples, function) or (False if whole_derivative else None),
    } | moments(activation)


def not_known(row: Mapping) -> list[str]:
    """The columns that `derive` could not derive; that a constant f has no gain is known."""
    missing = [key for key, value in row.items() if value is None and "bounded" not in key]
    return [key for key in missing if key != "gain" or row["mean_f_squared"] is None]


def moments(activation: nn.Module) -> dict:
    """E f, E f², E f′² for z ~ N(0, 1), and the gain 1/std(f) (None for a constant f).

    Midpoint rule on [-10, 10] in steps of 1e-4: kinks at multiples of the step do no harm. None is not known.
    """
    n = 200_000
    z = (torch.arange(n, dtype=torch.float64) + 0.5) * (20 / n) - 10
    weight = torch.exp(-(z**2) / 2) * (20 / n) / math.sqrt(2 * math.pi)
    f, derivative = Function(activation)(z)
    mean, square = _expected(weight, f), _expected(weight, f**2)
    variance = None if mean is None or square is None else (weight * (f - mean) ** 2).sum().item()
    return {
        "mean_f": mean,
        "mean_f_squared": square,
        "mean_derivative_squared": _expected(weight, derivative**2),
        "gain": 1 / math.sqrt(variance) if variance and variance > 1e-24 * square else None,
    }


def _expected(weight: Tensor, values: Tensor) -> float | None:
    """The weighted sum; None if values are missing or matter at the ends, or if coarser steps disagree."""
    parts = weight * values
    size, end = parts.abs().sum(), parts[[0, -1]].abs().max()
    if not size.isfinite() or end > 1e-12 * size:
        return None
    total, coarse = parts.sum(), 3 * parts[1::3].sum()
    return total.item() if (total - coarse).abs() <= 1e-3 * size else None


def _whole(samples: Samples, values: Tensor, tails: list[Tail]) -> bool:
    """Whether every value is finite, or lies on a tail that is concluded without it."""
    determined = all(tail.levels is not None or tail.end == samples.x[-1] for tail in tails)
    return determined and complete(samples, values, tails)


def _range(values: Tensor, tails: list[Tail], whole: bool) -> tuple[float | None, float | None]:
    """Lower and upper end: ±inf without a bound, None if not known."""
    limits = [tail.limit for tail in tails if tail.limit is not None]
    found = values[values.isfinite()].tolist() + limits
    ends = []
    for sign, sides in ((-1, [tail.low for tail in tails]), (1, [tail.high for tail in tails])):
        if False in sides:
            ends.append(sign * math.inf)
        else:
            ends.append(sign * max(sign * value for value in found) if whole and None not in sides else None)
    return ends[0], ends[1]


def _is_finite(end: float | None) -> bool | None:
    return None if end is None else math.isfinite(end)


def _symmetry(samples: Samples, function: Function, whole: bool) -> str | None:
    """Compared where f and its mirror image are finite; None if nothing there speaks against a symmetry."""
    f, mirrored = samples.f, samples.f.flip(0)
    both = f.isfinite() & mirrored.isfinite()
    size = (f.abs() + mirrored.abs() + largest(f[both & samples.near].abs()))[both]
    for name, difference in (("odd", f + mirrored), ("even", f - mirrored)):
        if (difference[both].abs() <= 5e3 * function.precision * size).all():
            return name if whole else None
    return "neither"


def _monotone(samples: Samples, function: Function) -> bool:
    """Whether, of the finite values, neither a step from sample to sample nor f′ has another sign."""
    x, f, slopes = samples.x.abs(), samples.f, samples.derivative
    steepest = max(0.0, largest(slopes[samples.near & slopes.isfinite()].abs()))
    size = f.abs() + x * steepest
    rises, rounding = f.diff(), 64 * function.precision * (size[1:] + size[:-1])
    known = f[1:].isfinite() & f[:-1].isfinite()
    rises, rounding = rises[known], rounding[known]
    sure = slopes.isfinite() & f.isfinite()
    slopes, blur = slopes[sure], (5e3 * function.precision * (steepest + f.abs() / x.clamp(min=1)))[sure]
    up = (rises >= -rounding).all() and (slopes >= -blur).all()
    return bool(up or ((rises <= rounding).all() and (slopes <= blur).all()))


def _flat_piece(samples: Samples, function: Function) -> bool:
    """Whether f′ is 0 over an interval, and f leaves its value at the interval's end by more than rounding.

    Two samples outside of a piece that is flat by rounding alone (tanh far out), f is still within rounding.
    """
    x, f, zero = samples.x, samples.f, samples.derivative == 0
    flat = zero[1:] & zero[:-1] & (f[1:] == f[:-1])
    if flat.all():
        return True
    steepest = largest(samples.derivative[samples.near & samples.derivative.isfinite()].abs())
    starts = (flat[1:] & ~flat[:-1]).nonzero().squeeze(1) + 1
    ends = (flat[:-1] & ~flat[1:]).nonzero().squeeze(1) + 1
    at = torch.cat([starts, ends])
    outside = f[torch.cat([(starts - 2).clamp(min=0), (ends + 2).clamp(max=len(f) - 1)])]
    rounding = 64 * function.precision * (f[at].abs() + x[at].abs() * max(steepest, 0.0))
    leaves = (outside - f[at]).abs() > rounding + function.underflow
    return bool((leaves & outside.isfinite()).any())
