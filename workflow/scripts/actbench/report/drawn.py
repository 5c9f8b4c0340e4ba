"""A figure as a page embeds it, of pages whose figures are no files of a rule."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from actbench.figures import drawing, svg
from actbench.figures.plotting import Figure


def embedded(figure: Figure, name: str, labels: Mapping[str, str] | None = None) -> str:
    """What the macro `figure` takes; the figure is closed. No two of a page have the same `name`.

    `labels`: display text by activation, see `svg.inlined`.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.svg"
        drawing.save(figure, path)
        return svg.inlined_files([path], labels or {})[name]
