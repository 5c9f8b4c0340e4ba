"""What can be derived from an activation function alone, numerically and in float64.

Grid: [-10, 10] in steps of 1e-3, limits from ±5e3 and ±1e4. Definitions: docs/measurements.md.
"""

import copy
import math
from dataclasses import dataclass

import pyarrow as pa
import torch
from torch import Tensor, nn

from actbench import parquet

STEP = 1e-3
FAR = 1e4
SATURATED = 0.05
BISECTIONS = 25
JUMP = 1e-6
BESIDE = 1e-9

CURVES = pa.schema(
    [
        pa.field("activation", parquet.ACTIVATION, nullable=False),
        pa.field("x", pa.float64(), nullable=False),
        ("f", pa.float64()),
        ("derivative", pa.float64()),
    ]
)
PROPERTIES = pa.schema(
    [
        pa.field("activation", parquet.ACTIVATION, nullable=False),
        ("formula", pa.string()),
        ("formula_derivative", pa.string()),
        ("range_low", pa.float64()),
        ("range_high", pa.float64()),
        ("derivative_low", pa.float64()),
        ("derivative_high", pa.float64()),
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


def evaluate(activation: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """f and f′ at every entry of `x`, f′ by autograd; `activation` works entry by entry."""
    x = x.detach().requires_grad_(True)
    with torch.enable_grad():
        f = activation(x)
        (derivative,) = torch.autograd.grad(f.sum(), x)
    return f.detach(), derivative


@dataclass(frozen=True)
class Saturation:
    """Where an activation counts as saturated: |f′| < `threshold`, and z < `left` or z > `right`."""

    left: float
    right: float
    threshold: float

    def __call__(self, z: Tensor, derivative: Tensor) -> Tensor:
        """Boolean mask of the saturated entries, given z and f′(z) of one shape."""
        return (derivative.abs() < self.threshold) & ((z < self.left) | (z > self.right))


def saturation(activation: nn.Module) -> Saturation:
    """Derive the saturated region of an activation.

    A side counts where f has a finite limit there. It begins at the steepest point of f, or at the
    outermost sign change of f′ if that lies farther out, so that a turning point is not taken for it.
    """
    double = _double(activation)
    x = _grid()
    _, derivative = evaluate(double, x)
    steepest = derivative.abs().max().item()
    edges = torch.cat([x[derivative.abs() >= steepest * (1 - 1e-9)], _turns(x, derivative)])
    return Saturation(
        edges.min().item() if _limit(double, -FAR) is not None else -math.inf,
        edges.max().item() if _limit(double, FAR) is not None else math.inf,
        SATURATED * steepest,
    )


def curves(activation: nn.Module, points: int = 401, half_width: float = 5.0) -> list[dict]:
    """Rows x, f, derivative on an even grid over ±`half_width`."""
    x = torch.linspace(-half_width, half_width, points, dtype=torch.float64)
    f, derivative = evaluate(_double(activation), x)
    values = zip(x.tolist(), f.tolist(), derivative.tolist(), strict=True)
    return [dict(zip(("x", "f", "derivative"), value, strict=True)) for value in values]


def derive(activation: nn.Module) -> dict:
    """The columns of `PROPERTIES` after the formulas; an unbounded range ends in ±inf, null once stored."""
    double = _double(activation)
    x = _grid()
    f, derivative = evaluate(double, x)
    limits = [_limit(double, end) for end in (-FAR, FAR)]
    far_f, far_derivative = evaluate(double, torch.tensor([-FAR, FAR], dtype=torch.float64))
    unbounded = (far_f.sign() * math.inf).tolist()
    ends = [end if limit is None else limit for limit, end in zip(limits, unbounded, strict=True)]
    every_f = torch.cat([f, torch.tensor(ends, dtype=torch.float64)])
    beside = [evaluate(double, x + side * BESIDE)[1] for side in (-1, 1)]
    every_derivative = torch.cat([derivative, far_derivative, *beside])
    vanishing = [_vanishes(double, end) for end in (-FAR, FAR)]
    return {
        "range_low": every_f.min().item(),
        "range_high": every_f.max().item(),
        "derivative_low": every_derivative.min().item(),
        "derivative_high": every_derivative.max().item(),
        "zero_centred": evaluate(double, torch.zeros(1, dtype=torch.float64))[0].item() == 0,
        "symmetry": _symmetry(f),
        "monotone": bool((derivative >= -1e-12).all() or (derivative <= 1e-12).all()),
        "continuous": not _jumps(double, 0),
        "smooth": not _jumps(double, 0) and not _jumps(double, 1),
        "saturates_left": limits[0] is not None,
        "saturates_right": limits[1] is not None,
        "vanishing_left": vanishing[0],
        "vanishing_right": vanishing[1],
        "can_die": bool(((derivative[1:] == 0) & (derivative[:-1] == 0)).any()),
    } | moments(double)


def moments(activation: nn.Module) -> dict:
    """E f, E f², E f′² for z ~ N(0, 1), and the gain 1/std(f) (null for a constant f).

    Midpoint rule on [-10, 10] in steps of 1e-4: kinks at multiples of the step do no harm.
    """
    n = 200_000
    z = (torch.arange(n, dtype=torch.float64) + 0.5) * (20 / n) - 10
    weight = torch.exp(-(z**2) / 2) * (20 / n) / math.sqrt(2 * math.pi)
    f, derivative = evaluate(_double(activation), z)
    mean, square = (weight * f).sum().item(), (weight * f**2).sum().item()
    variance = square - mean**2
    return {
        "mean_f": mean,
        "mean_f_squared": square,
        "mean_derivative_squared": (weight * derivative**2).sum().item(),
        "gain": 1 / math.sqrt(variance) if variance > 1e-15 else None,
    }


def _double(activation: nn.Module) -> nn.Module:
    return copy.deepcopy(activation).double()


def _grid() -> Tensor:
    n = round(10 / STEP)
    return torch.arange(-n, n + 1, dtype=torch.float64) / round(1 / STEP)


def _turns(x: Tensor, derivative: Tensor) -> Tensor:
    """Where f′ changes its sign, passing over zeros."""
    moving = derivative != 0
    x, sign = x[moving], derivative[moving].sign()
    return (x[1:] + x[:-1])[sign[1:] != sign[:-1]] / 2


def _limit(activation: nn.Module, end: float) -> float | None:
    """The limit of f towards `end`, or None; a 1/x tail is extrapolated away."""
    f, _ = evaluate(activation, torch.tensor([end / 2, end], dtype=torch.float64))
    near, far = f.tolist()
    return 2 * far - near if abs(far - near) < 1e-3 else None


def _vanishes(activation: nn.Module, end: float) -> bool:
    _, derivative = evaluate(activation, torch.tensor([end / 10, end], dtype=torch.float64))
    near, far = derivative.abs().tolist()
    return far == 0 or (far < 1e-3 and far < near / 2)


def _symmetry(f: Tensor) -> str:
    mirrored = f.flip(0)
    if torch.allclose(f, -mirrored, rtol=0, atol=1e-12):
        return "odd"
    return "even" if torch.allclose(f, mirrored, rtol=0, atol=1e-12) else "neither"


def _jumps(activation: nn.Module, which: int) -> bool:
    """Whether f (which = 0) or f′ (1) jumps anywhere on the grid.

    Every grid interval is halved again and again towards its larger step: over a width of 3e-11 a
    differentiable function hardly moves, while a jump keeps its size.
    """
    grid = _grid()
    low, high = grid[:-1], grid[1:]
    value_low, value_high = (evaluate(activation, ends)[which] for ends in (low, high))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        value = evaluate(activation, middle)[which]
        left = (value - value_low).abs() >= (value_high - value).abs()
        low, value_low = torch.where(left, low, middle), torch.where(left, value_low, value)
        high, value_high = torch.where(left, middle, high), torch.where(left, value, value_high)
    return bool(((value_high - value_low).abs() > JUMP).any())
