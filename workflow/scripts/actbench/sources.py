"""Which files of the project a script is made of, read from its import statements."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path


def imported(script: str | Path, roots: Iterable[str | Path]) -> list[str]:
    """Files below `roots` that `script` imports, directly or through one another, sorted.

    Only what import statements name is found, wherever in the file they stand; modules that lie
    outside `roots` (installed packages) are passed over.
    """
    roots = tuple(str(root) for root in roots)
    found: set[Path] = set()
    waiting = [Path(script)]
    while waiting:
        for path in _direct(waiting.pop(), roots):
            if path not in found:
                found.add(path)
                waiting.append(path)
    return sorted(str(path) for path in found - {Path(script)})


@cache
def _direct(script: Path, roots: tuple[str, ...]) -> frozenset[Path]:
    tree = ast.parse(script.read_text(encoding="utf-8"), filename=str(script))
    names = {name for node in ast.walk(tree) for name in _names(node)}
    candidates = (_file(name, root) for name in names for root in roots)
    return frozenset(path for path in candidates if path is not None)


def _names(node: ast.AST) -> Iterator[str]:
    """Dotted names that an import statement may load; `from a import b` may name the module a.b."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        yield node.module
        for alias in node.names:
            yield f"{node.module}.{alias.name}"


def _file(name: str, root: str) -> Path | None:
    stem = Path(root, *name.split("."))
    for path in (stem.with_suffix(".py"), stem / "__init__.py"):
        if path.is_file():
            return path
    return None
