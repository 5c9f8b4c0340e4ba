"""A warning about own code that does not return: a slow function and an endless one look the same."""

import contextlib
import logging
import threading
from collections.abc import Iterator

from actbench.runtime import streams

SECONDS = 60.0


@contextlib.contextmanager
def watched(what: str) -> Iterator[None]:
    """Warn in the log, once, if the body takes longer than `SECONDS`.

    Args:
        what: is being tried; the sentence begins with it.
    """
    words = f"{what} has been tried for {SECONDS:g} s and is still running; if it never ends, Ctrl-C ends it."
    timer = threading.Timer(SECONDS, logging.getLogger(streams.OURS).warning, ["%s", words])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
