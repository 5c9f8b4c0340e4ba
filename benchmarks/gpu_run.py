"""One run of `gpu.py`: a line of JSON a result as soon as it is known, sections apart, and a time budget."""

import functools
import json
import statistics
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import setting
import torch
from actbench.data.subsets import Data

ROUNDS = 5


class Run:
    """What all sections share.

    Attributes:
        device: `cuda` or `cpu`.
        small: whether to go through everything with as little work as there can be.
        rows: every line so far.
        threads: of torch on the CPU, before a job's settings took effect.

    Args:
        path: of the lines, one JSON object each.
        budget: seconds from now; a section that would not be done in time is left out.
    """

    def __init__(self, device: str, path: Path, budget: float, small: bool):
        self.device, self.small, self.rows = device, small, []
        self.threads = torch.get_num_threads()
        self._began, self._budget = time.perf_counter(), budget
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lines = path.open("w", encoding="utf-8", buffering=1)

    @property
    def gpu(self) -> bool:
        return self.device.startswith("cuda")

    @property
    def left(self) -> float:
        """Seconds of the budget."""
        return self._budget - (time.perf_counter() - self._began)

    @functools.cached_property
    def images(self) -> setting.Images:
        return setting.images(*((2_560, 512) if self.small else (50_000, 10_000)))

    @functools.cached_property
    def data(self) -> Data:
        """The images as a job has them, on the device."""
        return self.images.data().to(self.device)

    def say(self, section: str, **row: object) -> None:
        """Write a line, and print its beginning."""
        row = {"section": section, "at": round(time.perf_counter() - self._began, 2)} | row
        self.rows.append(row)
        line = json.dumps(row, default=str)
        self._lines.write(line + "\n")
        print(line if len(line) < 200 else line[:199] + "…", flush=True)

    def section(self, work: Callable[["Run"], None], needs: float) -> None:
        """Do one section, named as its function; an exception is a line, and the next section follows."""
        name, before = work.__name__, time.perf_counter()
        if self.left < needs:
            self.say(name, left_out=f"{self.left:.0f} s left, {needs:.0f} needed")
            return
        try:
            work(self)
        except (Exception, SystemExit) as error:
            self.say(name, failed=repr(error)[:500], traceback=traceback.format_exc()[-2000:])
        self.say(name, seconds=round(time.perf_counter() - before, 2))

    def wait(self) -> None:
        """Until the GPU has done all that it was given."""
        if self.gpu:
            torch.cuda.synchronize(self.device)

    def timed(self, work: Callable[[], object], repeats: int = 1, rounds: int = ROUNDS) -> dict[str, float]:
        """Median, lowest and highest time of a call over rounds, in seconds; the first round warms up."""
        repeats, rounds, found = (1, 1, []) if self.small else (repeats, rounds, [])
        for _ in range(rounds + 1):
            self.wait()
            started = time.perf_counter()
            for _ in range(repeats):
                work()
            self.wait()
            found.append((time.perf_counter() - started) / repeats)
        found = found[1:]
        return {"s": statistics.median(found), "low": min(found), "high": max(found), "n": rounds}

    def found(self, section: str, **like: object) -> list[dict]:
        """The lines of a section that have these values."""
        rows = [row for row in self.rows if row["section"] == section]
        return [row for row in rows if all(row.get(key) == value for key, value in like.items())]

    def peak(self, precision: str) -> float | None:
        """TFLOP/s of the largest product of this run, where it was measured."""
        found = self.found("ceilings", of="product", precision=precision)
        return found[0]["tflops"] if found else None
