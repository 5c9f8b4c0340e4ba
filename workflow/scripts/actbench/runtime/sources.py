"""Which files a script or a module is made of, read from its import statements."""

import ast
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from actbench.runtime import imports, parsing

CALLS = ("import_module", "__import__")  # functions that import what they are given


def imported(script: str | Path, roots: Iterable[str | Path]) -> list[str]:
    """Files below `roots` that `script` imports, directly or through one another, sorted.

    Found are import statements, absolute or relative, wherever in the file they stand, and `import_module` of
    a literal name; of a package also its `__init__.py`, and what a literal `__all__` names. Modules that lie
    outside `roots` (installed packages) are passed over, and so is a file with the name of a standard module.

    Raises:
        UserError: a file is no Python or cannot be read.
    """
    return sorted(set(_closed([Path(script)], roots)) - {str(script)})


def of_module(name: str, root: str | Path) -> list[str]:
    """Files below `root` that a user's module is made of: its own, its packages', and what they import.

    Raises:
        UserError: a file is no Python.
    """
    roots = [root, os.path.relpath(imports.SCRIPTS)]  # it may use this package
    return sorted(_closed(module_files(name, root), roots))


def module_files(name: str, root: str | Path) -> list[Path]:
    """The files that `import name` runs: an `__init__.py` for each package, then the module's own.

    Empty if there is no such module; a package without `__init__.py` has no file of its own.
    """
    files, folders, parts = [], [str(root)], name.split(".")
    for number in range(len(parts)):
        spec = imports.locate(".".join(parts[: number + 1]), folders)
        if spec is None:
            return []
        if spec.loader:  # a package without __init__.py has none
            files.append(Path(spec.loader.path))
        folders = spec.submodule_search_locations or []
    return files


def _closed(files: Iterable[Path], roots: Iterable[str | Path]) -> set[str]:
    """These files and all that they import, directly or through one another."""
    roots, waiting = tuple(str(root) for root in roots), list(files)
    found = set(waiting)
    while waiting:
        new = _direct(waiting.pop(), roots) - found
        found |= new
        waiting += new
    return {str(path) for path in found}


@cache
def _direct(script: Path, roots: tuple[str, ...]) -> frozenset[Path]:
    if script.suffix != ".py":
        return frozenset()
    tree = parsing.parsed(script)
    package = _package(script, roots)
    nodes = ast.walk(tree) if _may_call_import(script) else _statements(tree)
    names = {name for node in nodes for name in _names(node, package)}
    if script.name == "__init__.py":
        names |= {f"{package}.{name}" for name in _exported(tree)}
    return frozenset(path for name in names for root in roots for path in _files(name, root))


@cache
def _files(name: str, root: str) -> tuple[Path, ...]:
    """Files of a dotted name whose last part may be an attribute of the module before it."""
    top = name.partition(".")[0]
    if not name or top in sys.stdlib_module_names:
        return ()
    if top != imports.PACKAGE and Path(root).resolve() == imports.SCRIPTS:  # a script is nobody's module
        return ()
    parent = name.rpartition(".")[0]
    return tuple(module_files(name, root) or (module_files(parent, root) if parent else ()))


def _package(script: Path, roots: Iterable[str]) -> str:
    """The dotted name of the package in which a file lies."""
    for root in roots:
        if script.is_relative_to(root):
            return ".".join(script.relative_to(root).parts[:-1])
    return ""


def _may_call_import(script: Path) -> bool:
    """Whether a call that imports may stand in it; identifiers are compared as Python does, by NFKC."""
    text = unicodedata.normalize("NFKC", script.read_bytes().decode(errors="replace"))
    return any(name in text for name in CALLS)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Every statement, without its expressions, which are nine tenths of a tree."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, part, ())


def _names(node: ast.AST, package: str) -> Iterator[str]:
    """Dotted names that a statement may load; `from a import b` may name the module a.b."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name
    elif isinstance(node, ast.ImportFrom):
        base = _absolute("." * node.level + (node.module or ""), package)
        yield base
        for alias in node.names:
            yield f"{base}.{alias.name}"
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        if called in CALLS and isinstance(node.args[0].value, str):
            yield _absolute(node.args[0].value, package)


def _absolute(name: str, package: str) -> str:
    """`..b` in the package a.c is a.b."""
    level = len(name) - len(name.lstrip("."))
    if not level:
        return name
    parts = package.split(".") if package else []
    return ".".join([*parts[: len(parts) - level + 1], *filter(None, [name[level:]])])


def _exported(tree: ast.Module) -> Iterator[str]:
    """Texts of a literal `__all__`: `from package import *` loads the submodules among them."""
    for node in tree.body:
        targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
        if any(getattr(target, "id", None) == "__all__" for target in targets):
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value
