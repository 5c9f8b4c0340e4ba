"""Independent random streams: one for each purpose of a run, the same for every activation."""

import contextlib
import hashlib
import random
from collections.abc import Iterator

import numpy as np
import torch

PURPOSES = ("weights", "batches", "split", "activations", "tuning-weights", "tuning-batches")


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


@contextlib.contextmanager
def drawn_from(seed: int, device: str | torch.device = "cpu") -> Iterator[None]:
    """Let the global generators start from `seed` for a while; afterwards they are as they were before.

    For code that is not ours and draws from them: torch's, that of the GPU `device`, numpy's and Python's.
    """
    of_python, of_numpy = random.getstate(), np.random.get_state()
    gpus = [device] if torch.device(device).type == "cuda" else []
    try:
        with torch.random.fork_rng(devices=gpus):
            restart(seed)
            yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)


def positions() -> dict[str, object]:
    """Where each global generator stands, to be compared."""
    _, key, position, *_ = np.random.get_state()
    return {
        "torch's generator": torch.get_rng_state().numpy().tobytes(),
        "numpy's generator": (key.tobytes(), position),
        "Python's generator": random.getstate(),
    }


def restart(seed: int) -> None:
    """Start all global generators from `seed`; numpy takes its last 32 bits only."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
