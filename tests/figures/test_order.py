"""The order that the first screen's table and figure share."""

import pandas as pd
from actbench.analysis import comparisons
from actbench.figures import drawing, order, overview
from actbench.report.sections import answer
from made_up_cells import runs


def tables(n, best=0.95):
    """Ranks against the order of means: the first has the lowest mean but the best rank."""
    keys = [f"a{place}" for place in range(n)]
    frame = runs(**{key: [best - 0.001 * (n - place)] * 3 for place, key in enumerate(keys)})
    comparison = pd.DataFrame(comparisons.comparison(frame, "a0", 0.01, 300))
    ranks = pd.DataFrame({"activation": keys, "measure": "rank", "mean": range(1, n + 1)})
    return keys, comparison, ranks.assign(ci_low=None, ci_high=None, n=3)


def test_the_figure_has_the_rows_of_the_table():
    keys, comparison, ranks = tables(12)
    found = order.ranked(comparison, ranks)
    assert found == keys == [row["key"] for row in answer.ranking(comparison, ranks, [2])]
    drawing.use_style()
    style = drawing.Style({key: key for key in keys[::-1]})
    figure = overview.overview(comparison, [2], style, 0.1, found)
    figure.canvas.draw()
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == keys
    by_mean = overview.overview(comparison, [2], style, 0.1)
    by_mean.canvas.draw()
    assert [label.get_text() for label in by_mean.axes[0].get_yticklabels()] == keys[::-1]
    drawing.plt.close("all")


def test_equal_ranks_are_ordered_by_what_trained_and_then_by_accuracy():
    cells = [("relu", 2, 4, 0.9), ("tanh", 2, 5, 0.8), ("elu", 2, 5, 0.85)]
    cells = pd.DataFrame(cells, columns=["activation", "depth", "n_trained", "mean"]).assign(median=0.5)
    ranks = pd.DataFrame(
        {"activation": ["relu", "tanh", "elu"], "measure": "rank", "mean": [1 / 3, 0.1 + 0.7 / 3, 1 / 3]}
    )
    assert order.ranked(cells, ranks) == ["elu", "tanh", "relu"]
    assert order.ranked(cells, ranks[:0]) == ["elu", "tanh", "relu"]
