"""Figures of the recipe: what stands in the tables is what is drawn."""

import made_up
import numpy as np
import pandas as pd
import pytest
from actbench.figures import drawing, heat_maps, recipe, shown
from actbench.figures.plotting import matplotlib, plt

LABELS = {"relu": "ReLU", "tanh": "_costs $5"}
RATES = [0.01, 0.1, 1.0]


@pytest.fixture
def style():
    drawing.use_style()
    yield drawing.Style(LABELS)
    plt.close("all")


@pytest.fixture
def tuning():
    """Two seeds a candidate; tanh's largest candidate diverged."""
    scores = {"relu": [0.5, 0.9, 0.7], "tanh": [0.8, 0.7, 0.1]}
    rows = [
        {
            "activation": key,
            "setting": name,
            "learning_rate": rate,
            "seed": seed,
            "score": score + 0.01 * seed,
        }
        for key, values in scores.items()
        for name in ("default", "he")
        for rate, score in zip(RATES, values, strict=True)
        for seed in (0, 1)
    ]
    return pd.DataFrame(rows).assign(depth=2, fold=0)


@pytest.fixture
def rates():
    rows = [("relu", 0.1, 0.905, False), ("tanh", 0.01, 0.805, True)]
    table = pd.DataFrame(rows, columns=["activation", "learning_rate", "score", "at_edge"])
    tables = [table.assign(setting=name, depth=2, fold=0) for name in ("default", "he")]
    return pd.concat(tables)


def marks(axis, marker):
    """Places of the marks that are not filled."""
    return [
        tuple(np.concatenate(line.get_data()))
        for line in axis.lines
        if line.get_marker() == marker and line.get_markerfacecolor() == "none" and len(line.get_xdata())
    ]


def test_every_trial_is_a_point_and_the_line_their_mean(tuning, rates, style):
    axis = recipe.sensitivity(tuning, rates, ["default"], [2], style).axes[0]
    points = [line for line in axis.lines if line.get_linestyle() == "None" and line.get_markersize() < 4]
    assert [len(line.get_xdata()) for line in points] == [6, 6]
    relu = next(line for line in axis.lines if line.get_linestyle() != "None")
    assert list(relu.get_ydata()) == pytest.approx([0.505, 0.905, 0.705])
    assert axis.get_xscale() == "log"
    assert [text.get_text() for text in axis.get_xticklabels()] == ["0.01", "0.1", "1"]


@pytest.mark.parametrize("n", [2, 8])
def test_activations_stand_close_to_their_rate(style, n):
    """Together within three tenths of the smallest step, here a factor of 2."""
    shifts = recipe._shifts(n, [0.01, 0.02, 0.1])
    assert shifts[-1] / shifts[0] <= 2**0.3 * (1 + 1e-9) and np.all(np.diff(shifts) > 0)
    assert np.prod(shifts) == pytest.approx(1)


def test_of_many_activations_accuracies_are_a_map(tuning, rates, style):
    keys = [f"a{i}" for i in range(shown.BESIDE + 1)]
    many = drawing.Style({key: key for key in keys})
    tuning, rates = (
        pd.concat([table[table["activation"] == "tanh"].assign(activation=key) for key in keys])
        for table in (tuning, rates)
    )
    rates.loc[rates["activation"] == "a3", ["learning_rate", "at_edge"]] = [0.1, False]
    axis, *others = recipe.sensitivity(tuning, rates, ["default"], [2], many).axes
    assert len(others) == 1 and not axis.lines
    texts = [text.get_text() for text in axis.texts]
    assert texts == ["80.5", "70.5", "10.5"] * len(keys)
    assert [text.get_text() for text in axis.get_xticklabels()] == ["0.01", "0.1", "1"]
    boxes = [patch for patch in axis.patches if not patch.get_fill() and patch.get_linewidth() < 2]
    centres = [tuple(np.add(box.get_xy(), (0.44, 0.4))) for box in boxes]
    assert np.allclose(centres, [(int(i == 3), i) for i in range(len(keys))])
    assert [box.get_linestyle() == "-" for box in boxes] == [i == 3 for i in range(len(keys))]
    explained = axis.get_figure().legends[0].findobj(matplotlib.patches.Rectangle)
    edges = [matplotlib.colors.to_hex(box.get_edgecolor()) for box in explained if not box.get_fill()]
    assert edges == [heat_maps.LIGHT, heat_maps.DARK] * 2  # a light line around the dark one, as in the cells


def test_choices_are_ringed_and_those_at_the_edge_otherwise(tuning, rates, style):
    axis = recipe.sensitivity(tuning, rates, ["default"], [2], style).axes[0]
    ((rate, score),), ((edge, low),) = marks(axis, "o"), marks(axis, "s")
    assert rate == pytest.approx(0.1, rel=0.1) and score == 0.905
    assert edge == pytest.approx(0.01, rel=0.1) and low == 0.805


@pytest.mark.parametrize(
    ("at_edge", "texts"),
    [([False, False], ["chosen"]), ([True, True], ["chosen, at the edge"]), ([True, False], None)],
)
def test_the_legend_explains_only_marks_that_are_there(tuning, rates, style, at_edge, texts):
    rates = rates[rates["setting"] == "default"].assign(at_edge=at_edge)
    (legend,) = recipe.sensitivity(tuning, rates, ["default"], [2], style).legends
    found = [text.get_text() for text in legend.get_texts()]
    assert found[:2] == ["ReLU", r"_costs \$5"]
    assert found[2:] == (texts or ["chosen", "chosen, at the edge"])


def test_settings_are_rows_and_depths_columns(tuning, rates, style):
    deeper = [pd.concat([table, table.assign(depth=4)]) for table in (tuning, rates)]
    axes = recipe.sensitivity(*deeper, ["he", "default"], [2, 4], style).axes
    assert [axis.get_title() for axis in axes] == ["2 hidden layers", "4 hidden layers", "", ""]
    assert [axis.get_ylabel() for axis in axes] == ["he", "he", "default", "default"]


def test_a_setting_that_was_not_tuned_has_no_panel(tuning, rates, style):
    axes = recipe.sensitivity(tuning, rates, ["default", "fixed", "he"], [2], style).axes
    assert [axis.get_ylabel() for axis in axes] == ["default", "he"]


def test_settings_of_other_grids_have_their_own_axes(tuning, rates, style):
    for table in (tuning, rates):
        table.loc[table["setting"] == "he", "learning_rate"] /= 100
    first, second = recipe.sensitivity(tuning, rates, ["default", "he"], [2], style).axes
    assert first.get_xlim()[0] > second.get_xlim()[1] / 10
    assert [text.get_text() for text in second.get_xticklabels()] == ["0.0001", "0.001", "0.01"]


def test_many_settings_are_drawn_as_far_as_panels_go(profile, style):
    names = [f"s{number}" for number in range(40)]
    assert shown.settings(names, 4) == names[: shown.PANELS // 4]
    assert len(recipe.profile(profile, names, style).axes) == 27  # all together, 24, and empty places


def test_folds_have_a_choice_each(tuning, rates, style):
    tuning, rates = (pd.concat([table, table.assign(fold=1)]) for table in (tuning, rates))
    rates.loc[rates["fold"] == 1, ["learning_rate", "score"]] = [1.0, 0.7]
    axis = recipe.sensitivity(tuning, rates, ["default"], [2], style).axes[0]
    assert [len(places) for places in marks(axis, "o")] == [4]


def test_many_runs_are_summarised(tuning, rates):
    drawing.use_style()
    axis = recipe.sensitivity(tuning, rates, ["default"], [2], drawing.Style(LABELS, summarised=True)).axes[0]
    (bars, _) = axis.collections
    ends = [segment[:, 1].tolist() for segment in bars.get_segments()]
    assert ends == [pytest.approx(pair) for pair in ([0.5, 0.51], [0.9, 0.91], [0.7, 0.71])]
    assert not [line for line in axis.lines if line.get_linestyle() == "None" and line.get_markersize() < 4]


@pytest.fixture
def profile():
    """relu is first in 3 of 4 and 20 points behind in one; tanh first in one, 1 point behind in three."""
    rows = [("relu", 0.0, 0.75), ("relu", 0.2, 1.0), ("tanh", 0.0, 0.25), ("tanh", 0.01, 1.0)]
    table = pd.DataFrame(rows, columns=["activation", "tau", "share"]).assign(setting="", n=4)
    return pd.concat([table, table.assign(setting="default"), table.assign(setting="he", n=2)])


def test_profiles_rise_where_the_table_does_and_stay_level(profile, style):
    axis = recipe.profile(profile, ["default"], style).axes[0]
    relu, tanh = axis.lines
    assert relu.get_drawstyle() == "steps-post"
    assert relu.get_xydata().tolist() == [[0, 0.75], [0.2, 1], [0.2, 1]]
    assert tanh.get_xydata().tolist() == [[0, 0.25], [0.01, 1], [0.2, 1]]
    assert axis.get_xlim() == (0, 0.2)
    assert [text.get_text() for text in axis.get_xticklabels()] == ["0", "0.5", "1", "2", "5", "10", "20"]


def test_several_settings_have_a_profile_each(profile, style):
    titles = [axis.get_title() for axis in recipe.profile(profile, ["he", "default"], style).axes]
    assert titles == ["all settings, n = 4", "he, n = 2", "default, n = 4"]
    assert [axis.get_title() for axis in recipe.profile(profile, ["default"], style).axes] == ["n = 4"]


def test_profiles_are_shares_of_problems_and_of_none_there_is_none(profile, style):
    figure = recipe.profile(profile[:0], ["he", "default"], style)
    assert figure.get_supylabel() == "share of problems" and figure.axes[0].get_xlim()[1] > 0


def test_activations_that_are_always_equal_have_a_profile(profile, style, tmp_path):
    equal = profile[profile["tau"] == 0].assign(share=1.0)
    drawing.save(recipe.profile(equal, ["default"], style), tmp_path / "a.svg")
    assert (tmp_path / "a.svg").stat().st_size > 1000


def test_the_same_tables_give_the_same_bytes(tmp_path):
    config = made_up.config(("default", "adam"), depths=(2, 4))
    tables = made_up.tables(config)
    for name in ("a.svg", "b.svg"):
        drawing.use_style()
        style = drawing.Style(made_up.LABELS)
        figure = recipe.sensitivity(
            tables["tuning"], tables["rates"], list(config["settings"]), [2, 4], style
        )
        drawing.save(figure, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
