"""The package's rooms: imports go one way, from a room to those below it, and modules form no circle.

Outside of them are `errors`, which all may import, and `interactive` and `classifier`, which may import all.
"""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from conftest import ROOT

PACKAGE = ROOT / "workflow" / "scripts" / "actbench"
# From top to bottom.
ROOMS = (
    "verification",
    "report",
    "export",
    "figures",
    "analysis",
    "study",
    "probes",
    "training",
    "theory",
    "networks",
    "data",
    "activations",
    "runtime",
    "storage",
)
MOST_ARROWS = 51


def module(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(path: Path) -> set[str]:
    """Modules of the package that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative imports hide a module from the digest of a rule's code"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    inside = {name.removeprefix("actbench.") for name in names if name.startswith("actbench.")}
    return {name for name in inside if name in MODULES and name not in ROOMS}


IMPORTS = {name: imported(path) for name, path in MODULES.items()}


def room(name: str) -> str:
    return name.partition(".")[0]


def arrows() -> set[tuple[str, str]]:
    pairs = {(room(name), room(other)) for name, found in IMPORTS.items() for other in found}
    return {(one, other) for one, other in pairs if one != other and one in ROOMS and other in ROOMS}


def test_every_module_is_in_a_room():
    assert {room(name) for name in MODULES} - {"__init__", "classifier", "errors", "interactive"} == set(
        ROOMS
    )
    assert all((PACKAGE / name / "__init__.py").read_bytes() == b"" for name in ROOMS)


def test_imports_go_down():
    assert [(one, other) for one, other in sorted(arrows()) if ROOMS.index(one) > ROOMS.index(other)] == []


def test_rooms_have_few_arrows_between_them():
    assert 0 < len(arrows()) <= MOST_ARROWS


def test_modules_form_no_circle():
    TopologicalSorter(IMPORTS).prepare()  # raises CycleError with the circle


def test_tests_mirror_the_rooms():
    """A test file of a room is named after its module."""
    for name in ROOMS:
        assert any((ROOT / "tests" / name).glob("test_*.py")), name
