"""A figure as a page embeds it, of pages whose figures are no files of a rule."""

import tempfile
from pathlib import Path

from actbench.figures import drawing
from actbench.figures.plotting import Figure
from actbench.report import page


def embedded(figure: Figure) -> str:
    """What the macro `figure` takes; the figure is closed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figure.svg"
        drawing.save(figure, path)
        return page.data_uri(path)
