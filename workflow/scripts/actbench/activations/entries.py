"""The numbers on which a user's activation is tried, and when two results are the same."""

from collections.abc import Iterator

import torch
from torch import Tensor

SHAPE = (5, 7)  # of the numbers tried: more than a vector register holds, and no multiple of one
WIDE = (40, 100)  # times as much
FAR = 1e4


def numbers() -> tuple[Tensor, Tensor]:
    """Numbers of size 1, and ±0.01 to ±1e4 with zeros; all others are different."""
    generator = torch.Generator().manual_seed(0)
    near = torch.randn(SHAPE, generator=generator)
    far = near.sign() * 10 ** (6 * torch.rand(SHAPE, generator=generator) - 2)
    far.view(-1)[::9] = torch.tensor([0.0, -FAR, FAR, 0.0])
    return near, far


def halves() -> Iterator[Tensor]:
    """Masks of about half of the entries: of any two entries one is kept and the other not, in some mask."""
    place = torch.arange(SHAPE[0] * SHAPE[1]).view(SHAPE)
    for bit in range((place.numel() - 1).bit_length()):
        kept = (place >> bit) % 2 == 0
        yield from (kept, ~kept)


def moved(x: Tensor) -> Tensor:
    """Every entry at the next place."""
    return x.flatten().roll(1).view(x.shape)


def reshaped(x: Tensor) -> tuple[Tensor, ...]:
    """One dimension, one row, one column, three dimensions, and as many as a wide layer has."""
    return x.flatten(), x[:1], x[:, :1], x[None, 2:, 3:], x.repeat(*WIDE)


def same(one: Tensor, other: Tensor) -> bool:
    """Equal but for the sign of zeros; NaN equals NaN."""
    if one.shape != other.shape:
        return False
    return bool(((one == other) | ((one != one) & (other != other))).all())


def close(one: Tensor, other: Tensor) -> bool:
    """Equal but for rounding: a number may be computed by another instruction at another place."""
    return torch.allclose(one, other, rtol=1e-4, atol=1e-5, equal_nan=True)
