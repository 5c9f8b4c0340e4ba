"""The life of a job: a quick start, a log, failures that are seen, a quick end.

Scripts call `begin` before they import anything else, `start` after that, and `finish` at the end. A study
has many short jobs, and of each one's time most goes into importing torch and taking it apart again: pausing
the garbage collector while importing saves 0.3 s a job, `finish` another 0.6 s (AMD EPYC, 2 cores; CPU time,
mean of 4). Ctrl-C ends a job at once and without a word, also while it is importing: files are whole or not
there, so there is nothing to tidy up. A job also ends with its Snakemake, see `orphans`.
"""

import gc
import logging
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path

from actbench.errors import UserError
from actbench.runtime import fork_server, imports, orphans, outside, streams

_imported_at: list[float] = []  # CPU seconds of this process when `start` was called


def isolate() -> None:
    """End with Snakemake, keep the user's settings for other programs out, serve own code, from now on."""
    orphans.prevent()
    outside.keep_out()
    imports.install()


def begin() -> None:
    """`isolate` the process, and let a fork do the job's work where there is a server (`fork_server`).

    Garbage is not collected until `start`; Ctrl-C ends the job without a word.

    An uncaught exception is shown as `start` says.
    """
    isolate()
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.excepthook = _report
    fork_server.hand_over()


def start(path: str | Path, code: Mapping[str, str] | None = None) -> logging.Logger:
    """Log to `path` from now on; an uncaught exception goes there and to the screen.

    `code` is the digest of each file that the job was planned to run, its script first; what it imports is
    compared with them (`imports.check`). None for a script that is run by hand.

    A `UserError` shows its sentence only, everything else a traceback. Garbage collection, which `begin`
    has paused, is resumed. Printing never fails from now on. Where a user's activation is among
    the code, what is printed goes to the log, up to a bound: our own lines go to `streams.standard`.
    """
    streams.never_fail()
    logging.raiseExceptions = False  # a log on a full disk must not hide what went wrong
    try:
        logging.basicConfig(
            filename=path,
            filemode="w",
            encoding="utf-8",
            errors="replace",
            level=logging.INFO,
            format="%(asctime)s %(message)s",
            force=True,
        )
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from error
    logging.captureWarnings(True)
    imports.expect(code or {})
    _check_script(code or {})
    log = logging.getLogger(streams.OURS)
    if imports.FINDER.own:
        logging.getLogger().handlers[0].addFilter(streams.Brief())
        streams.bound(log.info)
    _imported_at.append(time.process_time())
    gc.freeze()
    gc.enable()
    return log


def finish() -> None:
    """End a job that has done its work, as the last statement of its script.

    Python would take its modules apart first. All files are closed by then, and the operating system
    frees the rest. The log's last line says where the job's CPU time went, and how much memory it had at
    most. Snakemake's benchmark files would see only the process that waits for a fork (`fork_server`).

    Raises:
        UserError: own code that was not planned was imported, see `imports.check`.
    """
    imports.check()
    importing, total = _imported_at[0], time.process_time()
    spent = f"CPU seconds: imports {importing:.2f}, work {total - importing:.2f}"
    logging.getLogger(streams.OURS).info("%s; at most %d MiB of memory", spent, _peak_memory())
    logging.shutdown()
    streams.standard("stdout").flush()
    streams.standard("stderr").flush()
    os._exit(0)


def _peak_memory() -> int:
    """The most that this process had in memory, in MiB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes on macOS, else KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


def _check_script(code: Mapping[str, str]) -> None:
    """Compare the script that runs, Snakemake's copy of it, with the one that was planned."""
    copy = getattr(sys.modules["__main__"], "__real_file__", None)
    if not code or copy is None:
        return
    script, digest = next(iter(code.items()))
    source = Path(script).read_bytes()
    if imports.version(source) != digest or not Path(copy).read_bytes().endswith(source):
        raise UserError(
            f"{script} is not the version that was planned: it was edited while the study ran. Run again."
        )


def _report(kind: type[BaseException], error: BaseException, trace) -> None:
    full = "".join(traceback.format_exception(kind, error, trace))
    text = f"Error: {error}\n" if isinstance(error, UserError) else full
    if logging.getLogger().handlers:
        logging.getLogger(streams.OURS).error(text.rstrip())
    streams.standard("stderr").write(text)
