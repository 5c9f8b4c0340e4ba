"""Labels at the ends of lines, set apart where they would touch."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from actbench.figures import drawing, failures
from actbench.figures.plotting import Axes

LONGEST = 30  # letters of such a label
EARLY = 0.9  # of a panel's width
HEIGHT = 9.5  # points between the labels of two lines


def of_lines(axes: Iterable[Axes], style: drawing.Style) -> None:
    """Labels at the right ends of the thick lines of activations that have a colour, if short; see `at_ends`.

    It is the line of those that trained, or if none did, of those that did not.
    """
    if max((len(style.labels[key]) for key in style.coloured), default=0) > LONGEST:
        return
    axes = list(axes)
    drawing.lay_out(axes[0].get_figure())  # settles how high the panels are
    for axis in axes:
        thick = {
            line.get_color(): tuple(line.get_xydata()[-1])
            for line in axis.get_lines()
            if line.get_linewidth() > 1 and line.get_linestyle() != "None" and len(line.get_xydata())
        }
        ends = {}
        for key in style.coloured:
            own = style.looks[key]
            end = thick.get(own["color"]) or thick.get(failures.look(own)["color"])
            if end:
                ends[key] = end
        at_ends(axis, ends, style)


def at_ends(axis: Axes, ends: Mapping[str, tuple[float, float]], style: drawing.Style) -> None:
    """Labels at the right of lines that end at these places (x, y), set apart where they would touch.

    Lines that end beyond the panel, or nowhere, have none, nor have lines that all end at one place. Call it
    when the axis has its limits and scale, and the figure its legend and has been laid out.
    """
    height = axis.get_position().height * axis.get_figure().get_size_inches()[1] * 72  # points
    places = {}
    for key, place in ends.items():
        if np.isfinite(place).all():
            at = axis.transAxes.inverted().transform(axis.transData.transform(place))[1] * height
            if -1 <= at <= height + 1:
                places[key] = at
    keys = sorted(places, key=places.get)
    if len(keys) > 2 and places[keys[-1]] - places[keys[0]] < HEIGHT:
        return
    heights = _apart([places[key] for key in keys], HEIGHT)
    for key, at in zip(keys, heights, strict=True):
        thread = {"arrowstyle": "-", "linewidth": 0.5, "color": style.looks[key]["color"], "shrinkB": 2}
        text = axis.annotate(
            style.labels[key],
            ends[key],
            xytext=(1.02, at - places[key]),
            textcoords=("axes fraction", "offset points"),
            va="center",
            fontsize=drawing.SMALL,
            color=style.looks[key]["color"],
            annotation_clip=False,
            arrowprops=thread if abs(at - places[key]) > 2 or _early(axis, ends[key][0]) else None,
        )
        drawing.of_activations([text], [key])


def _early(axis: Axes, x: float) -> bool:
    """Whether a line ends well before its panel does."""
    return axis.transAxes.inverted().transform(axis.transData.transform((x, 1)))[0] < EARLY


def _apart(heights: Sequence[float], least: float) -> list[float]:
    """Ascending heights moved as little as needed to be `least` apart: groups keep their mean."""
    groups: list[list[float]] = []
    for height in heights:
        groups.append([height])
        while len(groups) > 1:
            (low, high), sizes = (sum(one) / len(one) for one in groups[-2:]), list(map(len, groups[-2:]))
            if high - low >= least * sum(sizes) / 2:
                break
            groups[-2:] = [groups[-2] + groups[-1]]
    return [sum(one) / len(one) + least * (i - (len(one) - 1) / 2) for one in groups for i in range(len(one))]
