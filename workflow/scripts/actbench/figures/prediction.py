"""What theory predicts of gradients, by depth and initialisation."""

from collections.abc import Sequence

import pandas as pd

from actbench.figures import drawing
from actbench.figures.plotting import Figure, Line2D

LIMIT_LINE = {"color": "#777777", "linestyle": ":", "linewidth": 1.0}
LOWEST = 3  # times the limit: where the axis ends


def decay(expectations: pd.DataFrame, names: Sequence[str], style: drawing.Style, limit: float) -> Figure:
    """Log10 of the first layer's gradient over the last's against depth, a panel an initialisation.

    The axis ends where no network trains.

    Args:
        expectations: rows of the table of that name, whose settings are initialisations.
        names: these, in their order.
        style: what is shown.
        limit: below which training is not expected.
    """
    figure, axes = drawing.wrapped(len(names), min(len(names), 3), height=2.1, sharey="all", sharex="all")
    depths = sorted(expectations["depth"].unique())
    for axis, name in zip(axes.flat, names, strict=False):
        part = expectations[expectations["setting"] == name]
        for key, look in style.looks.items():
            line = part[part["activation"] == key].sort_values("depth")
            axis.plot(line["depth"], line["log10_first_last"], markersize=3.5, **look)
        axis.axhline(limit, **LIMIT_LINE)
        axis.set_title(drawing.plain(name))
        axis.set_xticks(depths, map(str, depths))
    lowest, highest = axes[0][0].get_ylim()
    axes[0][0].set_ylim(max(lowest, LOWEST * limit), min(highest, -LOWEST * limit))
    figure.supxlabel("hidden layers", fontsize="medium")
    figure.supylabel("log10, first layer over last", fontsize="medium")
    style.legend(figure, {"limit of training": Line2D([], [], **LIMIT_LINE)})
    return figure
