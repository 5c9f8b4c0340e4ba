"""Own code comes from the very files that were planned, and a job says so if other code ran.

Own code is this package, and a user's module with all that it imports from the working directory. It is
compiled from its source each time: bytecode is matched to a source by size and second only, and may be older.
A digest of each file is kept as it is imported, so that an edit during the job is seen even if it is undone.
"""

import hashlib
import importlib
import importlib.machinery
import importlib.util
import os
import sys
import sysconfig
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import FrameType, ModuleType

from actbench.errors import UserError

PACKAGE = __name__.partition(".")[0]
SCRIPTS = Path(__file__).resolve().parents[2]
DIGEST = 16  # hexadecimal digits that tell versions of a file apart
BEGAN = time.monotonic()
VERSIONS: dict[Path, str] = {}  # of the own files that this process has imported
_INSTALLED = {"site-packages", "dist-packages"}
_STANDARD = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")}


def version(content: bytes) -> str:
    """What tells one version of a file from another."""
    return hashlib.sha256(content).hexdigest()[:DIGEST]


class SourceLoader(importlib.machinery.SourceFileLoader):
    """Compiles the source, without bytecode, and keeps its digest in `VERSIONS`."""

    def get_code(self, fullname: str):
        content = self.get_data(self.path)
        VERSIONS[Path(self.path).resolve()] = version(content)
        return self.source_to_code(content, self.path)


class ExtensionLoader(importlib.machinery.ExtensionFileLoader):
    """Loads a compiled module and keeps its digest."""

    def create_module(self, spec):
        path = Path(self.path).resolve()
        VERSIONS[path] = version(path.read_bytes())
        return super().create_module(spec)


def locate(name: str, folders: Iterable[str]) -> importlib.machinery.ModuleSpec | None:
    """What `import name` finds in these folders by Python's rules, without importing or bytecode.

    Args:
        name: dotted; only its last part is looked for.
        folders: for a submodule, the folders of its package.
    """
    last = name.rpartition(".")[2]
    for folder in folders:
        package = Path(folder, last)
        if (package / "__init__.py").is_file():
            return _spec(name, package / "__init__.py", package)
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            if Path(folder, last + suffix).is_file():
                loader = ExtensionLoader(name, str(Path(folder, last + suffix)))
                return importlib.util.spec_from_file_location(name, loader.path, loader=loader)
        if Path(folder, f"{last}.py").is_file():
            return _spec(name, Path(folder, f"{last}.py"))
    spaces = [str(Path(folder, last)) for folder in folders if Path(folder, last).is_dir()]
    if not spaces:
        return None
    spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = spaces
    return spec


def _spec(name: str, path: Path, package: Path | None = None) -> importlib.machinery.ModuleSpec:
    loader = SourceLoader(name, str(path))
    folders = [str(package)] if package else None
    return importlib.util.spec_from_file_location(
        name, path, loader=loader, submodule_search_locations=folders
    )


def is_name_of_installed(name: str) -> bool:
    """Whether a package that is installed where Python keeps them has this top-level name."""
    spec = locate(name, [folder for folder in sys.path if _INSTALLED & set(Path(folder).parts)])
    return spec is not None and spec.loader is not None


class Finder:
    """Finds this package in `SCRIPTS` and a user's modules in the working directory, before anything else."""

    def __init__(self):
        self.planned: dict[Path, str] = {}
        self.own: set[str] = set()  # top-level names of a user's modules
        self.before: set[str] = set()  # those that were loaded before the first of them
        self.read: set[Path] = set()  # files that a user's module has opened
        self.written: set[Path] = set()  # files that were opened to be written
        self.place = Path.cwd()

    def find_spec(self, name: str, path=None, target=None):
        top = name.partition(".")[0]
        if top == PACKAGE:
            return locate(name, path or [str(SCRIPTS)])
        if top in self.own:
            return locate(name, path or [str(Path.cwd())])
        return None

    def audit(self, event: str, arguments: tuple) -> None:
        """Note which files of the working directory a user's module reads; see `sys.addaudithook`."""
        if event != "open" or not isinstance(arguments[0], str | bytes):
            return
        path = Path(os.path.realpath(os.fsdecode(arguments[0])))  # `resolve` raises on links in a circle
        if (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            self.written.add(path)
        elif (
            path.is_relative_to(self.place)
            and path not in self.written
            and path.is_file()
            and not is_installed(path)
            and self._called_by_user(sys._getframe(1))
        ):
            self.read.add(path)

    def _called_by_user(self, frame: FrameType | None) -> bool:
        """Whether a user's module calls, itself or through a library, and not the import of a library."""
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith("<frozen importlib"):
                return False
            if frame.f_globals.get("__name__", "").partition(".")[0] in self.own:
                return True
            frame = frame.f_back
        return False


class Unplanned:
    """Finds in the working directory what an import names at run time only, so that `check` can say so."""

    @staticmethod
    def find_spec(name: str, path=None, target=None):
        return locate(name, [str(Path.cwd())]) if FINDER.own and path is None else None


FINDER = Finder()


def install() -> None:
    """Serve own code from now on; called once by every job and by planning, before all other imports.

    Whoever imports this module puts the folder of the scripts first on `sys.path`, and points
    `sys.pycache_prefix` to where nothing can be; both are undone here.
    """
    sys.pycache_prefix = None
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != SCRIPTS]
    if FINDER in sys.meta_path:
        return
    sys.meta_path[:] = [FINDER, *sys.meta_path, Unplanned]
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == PACKAGE and module.__file__:
            path = Path(module.__file__).resolve()
            VERSIONS.setdefault(path, version(path.read_bytes()))


def expect(code: Mapping[str, str]) -> None:
    """Tell which files were planned, with the digest of each."""
    FINDER.planned = {Path(path).resolve(): digest for path, digest in code.items()}
    below = [path for path in code if SCRIPTS not in Path(path).resolve().parents]
    FINDER.own = {Path(path).parts[0].partition(".")[0] for path in below}


def user_attribute(target: str) -> object:
    """Import `module:attribute` of a user's, from the working directory.

    Raises:
        UserError: what it imports is not what was planned.
        ImportError, AttributeError, …: as Python has it.
    """
    name, attribute = target.split(":")
    install()
    FINDER.place = Path.cwd()
    if not FINDER.before:
        FINDER.before = {loaded.partition(".")[0] for loaded in sys.modules}
        sys.addaudithook(FINDER.audit)
    if not FINDER.planned:  # by hand, without a plan
        FINDER.own.add(name.partition(".")[0])
    for loaded, module in list(sys.modules.items()):  # by whoever came before, from wherever
        if loaded.partition(".")[0] in FINDER.own and _file_of(module) not in VERSIONS:
            del sys.modules[loaded]
    found = getattr(importlib.import_module(name), attribute)
    if Path.cwd() != FINDER.place:
        os.chdir(FINDER.place)
        raise UserError(
            f"{name} changes the working directory while it is imported; one that leaves it is needed."
        )
    return found


def check() -> None:
    """Compare the own code that ran with what was planned, if `expect` was called.

    Raises:
        UserError: a file is another version than planned, or was not planned.
    """
    if not FINDER.planned:
        return
    for path, found in sorted(VERSIONS.items()):
        planned = FINDER.planned.get(path)
        if planned is None:
            raise UserError(_unseen(path))
        if found != planned:
            raise UserError(
                f"{shown(path)} is not the version that was planned: it was edited while the study ran. "
                "Run again."
            )
    for path in sorted(FINDER.read - FINDER.planned.keys()):
        raise UserError(
            f"{shown(path)} is read by an activation's module, and an edit of it would not be seen: give "
            "its values in the module itself, or as parameters."
        )
    for name, module in list(sys.modules.items()) if FINDER.before else ():
        path = None if module is sys.modules["__main__"] else _file_of(module)
        if path and name.partition(".")[0] not in FINDER.before and path not in VERSIONS:
            raise UserError(_unseen(path))


def _unseen(path: Path) -> str:
    return (
        f"{shown(path)} was imported, but no import statement that can be read beforehand names it, and an "
        "edit of it would not be seen: import it by its name from the working directory, or install it there "
        "where Python keeps packages (not as an editable one)."
    )


def shown(path: Path) -> str:
    """As seen from the working directory, if it lies there."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _file_of(module: ModuleType) -> Path | None:
    """The file of a module that is neither installed nor part of Python."""
    name = getattr(module, "__file__", None)
    if not isinstance(name, str) or not Path(name).is_file():
        return None
    path = Path(name).resolve()
    return None if is_installed(path) else path


def is_installed(path: Path) -> bool:
    """Whether a file belongs to an installed package or to Python."""
    return bool(_INSTALLED & set(path.parts)) or any(path.is_relative_to(folder) for folder in _STANDARD)
