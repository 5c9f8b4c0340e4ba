"""Figures of theory: what stands in the tables is what is drawn, predicted or measured."""

import made_up
import made_up_theory
import numpy as np
import pandas as pd
import pytest
from actbench.figures import decay, drawing, shown, theory
from actbench.figures.plotting import plt
from matplotlib.colors import to_rgb

LIMIT = -3.5
LABELS = {"sigmoid": "sigmoid", "relu": "ReLU", "swish": "_costs $5"}


@pytest.fixture
def style():
    drawing.use_style()
    yield drawing.Style(LABELS)
    plt.close("all")


@pytest.fixture(scope="module")
def tables():
    """Two settings, and one of which nothing is predicted."""
    config = made_up.config(("default", "he", "layer"), depths=(1, 3), n_seeds=2, keys=tuple(LABELS))
    return made_up_theory.tables(config)


def lines(axis):
    return [line for line in axis.lines if line.get_linestyle() != "None" and len(line.get_xdata())]


def points(axis):
    return [line for line in axis.lines if line.get_linestyle() == "None" and len(line.get_xdata())]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_predicted_gradients_are_lines_and_each_network_is_a_point(tables, style):
    figure = theory.gradients(tables["gradients"], tables["predictions"], ["default", "he"], [1, 3], style)
    titles = [(axis.get_title(), axis.get_ylabel()) for axis in figure.axes]
    assert titles == [("1 hidden layer", "default"), ("3 hidden layers", "default"), ("", "he"), ("", "he")]
    axis = figure.axes[1]
    rows = tables["predictions"].query("activation == 'sigmoid' and depth == 3 and setting == 'default'")
    (line, _, _), (own, _, _) = lines(axis), points(axis)
    assert line.get_xdata().tolist() == [0, 1, 2, 3]
    assert line.get_ydata() == pytest.approx(10 ** rows["log10_rms"].to_numpy())
    assert len(own.get_xdata()) == 2 * 4 and axis.get_yscale() == "log"
    measured = tables["gradients"].query(
        "activation == 'sigmoid' and depth == 3 and setting == 'default' and checkpoint == 'init'"
    )
    assert sorted(own.get_ydata()) == sorted(measured["rms"])
    assert legend(figure)[-2:] == ["predicted", "measured, a network"]


def test_other_tensors_and_trained_networks_are_not_beside_theory(tables, style):
    other = tables["gradients"].assign(tensor="weight")
    both = pd.concat([tables["gradients"], other])
    figures = [
        theory.gradients(given, tables["predictions"], ["default"], [3], style)
        for given in (both, tables["gradients"])
    ]
    first, second = ([len(line.get_xdata()) for line in points(figure.axes[0])] for figure in figures)
    assert first == second == [8, 8, 8]


def test_what_is_not_predicted_has_points_and_no_line(tables, style):
    figure = theory.gradients(tables["gradients"], tables["predictions"], ["layer"], [3], style)
    assert lines(figure.axes[0]) == [] and len(points(figure.axes[0])) == 3
    assert figure.axes[0].get_ylabel() == ""


def test_a_study_without_any_prediction_is_drawn(tables, style):
    nothing = {name: tables[name][tables[name]["setting"] == "none"] for name in ("correlations", "theory")}
    empty = tables["predictions"].assign(log10_rms=None, activation_std=None)
    for figure in (
        theory.gradients(tables["gradients"], empty, ["default"], [1], style),
        theory.activations(tables["distributions"], empty, ["default"], [1], style),
        theory.correlation_map(nothing["correlations"], ["default"], style),
        theory.edge_of_chaos(tables["edges"][:0], nothing["theory"], ["default"], style),
        decay.decay_and_training(
            tables["expectations"][:0], shares(tables["expectations"]), ["default"], LIMIT, style
        ),
    ):
        figure.canvas.draw()


def test_activations_end_at_the_last_hidden_layer(tables, style):
    figure = theory.activations(tables["distributions"], tables["predictions"], ["default"], [3], style)
    (axis,) = figure.axes
    assert [line.get_xdata().tolist() for line in lines(axis)] == [[0, 1, 2]] * 3
    rows = tables["predictions"].query("activation == 'relu' and depth == 3 and setting == 'default'")
    assert lines(axis)[1].get_ydata() == pytest.approx(rows["activation_std"].dropna().to_numpy(dtype=float))


def test_many_networks_are_bars_from_the_lowest_to_the_highest(tables):
    drawing.use_style()
    style = drawing.Style(LABELS, summarised=True)
    figure = theory.gradients(tables["gradients"], tables["predictions"], ["default"], [1], style)
    ends = [segment[:, 1].tolist() for segment in figure.axes[0].collections[0].get_segments()]
    own = tables["gradients"].query(
        "activation == 'sigmoid' and depth == 1 and setting == 'default' and checkpoint == 'init'"
    )
    by_layer = own.groupby("layer")["rms"]
    assert ends == [pytest.approx(pair) for pair in zip(by_layer.min(), by_layer.max(), strict=True)]
    assert legend(figure)[-1] == "measured (lowest to highest)"


def test_as_many_settings_as_are_readable_are_drawn(tables, style):
    names = [f"s{number}" for number in range(20)]
    given = [table.assign(setting="s0") for table in (tables["gradients"], tables["predictions"])]
    assert len(theory.gradients(*given, names, [1], style).axes) == shown.THEORY_SETTINGS
    marked = theory.edge_of_chaos(
        tables["edges"], pd.concat([tables["theory"].assign(setting=name) for name in names]), names, style
    )
    assert sum(text.startswith("setting ") for text in legend(marked)) == shown.MARKED_SETTINGS
    assert len(theory.SETTING_MARKS) >= shown.MARKED_SETTINGS


@pytest.fixture
def plane():
    """sigmoid's curve is stable from σ_b = 0.5 on; ReLU's edge is a point; swish has none."""
    edges = pd.DataFrame(
        [
            ("sigmoid", 0.1, 4.0, 1.0, False),
            ("sigmoid", 0.5, 5.0, 1.0, True),
            ("sigmoid", 1.0, 6.0, 1.0, True),
            ("relu", 0.0, 1.41, None, False),
            ("swish", None, None, None, None),
        ],
        columns=["activation", "bias_std", "weight_std", "q", "stable"],
    ).astype({"stable": object})
    rows = [("sigmoid", "same", 0.58, 0.07), ("relu", "same", 0.58, 0.07)]
    rows += [("sigmoid", "own", 4.0, 0.1), ("relu", "own", 1.41, 0.0)]
    theory = pd.DataFrame(rows, columns=["activation", "setting", "weight_std", "bias_std"])
    return edges, theory.assign(reason=None)


def open_marks(axis):
    found = [line for line in points(axis) if line.get_markerfacecolor() == "none"]
    return [(to_rgb(line.get_markeredgecolor()), *map(float, line.get_xydata()[0])) for line in found]


def test_the_edge_is_faint_where_it_is_unstable(plane, style):
    figure = theory.edge_of_chaos(*plane, ["same", "own"], style)
    faint, stable = lines(figure.axes[0])
    assert faint.get_alpha() == theory.FAINT and len(faint.get_xdata()) == 3
    assert np.isnan(stable.get_ydata()).tolist() == [True, False, False] and stable.get_alpha() is None
    assert legend(figure)[-3:] == ["setting same", "setting own", "unstable (faint)"]
    low, high = figure.axes[0].get_ylim()
    assert low < 0.58 < 6 < high and figure.axes[0].get_xlim()[0] == 0


def test_a_homogeneous_function_is_a_point_and_not_unstable(plane, style):
    edges = plane[0][plane[0]["activation"] == "relu"]
    figure = theory.edge_of_chaos(edges, plane[1], ["same"], style)
    (point,) = [line for line in points(figure.axes[0]) if line.get_markerfacecolor() != "none"]
    assert point.get_xydata().tolist() == [[0, 1.41]]
    assert legend(figure)[-1] == "this study"


def test_settings_are_marked_once_or_for_each_activation(plane, style):
    axis = theory.edge_of_chaos(*plane, ["same", "own"], style).axes[0]
    colours = {key: to_rgb(look["color"]) for key, look in style.looks.items()}
    assert open_marks(axis) == [
        (to_rgb(theory.INK), 0.07, 0.58),
        (colours["sigmoid"], 0.1, 4.0),
        (colours["relu"], 0.0, 1.41),
    ]


def test_marks_that_would_hide_each_other_are_around_each_other_at_their_own_places(style):
    """Two edges at nearly one point, and a setting's marks on them, their values those of the table."""
    edges = pd.DataFrame({"activation": ["relu", "swish"], "bias_std": 0.0, "weight_std": [1.414, 1.407]})
    edges = edges.assign(q=None, stable=False)
    rows = edges[["activation", "bias_std", "weight_std"]].assign(setting="own", reason=None)
    axis = theory.edge_of_chaos(edges, rows, ["own"], style).axes[0]
    assert sorted(map(float, {line.get_ydata()[0] for line in points(axis)})) == [1.407, 1.414]
    axis.get_figure().canvas.draw()
    for mark in points(axis):
        place = axis.transData.transform(mark.get_xydata()[0])
        assert mark.get_transform().transform(mark.get_xydata()[0]) == pytest.approx(place)
    relu, *rest = points(axis)
    assert relu.get_markerfacecolor() != "none" and {mark.get_markerfacecolor() for mark in rest} == {"none"}
    sizes = [mark.get_markersize() for mark in points(axis)]
    assert len(sizes) == 4 and min(np.diff(sizes)) >= theory.AROUND
    assert not [text for text in axis.texts if text.arrow_patch is not None]
    assert "|setting own: σ_b = 0, σ_w = 1.41" in points(axis)[-1].get_gid()


def test_marks_that_leave_each_other_in_sight_have_their_own_size(style):
    edges = pd.DataFrame({"activation": ["relu", "swish"], "bias_std": 0.0, "weight_std": [1.4, 3.0]})
    edges = edges.assign(q=None, stable=False)
    rows = edges[["activation", "bias_std", "weight_std"]].assign(setting="own", reason=None, bias_std=0.1)
    axis = theory.edge_of_chaos(edges, rows, ["own"], style).axes[0]
    assert [mark.get_markersize() for mark in points(axis)] == [6, 6, 9, 9]


def test_a_curve_that_goes_out_of_reach_leaves_the_plane_to_the_others(plane, style):
    edges, rows = plane
    far = edges.assign(weight_std=edges["weight_std"].where(edges["bias_std"] != 0.1, 1e14))
    low, high = theory.edge_of_chaos(far, rows, ["same"], style).axes[0].get_ylim()
    assert low < 0.58 and 100 < high < 200
    wide = rows.assign(weight_std=400.0)
    assert theory.edge_of_chaos(far, wide, ["same"], style).axes[0].get_ylim()[1] > 400


def test_legends_name_what_is_drawn_and_nothing_else(plane, tables, style):
    """swish has no edge, and with one mark for all activations none of its own; sigmoid has no correlations."""
    edges, rows = plane
    swish = r"_costs \$5"
    assert legend(theory.edge_of_chaos(edges, rows, ["same"], style))[:2] == ["sigmoid", "ReLU"]
    assert swish not in legend(theory.edge_of_chaos(edges, rows, ["same", "own"], style))
    own = pd.DataFrame([("swish", "own", 3.0, 0.1, None)], columns=rows.columns)
    assert swish in legend(theory.edge_of_chaos(edges, pd.concat([rows, own]), ["own"], style))
    lacking = tables["correlations"].query("setting == 'default' and activation == 'sigmoid'")
    known = tables["correlations"].drop(lacking.index)
    both = pd.concat([known, lacking.assign(next_correlation=None)])
    assert legend(theory.correlation_map(both, ["default"], style)) == ["ReLU", swish, "no change"]
    assert "sigmoid" in legend(theory.correlation_map(both, ["default", "he"], style))


def test_the_number_of_the_cell_nearest_to_the_limit_is_not_crossed_by_its_line(style):
    """At −3.51 the number stands at the left, as the line at −3.5 goes through its right; others at the right."""
    cells = expected(-6.0, LIMIT - 0.01, LIMIT + 0.01, -1.0)
    figure = decay.decay_and_training(cells, shares(cells), ["default"], LIMIT, style)
    (axis,) = figure.axes
    figure.canvas.draw()
    line = axis.transData.transform((LIMIT, 0))[0]
    numbers = [text for text in axis.texts if text.get_text().isdigit()]
    boxes = {text.get_text(): text.get_window_extent() for text in numbers}
    assert len(boxes) == 4 and not [box for box in boxes.values() if box.x0 < line < box.x1]
    assert boxes["2"].x1 < line < boxes["3"].x0
    assert [text.get_ha() for text in numbers].count("left") == 3


def test_networks_with_another_map_have_no_mark(plane, style):
    edges, rows = plane
    rows = rows.assign(
        reason=[
            made_up_theory.reason("relu", norm="layer"),
            made_up_theory.reason("relu", residual=True),
            "other",
            None,
        ]
    )
    figure = theory.edge_of_chaos(edges, rows, ["same", "own"], style)
    assert len(open_marks(figure.axes[0])) == 2 and "setting same" not in legend(figure)


def shares(expectations, n_trained=2):
    """A table `comparison` of four seeds a cell."""
    return expectations[["activation", "depth", "setting"]].assign(n_seeds=4, n_trained=n_trained)


def expected(*ratios, key="sigmoid"):
    rows = {"activation": key, "depth": range(1, len(ratios) + 1), "setting": "default"}
    trains = [None if ratio is None or ratio > 1 else ratio > LIMIT for ratio in ratios]
    return pd.DataFrame(rows | {"log10_first_last": ratios, "expected_to_train": trains})


def test_each_cell_has_its_mark_its_depth_and_its_band(style):
    cells = pd.concat([expected(-6.0, -1.0), expected(-5.0, None, key="relu")])
    table = shares(cells).assign(n_trained=[0, 4, 2, 4])
    axis = decay.decay_and_training(cells, table, ["default"], LIMIT, style).axes[0]
    *sigmoid, relu = points(axis)
    assert [mark.get_xdata()[0] for mark in sigmoid] == [-6.0, -1.0] and relu.get_xdata()[0] == -5.0
    notes = [mark.get_gid() for mark in (*sigmoid, relu)]
    assert notes[0] == "note a-sigmoid d-1 s-default|1 hidden layer: 0 of 4 trained, predicted −6"
    assert [note.partition("|")[0] for note in notes[1:]] == [
        "note a-sigmoid d-2 s-default",
        "note a-relu d-1 s-default",
    ]
    ticks = dict(zip(axis.get_yticks(), (text.get_text() for text in axis.get_yticklabels()), strict=True))
    assert [ticks[mark.get_ydata()[0]] for mark in sigmoid] == ["0 %", "100 %"]
    assert ticks[relu.get_ydata()[0]] == "50 %"
    numbers = {text.xy[0]: text.get_text() for text in axis.texts if text.get_text().isdigit()}
    assert numbers == {-6.0: "1", -1.0: "2", -5.0: "1"}
    limits = [line for line in lines(axis) if list(line.get_xdata()) == [LIMIT, LIMIT]]
    assert len(limits) == 1 and axis.get_xlim()[0] < -6 < -1 < axis.get_xlim()[1]


def test_each_setting_has_a_panel_of_its_own_on_one_scale(style):
    cells = pd.concat([expected(-6.0, -1.0), expected(-2.0, -0.5).assign(setting="critical")])
    figure = decay.decay_and_training(cells, shares(cells), ["default", "none", "critical"], LIMIT, style)
    assert [axis.get_ylabel() for axis in figure.axes] == ["default", "critical"]
    drawn = [[mark.get_xdata()[0] for mark in points(axis)] for axis in figure.axes]
    assert drawn == [[-6.0, -1.0], [-2.0, -0.5]]
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()
    assert [axis.get_gid() for axis in figure.axes] == [
        "panel s-default|default",
        "panel s-critical|critical",
    ]


def test_marks_that_would_hide_each_other_are_set_apart_within_their_band(style):
    cells = expected(-1.0, -1.0, -1.0, -6.0)
    axis = decay.decay_and_training(
        cells, shares(cells).assign(n_trained=[4, 4, 4, 0]), ["default"], LIMIT, style
    ).axes[0]
    zero, *heights = [line.get_ydata()[0] for line in points(axis)]
    middle = axis.get_yticks()[1]
    assert sorted(height - middle for height in heights) == [-1, 0, 1]
    separator = next(line.get_ydata()[0] for line in lines(axis) if line.get_color() == "#cccccc")
    assert zero < separator < min(heights)


def test_lanes_are_reused_where_there_is_room():
    assert decay._lanes(np.array([0.0, 0.1, 0.2, 5.0, 5.1]), 1.0).tolist() == [0, 1, -1, 0, 1]


def test_growing_gradients_are_open_marks_outside_of_what_is_expected_to_train(style):
    cells = expected(-6.0, 0.5, 2.0, 4.0)
    figure = decay.decay_and_training(cells, shares(cells), ["default"], LIMIT, style)
    axis = figure.axes[0]
    marks = {mark.get_xdata()[0]: mark.get_markerfacecolor() == "none" for mark in points(axis)}
    assert marks == {-6: False, 0.5: False, 2: True, 4: True}
    (area,) = axis.patches
    assert area.get_x() == LIMIT and area.get_x() + area.get_width() == 2
    assert legend(figure)[-1] == "nothing expected"


def test_many_cells_have_no_numbers(style):
    cells = expected(*np.linspace(-8, 0, shown.NUMBERED_CELLS + 1))
    axis = decay.decay_and_training(cells, shares(cells), ["default"], LIMIT, style).axes[0]
    assert not [text for text in axis.texts if text.get_text().isdigit()]


def test_correlations_are_lines_beside_the_diagonal(tables, style):
    nothing = tables["correlations"].assign(setting="layer", next_correlation=None)
    both = pd.concat([nothing, tables["correlations"]])
    figure = theory.correlation_map(both, ["layer", "default", "he"], style)
    assert [axis.get_title() for axis in figure.axes] == ["default", "he"]
    diagonal, sigmoid, *_ = lines(figure.axes[0])
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
    rows = tables["correlations"].query("activation == 'sigmoid' and setting == 'default'")
    assert sigmoid.get_ydata() == pytest.approx(rows["next_correlation"].to_numpy())
    assert legend(figure)[2:] == [r"_costs \$5", "no change"]
