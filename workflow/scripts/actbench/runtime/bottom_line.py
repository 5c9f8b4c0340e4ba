"""One line that stays at the bottom of the terminal while a study runs; everything else is printed above it.

The cursor waits at the line's beginning: what anybody prints takes its place, and it is written again. Where
standard error is no terminal, or one that cannot erase, there is none.
"""

import atexit
import contextlib
import functools
import logging
import os
import sys
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, NamedTuple

from actbench.runtime import progress, waiting

EVERY = 1.0  # seconds
COLUMNS = 80  # of a terminal that does not say how many it has


class Task(NamedTuple):
    """A job that is to run: its rule, its name, its work as compared with others of its rule."""

    rule: str
    title: str
    work: float = 1.0


class Course:
    """What has run of a study's jobs, what runs, and what its rules take.

    Args:
        tasks: all jobs that are to run now, by Snakemake's numbers.
        clock: gives seconds.
    """

    def __init__(self, tasks: Mapping[int, Task], clock: Callable[[], float] = time.monotonic):
        self.tasks, self.clock, self.began = tasks, clock, clock()
        self.running: dict[int, float] = {}  # since when
        self.finished: set[int] = set()
        self.total = Counter(waiting.stage(task.rule) for task in tasks.values())
        self.done: Counter[str] = Counter()
        self.measured: dict[str, tuple[float, float]] = {}  # seconds and work of each rule
        self.remaining: Counter[str] = Counter()
        for task in tasks.values():
            self.remaining[task.rule] += task.work

    def start(self, number: int) -> None:
        if number in self.tasks and number not in self.finished:
            self.running[number] = self.clock()

    def finish(self, number: int) -> None:
        if number not in self.running:
            return
        rule, _, work = self.tasks[number]
        seconds, before = self.measured.get(rule, (0.0, 0.0))
        self.measured[rule] = (seconds + self.clock() - self.running.pop(number), before + work)
        self.remaining[rule] -= work
        self.done[waiting.stage(rule)] += 1
        self.finished.add(number)

    def fail(self, number: int) -> None:
        self.running.pop(number, None)

    def left(self) -> waiting.Left | None:
        """Time left, by the jobs that have finished; what runs counts for what it has not done yet."""
        now, remaining = self.clock(), dict(self.remaining)
        if now <= self.began:
            return None
        ran = {number: now - started for number, started in self.running.items()}
        for number, elapsed in ran.items():
            rule, _, work = self.tasks[number]
            seconds, done = self.measured.get(rule, (0.0, 0.0))
            if seconds > 0:
                remaining[rule] -= min(elapsed * done / seconds, work)
        open_ = {rule for rule, _, _ in (self.tasks[n] for n in self.tasks.keys() - self.finished)}
        busy = sum(seconds for seconds, _ in self.measured.values()) + sum(ran.values())
        remaining = {rule: work for rule, work in remaining.items() if rule in open_}
        return waiting.left(self.measured, remaining, busy / (now - self.began))

    def line(self, seen: str = "") -> str:
        """See `waiting.line`."""
        counts = {name: (self.done[name], self.total[name]) for name in waiting.STAGES if self.total[name]}
        return waiting.line(counts, (self.tasks[n].title for n in self.running), self.left(), seen)


class BottomLine(logging.Handler):
    """Follows Snakemake's log, and keeps the line; nothing of it ever fails.

    Args:
        stream: a terminal.
        course: is told what starts and ends.
        seen: gives the accuracy so far.
    """

    def __init__(self, stream: IO[str], course: Course, seen: Callable[[], str] = str):
        super().__init__()
        self.stream, self.course, self.seen = stream, course, seen
        self.drawn, self.closed = False, threading.Event()
        self.inside = False  # whether somebody has begun a line and not ended it
        self.writing = threading.RLock()

    def emit(self, record: logging.LogRecord) -> None:
        event = str(getattr(record, "event", None))
        try:
            with self.writing:
                if event == "job_info":
                    self.course.start(record.jobid)
                elif event == "job_finished":
                    self.course.finish(record.job_id)
                elif event == "job_error":
                    self.course.fail(record.jobid)
        except Exception:  # whatever it is, it costs the line and not the study
            self.closed.set()
        self.draw()

    def draw(self) -> None:
        """Write the line anew, as wide as the terminal is now; not from the background of a shell."""
        with self.writing:
            if self.closed.is_set() or self.inside:
                return
            try:
                number = self.stream.fileno()
                if os.tcgetpgrp(number) != os.getpgrp():
                    return
                columns = os.get_terminal_size(number).columns or COLUMNS
                text = fitted(self.course.line(self.seen()), columns - 1)
                self.stream.write(f"{progress.ERASE}{text}\r")
                self.stream.flush()
                self.drawn = True
            except Exception:  # as above
                self.closed.set()

    def erase(self) -> None:
        """Leave the terminal as if there had been none."""
        with self.writing:
            if self.drawn:
                self.drawn = False
                with contextlib.suppress(OSError, ValueError):
                    self.stream.write(progress.ERASE)
                    self.stream.flush()

    def keep(self) -> None:
        """Write it anew every second, until it is closed."""
        while not self.closed.wait(EVERY):
            self.draw()

    def close(self) -> None:
        self.closed.set()
        self.erase()
        os.environ.pop(progress.SHOWN, None)
        super().close()


class Above:
    """A stream of the same terminal, above the line."""

    def __init__(self, stream: IO[str], line: BottomLine):
        self.stream, self.line = stream, line

    def write(self, text: str) -> int:
        with self.line.writing:
            self.line.erase()
            self.line.inside = not text.endswith("\n") if text else self.line.inside
            return self.stream.write(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)


def wanted(stream: IO[str] | None) -> bool:
    """Whether a stream is a terminal that can erase a line; the line has no colours."""
    isatty = getattr(stream, "isatty", None)
    try:
        return bool(isatty and isatty()) and os.environ.get("TERM", "dumb") not in ("", "dumb")
    except ValueError:  # it is closed
        return False


def show(logger: logging.Logger, tasks: Callable[[], Mapping[int, Task]], path: str | Path | None) -> None:
    """Keep the line from now on; it ends with `hide`, with the logger, or with Python.

    Args:
        logger: Snakemake's, with one handler that writes to the terminal.
        tasks: gives those of `Course`; is called where there is a terminal only.
        path: progress.txt, from which the accuracy so far is read; None where nothing is trained.
    """
    handlers = [handler for handler in logger.handlers if wanted(getattr(handler, "stream", None))]
    if len(handlers) != 1:
        return
    line = BottomLine(handlers[0].stream, Course(tasks()), functools.partial(_accuracy, path))
    handlers[0].stream = Above(handlers[0].stream, line)
    for name in ("stdout", "stderr"):
        if wanted(getattr(sys, name)):
            setattr(sys, name, Above(getattr(sys, name), line))
    os.environ[progress.SHOWN] = "1"
    logger.addHandler(line)
    atexit.register(line.close)
    threading.Thread(target=line.keep, daemon=True).start()
    line.draw()


def hide(logger: logging.Logger) -> None:
    """End the line, if there is one."""
    for handler in list(logger.handlers):
        if isinstance(handler, BottomLine):
            logger.removeHandler(handler)
            handler.close()


def fitted(text: str, columns: int) -> str:
    """The beginning of a text that has room in so many columns, without what moves the cursor.

    >>> fitted("relu, depth 2", 6), fitted("é漢漢", 4), fitted("a" + chr(27) + "b", 9)
    ('relu, ', 'é漢', 'a?b')
    """
    fits = []
    for character in text:
        category = unicodedata.category(character)
        if category.startswith("C"):
            character, category = "?", "Po"
        wide = unicodedata.east_asian_width(character) in "WF"
        columns -= 0 if category in ("Mn", "Me") else 1 + wide
        if columns < 0:
            break
        fits.append(character)
    return "".join(fits)


def _accuracy(path: str | Path | None) -> str:
    try:
        return _accuracy_at(path, Path(path).stat().st_size) if path else ""
    except OSError:
        return ""


@functools.lru_cache(maxsize=1)
def _accuracy_at(path: str | Path, size: int) -> str:
    """The same, read once for each size of the file."""
    found = waiting.read(path)
    return waiting.accuracy(found.lines) if found else ""
