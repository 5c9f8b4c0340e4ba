"""Labels of the permitted length leave room for the panels of every figure."""

import warnings

import pandas as pd
import pytest
from actbench.analysis import comparisons
from actbench.figures import drawing, heat_maps, overview, recipe, results
from made_up_cells import runs

LONG = {f"a{i}": f"activation {i} with a label as long as it may be, of sixty" for i in range(10)}


def drawn(labels):
    """A figure of each kind that holds labels beside panels or in a legend, of two depths."""
    style, depths = drawing.Style(labels), [2, 8]
    tried = pd.concat([runs(depth, **{key: [0.95, 0.96, 0.1] for key in labels}) for depth in depths])
    cells = pd.DataFrame(comparisons.comparison(tried, "a0", 0.01, 300))
    layers = tried.assign(checkpoint="init", layer=0, tensor="weight", rms=0.1, trained=True)
    history = tried.assign(epoch=1, val_accuracy=0.9, train_accuracy=0.9, train_loss=0.3, val_loss=0.4)
    tuning = tried.assign(learning_rate=0.1, score=0.9)
    rates = tuning[tuning["seed"] == 0].assign(at_edge=False)
    yield overview.overview(cells, depths, style, 0.1)
    yield results.accuracy(tried, cells, depths, style, 0.1)
    yield results.learning_curves(history, depths, style)
    yield heat_maps.gradients(layers, depths, style)
    yield recipe.sensitivity(tuning, rates, ["default"], depths, style)


@pytest.mark.parametrize("n", [3, 10])
def test_long_labels_leave_room_for_panels(n):
    drawing.use_style()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for figure in drawn(dict(list(LONG.items())[:n])):
            figure.canvas.draw()
            width = figure.get_size_inches()[0]
            assert sum(axis.get_position().width for axis in figure.axes) * width > 2
            assert min(axis.get_position().height for axis in figure.axes) > 0.04
            drawing.plt.close(figure)
