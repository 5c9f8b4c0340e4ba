"""How a fork of one of the tests' servers ends."""

import os
import sys
from collections.abc import Callable


def end_after(work: Callable[[], object]) -> None:
    """Do this, and end the process as Python would have ended it."""
    status = 1
    try:
        work()
        status = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(end.code + "\n")
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
