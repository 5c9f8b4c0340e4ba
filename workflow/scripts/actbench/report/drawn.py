"""A figure as a page embeds it, of pages whose figures are no files of a rule."""

import tempfile
from pathlib import Path

from actbench.figures import drawing
from actbench.figures.plotting import Figure
from actbench.report import page


def embedded(figure: Figure, name: str) -> str:
    """What the macro `figure` takes; the figure is closed. No two of a page have the same `name`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.svg"
        drawing.save(figure, path)
        return page.data_uri(path)
