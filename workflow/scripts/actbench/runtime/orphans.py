"""No job outlives its Snakemake (on Linux), to write its files beside those of the job that replaces it."""

import contextlib
import ctypes
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

PAUSE = 0.1  # seconds between looks at the ancestors, where the system cannot tell of their end
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
    if int(number) not in ancestors(os.getppid()):
        with contextlib.suppress(OSError):
            os.write(2, b"Error: the Snakemake that started this job has ended, and so does the job.\n")
        os._exit(1)
    threading.Thread(target=_end_after, args=(int(number),), daemon=True).start()


def namespace() -> str:
    """Where process numbers are those that this process sees: a container may have its own."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return "unknown"


def ancestors(number: int) -> Iterator[int]:
    """This process, its parent, the parent of that, and so on."""
    while number:
        yield number
        try:
            status = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
        number = int(status.rpartition(")")[2].split()[1])


def _end_after(number: int) -> None:
    """Be killed when this process, an ancestor, has ended."""
    try:
        waiting = select.poll()
        waiting.register(os.pidfd_open(number), select.POLLIN)
        waiting.poll()
    except (AttributeError, OSError):  # conda's Python has no pidfd_open; or it has ended
        while number in ancestors(os.getppid()):
            time.sleep(PAUSE)
    os.kill(os.getpid(), signal.SIGKILL)
