"""Where in a user's code something is or went wrong: file and line, as in `mine.py:12`."""

import inspect
import traceback
from pathlib import Path

from actbench.runtime import imports


def of_error(error: BaseException) -> str | None:
    """The line of a syntax error, or the last line of the user's that was running; None if none was."""
    if isinstance(error, SyntaxError) and (place := _own(error.filename, error.lineno)):
        return place
    lines = [_own(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return next(filter(None, reversed(lines)), None)


def of_class(cls: type) -> str | None:
    """Where its `forward` begins, or any of its functions if that is not the user's; None if neither is.

    From the code that runs and not from a file, which may be another by now.
    """
    functions = [vars(base).get("forward") for base in cls.__mro__] + list(vars(cls).values())
    codes = [getattr(inspect.unwrap(one), "__code__", None) for one in functions if inspect.isfunction(one)]
    lines = [_own(code.co_filename, code.co_firstlineno) for code in codes if code]
    return next(filter(None, lines), None)


def _own(file: str | None, line: int | None) -> str | None:
    """None if the file is neither the user's nor there: installed, of Python, of this package, or no file."""
    if not file or not line or not Path(file).is_file():
        return None
    path = Path(file).resolve()
    if imports.is_installed(path) or path.is_relative_to(imports.SCRIPTS):
        return None
    return f"{imports.shown(path)}:{line}"
