"""An activation as a function of one number: its values and derivatives close by and far out."""

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

STEP = 1e-3
NEAR = 10.0
FAR = {False: 1e6, True: 1e4}  # a function in single precision drowns in rounding sooner
PER_TAIL = 3072  # samples beyond NEAR on each side


def evaluate(activation: nn.Module, x: Tensor, seed: int = 0) -> tuple[Tensor, Tensor]:
    """f and f′ at every entry of `x`, f′ by autograd; `activation` works entry by entry.

    f′ is 0 where autograd has no path to x. What a function draws at random on the CPU starts from `seed`,
    and torch's own generator continues as if nothing had been drawn.
    """
    x = x.detach().requires_grad_(True)
    with torch.enable_grad(), torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        f = activation(x.clone())
        derivative = torch.autograd.grad(f.sum(), x, allow_unused=True)[0] if f.requires_grad else None
    return f.detach(), torch.zeros_like(x) if derivative is None else derivative


class Function:
    """A copy of an activation in evaluation mode: float64 to float64, whatever it computes in.

    `single` says that it computes in float32 only, `far` how far from 0 it can be followed, `precision` is
    the relative rounding error of its values, and below `underflow` they are as good as 0. A function that
    draws at random has no values: all are NaN.
    """

    def __init__(self, activation: nn.Module):
        x = torch.linspace(-NEAR, NEAR, 102, dtype=torch.float64)
        self.module, self.dtype = copy.deepcopy(activation).double().eval(), torch.float64
        try:
            first, _ = evaluate(self.module, x)
        except Exception:  # whatever a user's own class raises at numbers that are not float32
            self.module, self.dtype = copy.deepcopy(activation).float().eval(), torch.float32
            first, _ = evaluate(self.module, x.float())
        again, _ = evaluate(self.module, x.to(self.dtype), seed=1)
        self.random = not torch.allclose(first, again, rtol=0, atol=0, equal_nan=True)
        f, rounded = self(x)[0], self(x.float().double())[0]
        varies = bool((f != f[0]).any())
        self.single = varies and torch.allclose(f, rounded, rtol=0, atol=0, equal_nan=True)
        self.far = FAR[self.single]
        limits = torch.finfo(torch.float32 if self.single else torch.float64)
        self.precision, self.underflow = limits.eps, 1e18 * limits.tiny

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """f and f′ at float64 `x`; f′ is NaN where f is."""
        f, derivative = evaluate(self.module, x.to(self.dtype))
        f, derivative = f.double(), derivative.double()
        if self.random:
            f = torch.full_like(f, math.nan)
        return f, derivative.where(~f.isnan(), math.nan)


@dataclass(frozen=True)
class Samples:
    """f and f′ at ascending x: every `STEP` on ±`NEAR`, from there in equal ratios to ±`Function.far`."""

    x: Tensor
    f: Tensor
    derivative: Tensor

    @property
    def near(self) -> Tensor:
        """Boolean mask of the entries on ±`NEAR`."""
        return self.x.abs() <= NEAR

    def outwards(self, sign: int) -> "Samples":
        """The entries on one side of 0 (`sign` is −1 or 1), from 0 outwards, over |x|."""
        side = self.x * sign > 0
        parts = (sign * self.x[side], self.f[side], self.derivative[side])
        return Samples(*(part.flip(0) for part in parts) if sign < 0 else parts)


def sample(function: Function) -> Samples:
    """Evaluate a function close by and far out; gaps are filled where their neighbours determine them."""
    n = round(NEAR / STEP)
    near = torch.arange(-n, n + 1, dtype=torch.float64) / round(1 / STEP)
    tail = ratios(NEAR, function.far, PER_TAIL + 1)[1:]
    x = torch.cat([-tail.flip(0), near, tail])
    f, derivative = function(x)
    derivative = _fill_single(function, x, fill_flat(f, derivative, function.underflow), 1)
    return Samples(x, _fill_single(function, x, f, 0), derivative)


def ratios(start: float, end: float, n: int) -> Tensor:
    """n numbers in equal ratios, both ends among them."""
    return torch.logspace(math.log10(start), math.log10(end), n, dtype=torch.float64).clamp(start, end)


def turns(samples: Samples) -> tuple[Tensor, Tensor]:
    """Where f′ changes its sign, passing over zeros: middles of intervals, and by linear interpolation."""
    moving = samples.derivative.isfinite() & (samples.derivative != 0)
    x, slopes = samples.x[moving], samples.derivative[moving]
    changes = slopes[1:].sign() != slopes[:-1].sign()
    low, high, at_low, at_high = x[:-1][changes], x[1:][changes], slopes[:-1][changes], slopes[1:][changes]
    return (high + low) / 2, low + (high - low) * at_low / (at_low - at_high)


def largest(values: Tensor) -> float:
    """The largest entry, −inf of none."""
    return values.max().item() if len(values) else -math.inf


def fill_flat(f: Tensor, derivative: Tensor, underflow: float) -> Tensor:
    """f′ along ascending or descending x, 0 where it is missing and f equals both neighbours.

    So it is for √max(0, x) at x < 0, where autograd multiplies 0 by ∞.
    """
    level = f.diff().abs() <= underflow
    flat = torch.cat([level[:1], level]) & torch.cat([level, level[-1:]])
    return derivative.where(derivative.isfinite() | ~flat, 0.0)


def _fill_single(function: Function, x: Tensor, values: Tensor, which: int) -> Tensor:
    """f (`which` = 0) or f′ (1), single missing values filled if those 1e-6 and 1e-7 beside determine them.

    They do if they agree within 1 % of the neighbours: sin(x)/x at 0 is 1.
    """
    missing = ~values.isfinite()
    missing[1:] &= values[:-1].isfinite()
    missing[:-1] &= values[1:].isfinite()
    at = missing.nonzero().squeeze(1)
    if not len(at):
        return values
    width = 1e-6 * x[at].abs().clamp(min=1)
    close = torch.stack([function(x[at] + step * width)[which] for step in (-1, -0.1, 0.1, 1)])
    beside = torch.stack([values[(at - 1).clamp(min=0)], values[(at + 1).clamp(max=len(x) - 1)]])
    agree = close.amax(0) - close.amin(0) <= 0.01 * beside.abs().amax(0)
    return values.index_put((at,), torch.where(agree, close[1:3].mean(0), values[at]))
