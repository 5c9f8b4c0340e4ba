"""What a study's networks are made of and learn: the functions, and images of each class."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from actbench.data import catalogue
from actbench.figures import drawing, shown
from actbench.figures.plotting import Figure, Line2D, plt

SIDE = 5  # how far functions are drawn
JUMP = 0.1  # of a derivative, the least that is said
SAID_POINTS = (-2, -1, 0, 1, 2)


def functions(table: pd.DataFrame, style: drawing.Style) -> Figure:
    """Each activation function and its derivative over ±`SIDE`; where f′ jumps beyond, a panel says so.

    `table`: rows of the table `activations`.
    """
    keys = list(style.labels)
    columns = min(len(keys), drawing.COLUMNS)
    rows = -(-len(keys) // columns)
    figure, axes = drawing.panels(rows, columns, height=1.9, width=1.75)
    for number, (axis, key) in enumerate(zip(axes.flat, keys, strict=False)):
        axis.tick_params(labelbottom=number + columns >= len(keys))
        every = table[table["activation"] == key].sort_values("x")
        part = every[every["x"].abs() <= SIDE + 1e-9]
        for column, name, look in (
            ("f", "f", {"color": style.looks[key]["color"], "linewidth": 1.8}),
            ("derivative", "f′", {"color": "#444444", "linewidth": 1, "linestyle": (0, (4, 2))}),
        ):
            (line,) = axis.plot(part["x"], part[column], **look)
            drawing.say(line, *_at_some(part, column, name))
        axis.set_title(style.title(key))
        drawing.of_panel(axis, activation=key)
        axis.set_ylim(-2, 4)
        words = {"ha": "center", "va": "bottom", "fontsize": drawing.SMALL, "color": "#555555"}
        axis.text(0.5, 0.01, _jump_beyond(every), transform=axis.transAxes, **words)
    for axis in list(axes.flat)[len(keys) :]:
        axis.set_visible(False)
    handles = [Line2D([], [], color="#444444", linestyle=dash) for dash in ("-", (0, (4, 2)))]
    figure.legend(handles, ["f", "f′"], loc="outside upper center", ncols=2, frameon=False)
    return figure


def _jump_beyond(part: pd.DataFrame) -> str:
    """`f′ = 0 from x = 6` for the first jump of a derivative beyond what is drawn, which a cap has; or "".

    `part`: rows of one function of the table `activations`, by ascending x.
    """
    right = part[part["x"] >= SIDE - 1e-9]
    left = part[part["x"] <= -SIDE + 1e-9][::-1]
    for side, word in ((right, "from"), (left, "up to")):
        jumps = side[side["derivative"].diff().abs() > JUMP]
        if len(jumps):
            x, slope = jumps[["x", "derivative"]].iloc[0]
            return f"f′ = {slope:.2g} {word} x = {x:.1f}".replace("-", "−").replace(".0", "")
    return ""


def _at_some(part: pd.DataFrame, column: str, name: str) -> list[str]:
    """What a function is at a few points, for who points at its line."""
    if part.empty:
        return []
    values = {x: part[column].iloc[(part["x"] - x).abs().argmin()] for x in SAID_POINTS}
    return [", ".join(f"{name}({x}) = {value:.3g}" for x, value in values.items()).replace("-", "−")]


def images(pixels: np.ndarray, labels: np.ndarray, classes: Sequence[str], examples: int = 4) -> Figure:
    """The first images [N, H, W], [N, H, W, C] or [N, C, H, W] of each class, a column a class.

    C is 1 or 3. Of more than `shown.CLASSES` classes the first are drawn.
    """
    classes = classes[: shown.CLASSES]
    size = (0.85 * len(classes), 0.8 * examples + 0.3)
    figure, axes = plt.subplots(examples, len(classes), figsize=size, squeeze=False)
    for column, name in enumerate(classes):
        chosen = pixels[np.flatnonzero(labels == column)[:examples]]
        axes[0][column].set_title(drawing.plain(name), fontsize=drawing.SMALL)
        for axis, image in zip(axes[:, column], chosen, strict=False):
            axis.imshow(_picture(image), cmap="gray_r", interpolation="nearest")
        for axis in axes[:, column]:
            axis.axis("off")
    return figure


def _picture(image: np.ndarray) -> np.ndarray:
    """An image as [H, W], or [H, W, 3] of bytes or of numbers from 0 to 1."""
    if image.ndim == 2:
        return image
    image = image if image.shape[2] in catalogue.CHANNELS else np.moveaxis(image, 0, 2)
    if image.shape[2] == 1:
        return image[:, :, 0]
    if image.dtype == np.uint8:
        return image
    low, high = image.min(), image.max()
    return (image - low) / (high - low if high > low else 1)
