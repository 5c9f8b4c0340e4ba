"""The study's progress: a line on the terminal for each finished block."""

import os
import time
from pathlib import Path

from actbench.runtime import streams
from actbench.storage import files

SHOWN = (
    "ACTBENCH_BOTTOM_LINE"  # an environment variable: whether there is a line at the bottom of the terminal
)
ERASE = "\r\x1b[J"  # erases it, also where a narrower terminal has wrapped it


def begin(path: str | Path, n_blocks: int) -> None:
    """Note, when Snakemake starts, how many blocks are to be trained now."""
    files.write_text(f"{n_blocks} {time.time():.3f}\n", path)


def line(path: str | Path, text: str) -> str:
    """Add a finished block to the progress file and give the line for the terminal.

    The file's first line is number of blocks and start time; each finished block adds one. Without
    the file (a job run by hand), or if it cannot be used, the line comes without a count.
    """
    try:
        head = Path(path).read_text(encoding="utf-8").splitlines()[0]
        with open(path, "a", encoding="utf-8") as stream:
            stream.write(text + "\n")
        done = Path(path).read_text(encoding="utf-8").splitlines()[1:]
        total, started = head.split()
        remaining = max(int(total) - len(done), 0)
        left = (time.time() - float(started)) / len(done) * remaining
    except (OSError, ValueError, IndexError):
        return text
    width = len(total)
    return f"[{len(done):{width}d}/{total}] {text}, {_duration(left) if remaining else 'training done'}"


def say(text: str) -> None:
    """Print a line of a job, in place of the line at the bottom of the terminal, which comes again below."""
    stream = streams.standard("stdout")
    erase = ERASE if os.environ.get(SHOWN) and stream.isatty() else ""
    print(f"{erase}{text}", file=stream, flush=True)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(seconds, 1):.0f} s of training left"
    return f"about {seconds / 60:.0f} min of training left"
