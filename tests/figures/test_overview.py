"""The first screen's figure: a mark a cell, a strip that says what did not train, and nothing on top of anything."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from actbench.analysis import comparisons
from actbench.figures import drawing, overview, shown
from made_up_cells import runs

GOOD = [0.95, 0.96, 0.97]


def drawn(*frames):
    table = pd.DataFrame(comparisons.comparison(pd.concat(frames), "a0", 0.01, 300))
    depths = sorted(set(table["depth"]))
    drawing.use_style()
    keys = list(dict.fromkeys(table["activation"].astype(str)))
    figure = overview.overview(table, depths, drawing.Style({key: f"label {key}" for key in keys}), 0.1)
    figure.canvas.draw()
    return figure


@pytest.fixture(autouse=True)
def _closed():
    yield
    drawing.plt.close("all")


def words(axis):
    return [text.get_text() for text in axis.texts]


def apart(figure):
    """Whether no two words of the figure touch, the legend's aside."""
    boxes = [
        text.get_window_extent()
        for axis in figure.axes
        for text in (
            *axis.texts,
            *axis.get_xticklabels(),
            *axis.get_yticklabels(),
            axis.title,
            axis.xaxis.label,
        )
        if text.get_text() and text.get_visible()
    ]
    return not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_a_strip_below_says_what_did_not_train():
    figure = drawn(
        runs(2, a0=GOOD, a1=GOOD, a2=[0.96, 0.1, 0.97]), runs(8, a0=GOOD, a1=[0.1, None, 0.1], a2=GOOD)
    )
    axis, strip = figure.axes
    assert strip.get_title(loc="left") == "did not train (✕), or in part"
    assert words(strip) == ["0 of 3 ✕", "2 of 3 trained"]
    assert [text.get_position() for text in strip.texts] == [(1, 0), (0, 1)]
    assert [label.get_text() for label in strip.get_yticklabels()] == ["label a1", "label a2"]
    points = [line for line in axis.lines if line.get_linestyle() == "None"]
    faces = [line.get_markerfacecolor() for line in points]
    assert faces.count("white") == 2 and len(faces) == 6
    joined = [line.get_ydata() for line in axis.lines if line.get_alpha() == 0.6]
    assert [np.isfinite(means).tolist() for means in joined] == [[True, True], [True, False], [True, True]]
    notes = [point.get_gid().removeprefix("note ").partition("|")[0] for point in points]
    assert notes == [f"a-{key} d-{depth}" for key in ("a0", "a1", "a2") for depth in (2, 8)]
    assert apart(figure)


def test_where_all_trained_there_is_no_strip():
    assert len(drawn(runs(a0=GOOD, a1=GOOD)).axes) == 1
    many = {f"a{i}": GOOD for i in range(shown.BESIDE + 1)}
    assert len(drawn(runs(**many)).axes) == 1


@pytest.mark.parametrize(("n_depths", "expected"), [(1, "0 of 3 ✕"), (3, "✕"), (6, "✕")])
def test_of_many_activations_each_has_a_row_the_best_on_top(n_depths, expected):
    levels = {f"a{i}": [0.5 + i / 60 + seed / 300 for seed in range(3)] for i in range(23)}
    figure = drawn(*(runs(d, **levels, failed=[0.1, 0.1, None]) for d in range(1, n_depths + 1)))
    n_panels = min(n_depths, shown.DEPTHS)
    assert len(figure.axes) == 2 * n_panels
    strip, panel = figure.axes[:2]
    labels = [label.get_text() for label in strip.get_yticklabels()]
    assert labels == [f"label a{i}" for i in reversed(range(23))] + ["label failed"]
    assert words(strip) == [expected] and strip.texts[0].get_position() == (0, 23)
    heights = [line.get_ydata()[0] for line in panel.lines if line.get_linestyle() == "None"]
    assert heights == list(range(24))
    assert panel.get_xscale() == "function" and 0.85 < panel.get_xlim()[1] < 0.95
    assert apart(figure)


def test_many_depths_have_counts_that_do_not_touch():
    keys = [f"a{i}" for i in range(shown.BESIDE)]
    cells = {key: [0.96, 0.1, 0.97] if i % 2 else [0.1] * 3 for i, key in enumerate(keys)}
    figure = drawn(*(runs(d, **cells) for d in range(1, shown.PANELS + 1)))
    assert sorted(set(words(figure.axes[1]))) == ["2/3", "✕"]
    assert figure.axes[1].get_title(loc="left") == "did not train (✕), or in part"
    assert apart(figure)


def test_a_line_between_two_depths_goes_with_either():
    figure = drawn(*(runs(depth, a0=GOOD, a1=GOOD) for depth in (2, 4, 8)))
    notes = [line.get_gid() for line in figure.axes[0].lines if line.get_alpha() == 0.6]
    assert notes == [
        f"note a-{key} d-{low} d-{high}" for key in ("a0", "a1") for low, high in ((2, 4), (4, 8))
    ]


@pytest.mark.parametrize("n_depths", [1, 3])
def test_a_strip_is_as_wide_as_its_counts(n_depths):
    """Of ten seeds: `0 of 10 ✕`, or in part `7/10`."""
    good, partly = [0.95] * 10, [0.95] * 7 + [0.1] * 3
    levels = {f"a{i}": good for i in range(shown.BESIDE)} | {"part": partly, "none": [0.1] * 10}
    figure = drawn(*(runs(depth, **levels) for depth in range(1, n_depths + 1)))
    for strip in figure.axes[::2]:
        ground = strip.get_window_extent()
        assert len(strip.texts) == 2
        for text in strip.texts:
            box = text.get_window_extent()
            assert ground.x0 <= box.x0 and box.x1 <= ground.x1, text
