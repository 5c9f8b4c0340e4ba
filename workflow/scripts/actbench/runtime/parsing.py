"""Python files as syntax trees, read without running anything of them."""

import ast
import warnings
from pathlib import Path

from actbench.errors import UnreadableError, UserError, one_line


def parsed(path: Path) -> ast.Module:
    """A file by Python's own rules for the encoding of source, without its warnings.

    Raises:
        UserError: it is no Python or cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(path.read_bytes(), filename=str(path))
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:  # the last two: too deep
        line = f":{error.lineno}" if getattr(error, "lineno", None) else ""
        raise UserError(f"{path}{line} is no Python: {one_line(error)}.") from error
    except OSError as error:
        raise UnreadableError(path, error) from error


def assigned(path: Path, name: str) -> ast.expr | None:
    """What a file assigns to a name at its top level, None if nothing.

    Raises:
        UserError: see `parsed`.
    """
    for statement in reversed(parsed(path).body):
        targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
        if any(getattr(target, "id", None) == name for target in targets):
            return getattr(statement, "value", None)
    return None
