"""Standard streams on which saying something never fails."""

import io
import logging
import sys
from collections.abc import Callable, Iterable
from typing import IO

BOUND = 10_000  # bytes or characters that others may say in a job
OURS = "actbench"  # the name of our own logger
_kept: dict[str, IO[str]] = {}  # standard streams that others took the place of


class Lenient:
    """A stream that never fails: what a closed pipe, a full disk or a closed stream loses is words."""

    def __init__(self, stream: IO[str] | None):
        self.stream = io.StringIO() if stream is None else stream  # None: it was closed from the start
        if hasattr(self.stream, "reconfigure"):
            self.stream.reconfigure(errors="replace")  # a character that the terminal's encoding lacks: ?

    def write(self, text: str) -> int:
        try:
            return self.stream.write(text)
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        try:
            self.stream.flush()
        except (OSError, ValueError):
            return

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)


class Bounded(io.BufferedIOBase):
    """Takes any number of bytes, and hands the first of them on as lines of text.

    Args:
        tell: is called with a line, at last with one that says that more was left out.
    """

    def __init__(self, tell: Callable[[str], object]):
        self.tell, self.left, self.line = tell, BOUND, b""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:
        if self.full:
            return len(data)
        *lines, self.line = (self.line + bytes(data[: self.left])).split(b"\n")
        self.left -= len(data)
        if self.full:
            lines += [self.line, b"(what is printed from here on is left out)"]
        for line in lines:
            self.tell(line.decode("utf-8", errors="replace").rstrip())
        return len(data)

    @property
    def full(self) -> bool:
        return self.left < 0


class Brief(logging.Filter):
    """Lets our own records pass, and of all others together the first `BOUND` characters."""

    left = BOUND

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == OURS:
            return True
        if self.left <= 0:
            return False
        try:
            text = record.getMessage()
        except Exception:  # its words and arguments are anybody's
            return False
        record.msg, record.args = text[: self.left], None
        self.left -= len(text)
        return True


def bound(tell: Callable[[str], object]) -> None:
    """Let all that is printed from now on go to `tell`, bounded: own code may print at every call.

    What we say ourselves goes to `standard`.
    """
    for name in ("stdout", "stderr"):
        _kept.setdefault(name, standard(name))
        stream = io.TextIOWrapper(Bounded(tell), encoding="utf-8", errors="replace", write_through=True)
        setattr(sys, name, stream)


def standard(name: str) -> IO[str]:
    """`stdout` or `stderr` as it was before `bound`."""
    return _kept.get(name) or getattr(sys, name)


def never_fail(handlers: Iterable[logging.Handler] = ()) -> None:
    """Let standard output, standard error and the streams of log handlers be such streams from now on."""
    if not isinstance(sys.stdout, Lenient):
        sys.stdout, sys.stderr = Lenient(sys.stdout), Lenient(sys.stderr)
    for handler in handlers:
        stream = getattr(handler, "stream", None)
        if stream is not None and not isinstance(stream, Lenient):
            handler.stream = Lenient(stream)
