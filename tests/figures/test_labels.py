"""Labels at the ends of lines."""

import numpy as np
from actbench.figures import drawing, failures, labels, looks, svg

LABELS = {"relu": "ReLU", "tanh": "</script><b> & $x$", "mine": "mine"}


def test_labels_of_ends_are_apart_and_in_order():
    drawing.use_style()
    style = drawing.Style(LABELS)
    figure, axes = drawing.panels(1, 1, height=3)
    (axis,) = axes.flat
    for key, end in zip(LABELS, (1.0, 1.01, 5.0), strict=True):
        axis.plot([0, 1], [0, end], linewidth=1.5, **style.line(key))
    axis.set_ylim(0, 6)
    labels.of_lines([axis], style)
    figure.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in axis.texts}
    assert {text.get_gid() for text in axis.texts} == {f"{svg.NOTE}{looks.css_class(key)}" for key in LABELS}
    assert list(boxes) == [style.labels[key] for key in LABELS]
    low, middle, high = boxes.values()
    assert low.y0 < middle.y0 < high.y0 and not low.overlaps(middle) and not middle.overlaps(high)


def test_a_line_that_ends_nowhere_or_outside_has_no_label():
    drawing.use_style()
    style = drawing.Style(LABELS)
    _, axes = drawing.panels(1, 1, height=3)
    (axis,) = axes.flat
    axis.set_ylim(0, 1)
    labels.at_ends(axis, {"relu": (1, np.nan), "tanh": (1, 9), "mine": (1, 0.5)}, style)
    assert [text.get_text() for text in axis.texts] == ["mine"]


def test_the_label_stands_at_the_line_and_not_at_a_cross_of_a_diverged_network():
    drawing.use_style()
    style = drawing.Style({"relu": "ReLU", "tanh": "tanh"})
    _, axes = drawing.panels(1, 1, height=3)
    (axis,) = axes.flat
    for key, end in (("relu", 2.0), ("tanh", 5.0)):
        axis.plot([0, 1, 2], [0, 0, end], linewidth=1.5, **style.line(key))
        axis.plot(1, 3, color=style.looks[key]["color"], **failures.ENDED)
    labels.of_lines([axis], style)
    assert {text.get_text(): text.xy for text in axis.texts} == {"ReLU": (2, 2), "tanh": (2, 5)}


def test_networks_of_which_none_trained_are_named_at_their_own_line():
    drawing.use_style()
    style = drawing.Style({"relu": "ReLU", "tanh": "tanh"})
    _, axes = drawing.panels(1, 1, height=3)
    (axis,) = axes.flat
    axis.plot([0, 1], [0, 3], linewidth=1.5, **style.line("relu"))
    for key in style.labels:
        axis.plot([0, 1], [0, 1], linewidth=1.5, **failures.look(style.looks[key]))
    labels.of_lines([axis], style)
    assert {text.get_text(): text.xy for text in axis.texts} == {"ReLU": (1, 3), "tanh": (1, 1)}


def test_lines_that_end_at_one_place_have_no_labels():
    drawing.use_style()
    style = drawing.Style(LABELS)
    _, axes = drawing.panels(1, 1, height=3)
    labels.at_ends(axes[0][0], dict.fromkeys(LABELS, (1, 0.5)), style)
    assert not axes[0][0].texts


def test_long_labels_stand_in_the_legend_only():
    drawing.use_style()
    for n, expected in ((labels.LONGEST, 2), (labels.LONGEST + 1, 0)):
        style = drawing.Style({"relu": "r" * n, "tanh": "t"})
        _, axes = drawing.panels(1, 1, height=3)
        for key in style.labels:
            axes[0][0].plot([0, 1], [0, 1], linewidth=1.5, **style.line(key))
        labels.of_lines(axes.flat, style)
        assert len(axes[0][0].texts) == expected


def test_what_stands_beside_an_axis_is_cut():
    assert drawing.cut("x" * drawing.TICK_LETTERS) == "x" * drawing.TICK_LETTERS
    assert drawing.cut("x" * 60) == "x" * (drawing.TICK_LETTERS - 1) + "…"
    assert drawing.cut(r"a\$b", 3) == "a…"
