"""What a job tells: its log file, its failures, and the study's progress on the terminal."""

import logging
import os
import sys
import time
import traceback
from pathlib import Path

from actbench import files
from actbench.errors import UserError


def start(path: str | Path) -> logging.Logger:
    """Log to `path` from now on; an uncaught exception goes there and to the screen.

    A `UserError` shows its sentence only, everything else a traceback.
    """
    logging.basicConfig(
        filename=path, filemode="w", level=logging.INFO, format="%(asctime)s %(message)s", force=True
    )
    logging.captureWarnings(True)
    sys.excepthook = _report
    return logging.getLogger("actbench")


def finish() -> None:
    """End a job that has done its work, as the last statement of its script.

    Python would take its modules apart first; after torch has been imported that costs 0.6 s, in each of
    a study's many short jobs. All files are closed by then, and the operating system frees the rest.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _report(kind: type[BaseException], error: BaseException, trace) -> None:
    full = "".join(traceback.format_exception(kind, error, trace))
    text = f"Error: {error}\n" if isinstance(error, UserError) else full
    logging.getLogger("actbench").error(text.rstrip())
    sys.stderr.write(text)


def begin_progress(path: str | Path, n_blocks: int) -> None:
    """Note, when Snakemake starts, how many blocks are to be trained now."""
    files.write_text(f"{n_blocks} {time.time():.3f}\n", path)


def progress(path: str | Path, line: str) -> str:
    """Add a finished block to the progress file and give the line for the terminal.

    The file's first line is number of blocks and start time; each finished block adds one. Without
    the file (a job run by hand) the line comes without a count.
    """
    path = Path(path)
    if not path.exists():
        return line
    with open(path, "a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    head, *done = path.read_text(encoding="utf-8").splitlines()
    total, started = head.split()
    left = (time.time() - float(started)) / len(done) * max(int(total) - len(done), 0)
    width = len(total)
    return f"[{len(done):{width}d}/{total}] {line}, {_duration(left)}"


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "training done"
    if seconds < 90:
        return f"about {seconds:.0f} s of training left"
    return f"about {seconds / 60:.0f} min of training left"
