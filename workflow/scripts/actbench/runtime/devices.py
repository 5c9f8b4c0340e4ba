"""Which GPUs there are, and one of them for each job; torch is imported only where a GPU is tried."""

import contextlib
import fcntl
import logging
import os
import re
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from actbench.errors import UserError, one_line
from actbench.runtime import streams
from actbench.storage import files

REASON = "ACTBENCH_CPU_REASON"  # the environment variable that tells jobs why `auto` is the CPU in this study


def resolve(wanted: str) -> str:
    """Turn `device: auto | cpu | cuda` into cpu or cuda, without torch.

    auto is cuda where anything speaks for a GPU; whether torch can use it is asked later, see `trouble`.
    """
    if wanted != "auto":
        return wanted
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    hint = visible() if named is None else named.strip() not in ("", "-1")
    return "cuda" if hint else "cpu"


def visible() -> list[str]:
    """The GPUs that a job on this machine may use: nvidia-smi's list, cut by CUDA_VISIBLE_DEVICES.

    Each by its UUID, since a number means another GPU in another job where a cluster gives each job its own.
    Like CUDA, ignores a name that is no GPU's, and all names after it. Where nvidia-smi gives no answer,
    names are taken as they stand.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    listed = _listed()
    gpus, parts = listed or ([], [])
    if named is None:
        return gpus
    found = []
    for name in map(str.strip, named.split(",")):
        if listed is None:
            match = [name] if name not in ("", "-1") else []
        elif name.isdigit():
            match = gpus[int(name) : int(name) + 1]
        else:
            match = [uuid for uuid in gpus + parts if name and uuid.startswith(name)]
        if len(match) != 1:
            break
        found += match
    return found


def _listed() -> tuple[list[str], list[str]] | None:
    """The UUIDs of GPUs, in the order of their numbers, and of their MIG devices; None without an answer."""
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
        return None
    lines = (rf"^{start} .*\(UUID: (\S+)\)$" for start in (r"GPU \d+:", r"\s+MIG"))
    gpus, parts = (re.findall(line, listed.stdout, re.MULTILINE) for line in lines)
    return gpus, parts


@contextlib.contextmanager
def claimed(wanted: str, folder: str | Path | None = None, poll_seconds: float = 1.0) -> Iterator[str]:
    """Give `cpu`, or `cuda:<i>` of a GPU that no other actbench job on this machine holds meanwhile.

    Snakemake counts GPUs but assigns none: each job locks a file of a GPU, and waits if all are taken.
    A lock ends with its process, however that ends. A job that is not given a GPU, though `wanted` is auto,
    logs why.

    Raises:
        UserError: `wanted` is cuda and torch can use no GPU, or a GPU's memory ran out, or the locks' folder
            is not this user's alone or takes no file.
    """
    if wanted == "cpu":
        if refused():
            logging.getLogger(streams.OURS).info(on_the_cpu(os.environ[REASON]))
        yield "cpu"
        return
    gpus = visible()
    reason = None if gpus else _absence()
    with contextlib.ExitStack() as stack:
        if gpus:
            number = _lock_one(_own_folder(folder), gpus, stack, poll_seconds)
            reason = _refusal(number)
        if reason is None:
            with _memory_errors_in_a_sentence():
                yield f"cuda:{number}"
            return
    if wanted == "cuda":
        raise UserError(no_gpu(reason))
    logging.getLogger(streams.OURS).warning(on_the_cpu(reason))
    print(on_the_cpu(reason), file=streams.standard("stderr"), flush=True)
    yield "cpu"


def trouble(folder: str | Path | None = None) -> str | None:
    """Why torch can use none of the visible GPUs, or None; a GPU that a job of ours holds counts as usable.

    Raises:
        UserError: the locks' folder is not this user's alone or takes no file.
    """
    reasons = []
    for number, name in enumerate(visible()):
        lock = _locked(_own_folder(folder), name)
        if lock is None:
            return None
        with lock:
            reasons.append(_refusal(number))
    if not reasons:
        return _absence()
    return None if None in reasons else reasons[0]


def refuse(reason: str) -> str:
    """Tell the jobs of this Snakemake that `auto` is the CPU, and give the sentence for the terminal."""
    os.environ[REASON] = reason
    return on_the_cpu(reason)


def refused() -> bool:
    """Whether `refuse` was called, here or by the Snakemake of this job."""
    return REASON in os.environ


def on_the_cpu(reason: str) -> str:
    """What is said when auto ends at the CPU."""
    return f"device: auto takes the CPU, since {reason}."


def no_gpu(reason: str) -> str:
    """What is said when `device: cuda` cannot be had."""
    return f"device is 'cuda', but {reason}; allowed here: cpu, auto."


def _absence() -> str:
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    return "nvidia-smi lists no GPU" + ("" if named is None else f" that CUDA_VISIBLE_DEVICES={named} names")


def _refusal(number: int) -> str | None:
    """Why torch cannot use this GPU, the beginning of its words; None if a matrix product was made there."""
    import torch

    try:
        ones = torch.ones(2, 2, device=f"cuda:{number}")
        (ones @ ones).sum().item()
    except (RuntimeError, AssertionError) as error:  # the latter from a torch without CUDA
        return f"torch cannot use the GPU: {one_line(error).split('. ')[0]}"
    return None


@contextlib.contextmanager
def _memory_errors_in_a_sentence() -> Iterator[None]:
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        raise UserError(
            f"The GPU's memory ran out ({one_line(error)}): free it, or choose a smaller "
            "seeds_per_job or device: cpu."
        ) from error


def _own_folder(folder: str | Path | None) -> Path:
    """A folder in which nobody else can have put anything: the temporary folder is everybody's."""
    path = Path(f"actbench-{os.getuid()}")
    try:
        path = Path(folder or tempfile.gettempdir()) / path
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise UserError(
            f"{path}, the folder for the locks of GPUs, cannot be made: {one_line(error.strerror or error)}; "
            "set TMPDIR to another folder."
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise UserError(
            f"{path}, for the locks of GPUs, must be a folder of yours that nobody else may enter "
            "(mode 700): remove it, or set TMPDIR to another folder."
        )
    return path


def _locked(folder: Path, name: str) -> IO[bytes] | None:
    """The lock of a GPU, held while it is open; None if another process holds it."""
    path = folder / f"{name.replace('/', '-')}.lock"
    try:
        lock = files.open_lock(path)
    except OSError as error:
        raise UserError(
            f"{path}, the lock of a GPU, cannot be opened: {one_line(error.strerror or error)}; remove it, "
            "or set TMPDIR to another folder."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _lock_one(folder: Path, gpus: list[str], stack: contextlib.ExitStack, poll_seconds: float) -> int:
    while True:
        for number, name in enumerate(gpus):
            lock = _locked(folder, name)
            if lock is not None:
                stack.enter_context(lock)
                return number
        time.sleep(poll_seconds)
