"""Standard streams on which saying something never fails."""

import io
import logging
import sys
from collections.abc import Iterable
from typing import IO


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


def never_fail(handlers: Iterable[logging.Handler] = ()) -> None:
    """Let standard output, standard error and the streams of log handlers be such streams from now on."""
    if not isinstance(sys.stdout, Lenient):
        sys.stdout, sys.stderr = Lenient(sys.stdout), Lenient(sys.stderr)
    for handler in handlers:
        stream = getattr(handler, "stream", None)
        if stream is not None and not isinstance(stream, Lenient):
            handler.stream = Lenient(stream)
