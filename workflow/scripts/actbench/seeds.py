"""Independent random streams: one for each purpose of a run, the same for every activation."""

import hashlib

import torch

PURPOSES = ("weights", "batches", "split")


def generator(seed: int, purpose: str) -> torch.Generator:
    """Give a CPU generator that depends on `seed` and `purpose` and on nothing else.

    Streams of different purposes are independent, so that drawing more weights does not move the
    batch order. Runs that share a seed share both: comparisons across activations are paired.

    Raises:
        ValueError: `purpose` is not one of `PURPOSES`.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"purpose is {purpose!r}; allowed: {', '.join(PURPOSES)}")
    digest = hashlib.sha256(f"actbench/{purpose}/{seed}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
