"""Which GPUs there are, and one of them for each job; nothing here imports torch."""

import contextlib
import fcntl
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from actbench.errors import UserError


def resolve(wanted: str) -> str:
    """Turn `device: auto | cpu | cuda` into cpu or cuda; the word cuda is taken as it stands."""
    if wanted == "auto":
        return "cuda" if count() else "cpu"
    return wanted


def count() -> int:
    """Number of GPUs that a job on this machine may use: nvidia-smi's list, cut by CUDA_VISIBLE_DEVICES."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([part for part in visible.split(",") if part.strip() not in ("", "-1")])
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())


@contextlib.contextmanager
def claimed(device: str, folder: str | Path | None = None, poll_seconds: float = 1.0) -> Iterator[str]:
    """Give `cpu`, or `cuda:<i>` of a GPU that no other actbench job on this machine holds meanwhile.

    Snakemake counts GPUs but assigns none: each job locks a file per GPU, and waits if all are taken.
    A lock ends with its process, however that ends.

    Raises:
        UserError: `device` is cuda and there is no GPU.
    """
    if device == "cpu":
        yield device
        return
    n_gpus = count()
    if not n_gpus:
        raise UserError("device is 'cuda', but nvidia-smi lists no GPU; allowed here: cpu, auto.")
    folder = Path(folder or tempfile.gettempdir())
    with contextlib.ExitStack() as stack:
        yield f"cuda:{_lock_one(folder, n_gpus, stack, poll_seconds)}"


def _lock_one(folder: Path, n_gpus: int, stack: contextlib.ExitStack, poll_seconds: float) -> int:
    while True:
        for number in range(n_gpus):
            path = folder / f"actbench-{os.getuid()}-gpu{number}.lock"
            lock = open(path, "w")  # noqa: SIM115, closed by the stack
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            stack.enter_context(lock)
            return number
        time.sleep(poll_seconds)
