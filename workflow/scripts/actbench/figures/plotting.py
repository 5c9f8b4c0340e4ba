"""matplotlib and seaborn, imported as they come: without a matplotlibrc, a style or a backend of the user's.

The only module of a job that imports them. matplotlib reads the user's files while it is imported, and a
broken one ends that; so it is imported where it finds none.
"""

import contextlib
import functools
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from actbench.errors import UserError, reason

__all__ = ["Artist", "Axes", "Figure", "FigureCanvasSVG", "Line2D", "PdfPages", "StepPatch"]
__all__ += ["matplotlib", "plt", "sns"]
RULES = ("GDEF", "GPOS", "GSUB", "MATH", "kern")  # tables of a font
OF_USERS = ("MATPLOTLIBRC", "MPLBACKEND", "MPLCONFIGDIR")


@contextlib.contextmanager
def _without_settings() -> Iterator[None]:
    """Have matplotlib find an empty folder where it looks for settings, and say nothing about that.

    Its list of fonts, which takes seconds to make, stays in the folder of caches if it can be written there.

    Raises:
        UserError: there is no room for a temporary folder.
    """
    before, log = dict(os.environ), logging.getLogger("matplotlib")
    level, caches = log.level, _caches()
    with _temporary() as empty, contextlib.chdir(empty):
        log.setLevel(logging.ERROR)
        os.environ |= {"XDG_CONFIG_HOME": empty, "XDG_CACHE_HOME": caches or empty}
        for name in OF_USERS:
            os.environ.pop(name, None)
        try:
            yield
        finally:
            log.setLevel(level)
            os.environ.clear()
            os.environ.update(before)


def _temporary() -> tempfile.TemporaryDirectory:
    try:
        return tempfile.TemporaryDirectory(prefix="actbench-")
    except OSError as error:
        raise UserError(
            f"The figures need a temporary folder, which cannot be made: {reason(error)}; set TMPDIR to "
            "another folder."
        ) from error


def _caches() -> str | None:
    """The user's folder of caches, None if matplotlib could not write into it."""
    found = os.environ.get("MPLCONFIGDIR") or os.environ.get("XDG_CACHE_HOME")
    try:
        folder = Path(found or Path.home() / ".cache").resolve()
        place = folder / "matplotlib"
        place.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return str(folder) if os.access(place, os.W_OK) else None


@contextlib.contextmanager
def fonts_of_outlines() -> Iterator[None]:
    """Have a PDF keep outlines of the letters that it shows, but no rules of setting them.

    matplotlib places each letter itself; reading a font's rules took half of the time of a PDF.
    """
    # Private, and there is no other way to it; without it a PDF takes longer and looks the same.
    before = getattr(subset.Options, "_drop_tables_default", None)
    if before is not None:
        subset.Options._drop_tables_default = [*before, *RULES]
    try:
        yield
    finally:
        if before is not None:
            subset.Options._drop_tables_default = before


@contextlib.contextmanager
def fonts_once() -> Iterator[None]:
    """Have matplotlib look up the files of a font once, and not for each of thousands of texts."""
    # Private as well; without it a file takes longer and is the same.
    find = getattr(fontManager, "_find_fonts_by_props", None)
    if find is not None:
        fontManager._find_fonts_by_props = functools.cache(find)
    try:
        yield
    finally:
        if find is not None:
            del fontManager._find_fonts_by_props


@contextlib.contextmanager
def ticks_once() -> Iterator[None]:
    """Have matplotlib place the ticks of a panel once when it measures or draws it, not eight times."""
    # Private as well.
    place = getattr(Axis, "_update_ticks", None)
    if place is None:
        yield
        return
    panels: list[dict[Axis, list]] = []  # those being measured or drawn, a panel within another last

    def placed(axis: Axis) -> list:
        if not panels:
            return place(axis)
        if axis not in panels[-1]:
            panels[-1][axis] = place(axis)
        return panels[-1][axis]

    def by_panel(method: Callable) -> Callable:
        @functools.wraps(method)
        def once(*arguments: object, **options: object) -> object:
            panels.append({})
            try:
                return method(*arguments, **options)
            finally:
                panels.pop()

        return once

    methods = {}  # where each is defined, and as what
    for name in ("get_tightbbox", "draw"):
        kind = next(kind for kind in Axes.__mro__ if name in vars(kind))
        methods[kind, name] = getattr(kind, name)
    Axis._update_ticks = placed
    for (kind, name), method in methods.items():
        setattr(kind, name, by_panel(method))
    try:
        yield
    finally:
        Axis._update_ticks = place
        for (kind, name), method in methods.items():
            setattr(kind, name, method)


@contextlib.contextmanager
def fonts() -> Iterator[None]:
    """What files are written within: `fonts_of_outlines` and `fonts_once`."""
    with fonts_of_outlines(), fonts_once():
        yield


with _without_settings():
    import matplotlib
    import seaborn as sns
    from fontTools import subset
    from matplotlib import pyplot as plt
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.font_manager import fontManager
    from matplotlib.lines import Line2D
    from matplotlib.patches import StepPatch

logging.getLogger("fontTools").setLevel(logging.WARNING)  # or a job's log tells of each table of each font
