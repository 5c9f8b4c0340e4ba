"""No job outlives its Snakemake (on Linux), to write its files beside those of the job that replaces it."""

import contextlib
import ctypes
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

SNAKEMAKE = "ACTBENCH_SNAKEMAKE"  # the environment variable that tells jobs which process started them


def announce() -> None:
    """Called by Snakemake, before it starts a job."""
    os.environ[SNAKEMAKE] = f"{os.getpid()} {namespace()}"


def prevent() -> None:
    """Called by a job, first of all: from now on it is killed when Snakemake ends, and ends now if that has.

    prctl(2), PR_SET_PDEATHSIG, tells of the end of the parent. Where that is a shell (bash before 5.1 does
    not become the command that it runs), a thread waits for Snakemake's end.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    number, _, place = os.environ.get(SNAKEMAKE, "").partition(" ")
    if place != namespace() or int(number) == os.getppid():
        return
    try:
        snakemake = os.pidfd_open(int(number))
    except ProcessLookupError:
        snakemake = None
    if snakemake is None or int(number) not in _ancestors():
        with contextlib.suppress(OSError):
            os.write(2, b"Error: the Snakemake that started this job has ended, and so does the job.\n")
        os._exit(1)
    threading.Thread(target=_end_after, args=(snakemake,), daemon=True).start()


def namespace() -> str:
    """Where process numbers are those that this process sees: a container may have its own."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return "unknown"


def _ancestors() -> Iterator[int]:
    number = os.getppid()
    while number:
        yield number
        try:
            status = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
        number = int(status.rpartition(")")[2].split()[1])


def _end_after(process: int) -> None:
    waiting = select.poll()
    waiting.register(process, select.POLLIN)
    waiting.poll()
    os.kill(os.getpid(), signal.SIGKILL)
