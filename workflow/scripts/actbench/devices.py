"""Which GPUs there are, and one of them for each job; nothing here imports torch."""

import contextlib
import fcntl
import os
import re
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from actbench import files
from actbench.errors import UserError


def resolve(wanted: str) -> str:
    """Turn `device: auto | cpu | cuda` into cpu or cuda; the word cuda is taken as it stands."""
    if wanted == "auto":
        return "cuda" if visible() else "cpu"
    return wanted


def visible() -> list[str]:
    """The GPUs that a job on this machine may use: nvidia-smi's list, cut by CUDA_VISIBLE_DEVICES.

    Each by its UUID, since a number means another GPU in another job where a cluster gives each job its own.
    """
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [part.strip() for part in allowed.split(",")] if allowed is not None else []
    names = [name for name in names if name not in ("", "-1")]
    if allowed is not None and not names:
        return []
    found = _listed()
    if allowed is None:
        return found
    return [found[int(name)] if name.isdigit() and int(name) < len(found) else name for name in names]


def _listed() -> list[str]:
    try:
        listed = subprocess.run(
            ["nvidia-smi", "-L"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return re.findall(r"^GPU \d+: .*\(UUID: (\S+)\)$", listed.stdout, re.MULTILINE)


@contextlib.contextmanager
def claimed(device: str, folder: str | Path | None = None, poll_seconds: float = 1.0) -> Iterator[str]:
    """Give `cpu`, or `cuda:<i>` of a GPU that no other actbench job on this machine holds meanwhile.

    Snakemake counts GPUs but assigns none: each job locks a file of a GPU, and waits if all are taken.
    A lock ends with its process, however that ends.

    Raises:
        UserError: `device` is cuda and there is no GPU, or the locks' folder is not this user's alone.
    """
    if device == "cpu":
        yield device
        return
    gpus = visible()
    if not gpus:
        raise UserError("device is 'cuda', but nvidia-smi lists no GPU; allowed here: cpu, auto.")
    folder = _own_folder(Path(folder or tempfile.gettempdir()) / f"actbench-{os.getuid()}")
    with contextlib.ExitStack() as stack:
        yield f"cuda:{_lock_one(folder, gpus, stack, poll_seconds)}"


def _own_folder(path: Path) -> Path:
    """A folder in which nobody else can have put anything: the temporary folder is everybody's."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise UserError(f"{path}, for the locks of GPUs, cannot be made: {error.strerror}.") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise UserError(
            f"{path}, for the locks of GPUs, must be a folder of yours that nobody else may enter "
            "(mode 700): remove it, or set TMPDIR to another folder."
        )
    return path


def _opened(path: Path) -> IO[bytes]:
    try:
        return files.open_lock(path)
    except OSError as error:
        raise UserError(
            f"{path}, the lock of a GPU, cannot be opened: {error.strerror}; remove it."
        ) from error


def _lock_one(folder: Path, gpus: list[str], stack: contextlib.ExitStack, poll_seconds: float) -> int:
    while True:
        for number, name in enumerate(gpus):
            lock = _opened(folder / f"{name.replace('/', '-')}.lock")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            stack.enter_context(lock)
            return number
        time.sleep(poll_seconds)
