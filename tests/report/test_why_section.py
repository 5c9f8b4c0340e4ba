"""The section Why, from a made-up study: which parts it has, and what stands in them."""

import math
import re

import made_up
import made_up_theory
import pandas as pd
import pytest
from actbench.analysis.tables import of_setting
from actbench.report import contents
from actbench.report.section import Study
from actbench.report.sections import why
from conftest import ROOT

TEMPLATE = ROOT / "workflow" / "report" / "report.html"
FIGURES = ("correlation_map", "edge_of_chaos", "theory_gradients", "theory_activations", "decay_and_training")


def study(*settings, folds=None, **changes):
    config = made_up.config(
        settings or ("default",), **{"depths": (2, 8), "keys": ("sigmoid", "relu"), **changes}
    )
    config["evaluation"]["folds"] = folds
    every = made_up.tables(config) | made_up_theory.tables(config)
    figures = dict.fromkeys(FIGURES, "data:,")
    return Study(config, of_setting(every, next(iter(config["settings"]))), figures, {}, {}, every)


def page(study):
    return " ".join(contents.render(study, TEMPLATE, [why.SECTION]).replace("</p><p>", " ").split())


def parts(text):
    return re.findall(r'id="((?:table|figure)-\w+)"', text)


def test_it_is_one_chain_from_the_derivative_to_who_trained():
    text = page(study())
    assert re.findall("<h3>(.*?)</h3>", text) == [
        "The derivative",
        "One layer",
        "Many layers",
        "Who trained",
        "Where theory and measurement part",
    ]
    assert parts(text) == ["table-theory", *(f"figure-{name}" for name in FIGURES)]
    assert "The largest |f′| is 0.25 for sigmoid and 1 for ReLU." in text
    assert "With 8 hidden layers theory predicts a first gradient 6.2 × 10⁻⁸ times the last" in text
    assert "None of its 5 networks trained." in text
    assert "Theory takes layers as infinitely wide; the narrowest hidden layer here has 64 units." in text


def test_it_comes_after_the_recipe_and_is_left_out_without_a_table():
    order = [section.id for section in contents.SECTIONS]
    assert order[order.index("recipe") + 1] == "why"
    whole = study()
    for name in why.SECTION.tables:
        rest = {key: table for key, table in whole.tables.items() if key != name}
        lacking = Study(whole.config, rest, whole.figures, {}, {}, whole.every)
        assert not why.SECTION.is_shown(lacking) and why.pointer(lacking) == ""


def test_where_nothing_is_predicted_only_that_is_said():
    text = page(study("layer"))
    assert f"Nothing is predicted for this study: sigmoid and ReLU ({made_up_theory.REASON})." in text
    assert parts(text) == [] and "<h3>" not in text
    assert why.pointer(study("layer")) == ""


def test_other_settings_are_named_and_what_is_not_predicted_of_them():
    text = page(study("default", "layer"))
    assert f"Not predicted are 4 of 8 cells: sigmoid and ReLU with “layer” ({made_up_theory.REASON})." in text
    assert "What one layer does, with “default”; the other settings are in the download." in text
    assert "(activation × depth, a panel a setting)" in text
    assert "Drawn for the first" not in text
    assert "Drawn for the first 3 of the 4 settings." in page(study("default", "he", "layer", "adam"))


def test_the_first_setting_that_is_predicted_is_told():
    text = page(study("layer", "default"))
    assert "What one layer does, with “default”; the other settings are in the download." in text
    assert "s default initialisation (“default”), χ at the fixed point is" in text
    assert "s default initialisation (“default”) a layer multiplies" in text
    rows = re.findall("<td>(.*?)</td>", text[text.index('id="table-theory"') :])
    assert rows[1] == "0.577" and rows[5] != "–"


def test_normalised_and_residual_settings_are_named():
    assert "“layer” are normalised or residual:" in page(study("default", "layer"))
    text = page(study("default", "residual"))
    assert "Networks with “residual” are normalised or residual: the map," in text
    assert "start, but for those that are normalised or residual." in text
    only = page(study("residual"))
    assert "These networks are normalised or residual: the map," in only and "Open marks" not in only
    assert "normalised or residual" not in page(study("default"))


def test_growing_gradients_have_open_marks_and_no_expectation():
    made = study()
    rows = made.every["expectations"]
    grown = rows["depth"].eq(8) & rows["activation"].eq("relu")
    assert "Open marks: nothing is expected" not in page(made)
    rows = rows.astype({"expected_to_train": object})
    rows.loc[grown, ["log10_first_last", "expected_to_train", "reason"]] = [1.5, None, "grows"]
    every = made.every | {"expectations": rows}
    text = page(Study(made.config, made.tables, made.figures, {}, {}, every))
    assert "Nothing is expected of 1 cell: ReLU with 8 hidden layers (grows)." in text
    assert "Open marks: nothing is expected, for gradients are predicted to grow." in text


def test_cells_are_made_once_for_the_section_and_the_first_screen(monkeypatch):
    made, calls = study(), []
    measured = why.measured
    monkeypatch.setattr(why, "measured", lambda table: calls.append(1) or measured(table))
    page(made)
    assert "lies within 0.1 of theory (log10) in" in why.pointer(made) and len(calls) == 1


def test_shares_of_saturated_pre_activations_are_means_over_hidden_layers_of_new_networks():
    row = {
        "activation": "relu",
        "depth": 2,
        "setting": "default",
        "signal": "preactivation",
        "checkpoint": "init",
    }
    rows = [row | {"saturated_fraction": share} for share in (0.2, 0.6, None)]
    rows += [row | {"checkpoint": "trained", "saturated_fraction": 0.9}]
    rows += [row | {"signal": "activation", "saturated_fraction": None}]
    (found,) = why.saturated_shares(pd.DataFrame(rows)).to_dict("records")
    assert found["share"] == pytest.approx(0.4)


def test_one_seed_at_depth_1_of_one_activation():
    text = page(study(n_seeds=1, depths=(1,), keys=("relu",)))
    assert (
        "with 1 hidden layer theory predicts" in text
        and "was measured (n = 1). Its one network trained." in text
    )
    assert "points: measured, n = 1 network a cell." in text
    assert "of a cell scatter" not in text and "nan" not in text


def test_cells_are_of_all_settings_in_the_order_of_the_config():
    made = study("he", "default", keys=("relu", "sigmoid"))
    made.every["expectations"] = (
        made.every["expectations"]
        .sample(frac=1, random_state=0)
        .astype({"activation": "category", "setting": "category"})
    )
    rows = why.cells(made)
    assert rows[["setting", "activation", "depth"]].to_numpy().tolist() == [
        [setting, key, depth]
        for setting in ("he", "default")
        for key in ("relu", "sigmoid")
        for depth in (2, 8)
    ]
    assert rows["n"].tolist() == rows["n_after"].tolist() == [5] * 8


def gradients(*rows):
    names = ("seed", "fold", "checkpoint", "layer", "rms")
    table = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])
    return table.assign(activation="relu", setting="default", depth=1, tensor="preactivation")


def test_measured_decay_is_a_mean_over_seeds_also_of_one_and_over_their_folds():
    rows = [
        (0, 0, "init", 0, 1e-3),
        (0, 0, "init", 1, 1e-1),
        (0, 1, "init", 0, 1e-2),
        (0, 1, "init", 1, 1e-1),
    ]
    (row,) = why.measured(gradients(*rows)).to_dict("records")
    assert row["measured"] == pytest.approx(-1.5) and row["n"] == 1 and math.isnan(row["std"])
    more = [(1, 0, "init", 0, 1e-1), (1, 0, "init", 1, 1e-1), (2, 0, "init", 0, 0.0), (2, 0, "init", 1, 1.0)]
    (row,) = why.measured(gradients(*rows, *more)).to_dict("records")
    assert row["measured"] == pytest.approx(-0.75) and row["n"] == 2


def test_signals_are_the_mean_over_networks_by_the_prediction():
    keys = {"activation": "relu", "depth": 1, "setting": "default", "layer": 0}
    measured = [keys | {"std": std, "signal": "activation", "checkpoint": "init"} for std in (0.4, 0.8)]
    measured += [keys | {"std": 9.0, "signal": "activation", "checkpoint": "trained"}]
    measured += [keys | {"std": 9.0, "signal": "preactivation", "checkpoint": "init"}]
    predicted = [keys | {"activation_std": 0.5}, keys | {"layer": 1, "activation_std": None}]
    (row,) = why.signal_gaps(pd.DataFrame(measured), pd.DataFrame(predicted)).to_dict("records")
    assert row["ratio"] == pytest.approx(1.2) and row["n"] == 2


@pytest.mark.parametrize(
    ("low", "high", "below", "above", "expected"),
    [
        (-0.1, 1.0, True, True, 1.0),
        (-3.0, 1.0, True, True, 3.0),
        (None, 1.0, False, True, math.inf),
        (0.0, None, True, None, None),
    ],
)
def test_the_largest_derivative(low, high, below, above, expected):
    names = ("derivative_low", "derivative_high", "derivative_bounded_below", "derivative_bounded_above")
    row = {"activation": "mine"} | dict(zip(names, (low, high, below, above), strict=True))
    assert why.largest_derivatives(pd.DataFrame([row], dtype=object)) == {"mine": expected}


@pytest.mark.parametrize(
    ("length", "factor", "text"),
    [
        (0.256, 0.02, "0.26"),
        (math.inf, 1.0, "∞"),
        (None, 1.0, "∞"),
        (None, 1.2, "grows"),
        (None, 1.003, "grows"),
        (None, 1 + 1e-7, "∞"),
        (None, -1.2, "grows"),
        (None, None, "–"),
        (math.nan, math.nan, "–"),
    ],
)
def test_lengths_in_layers(length, factor, text):
    assert why.xi(length, factor) == text


def test_the_table_has_a_row_an_activation_in_the_order_of_the_labels():
    row = {
        "activation": "swish",
        "setting": "default",
        "weight_std": 0.57735,
        "bias_std": 0.0722,
        "q": 0.00571,
        "slope": 0.9,
        "stable": True,
        "chi": 0.0838,
        "xi_q": 9.49,
        "xi_c": 0.403,
        "edge_weight_std": 1.67953,
        "edge_bias_std": 0.2,
        "edge_q": 0.689,
        "edge_stable": False,
    }
    nothing = dict.fromkeys([*row][2:]) | {"activation": "elu", "setting": "default"}
    homogeneous = row | {"activation": "relu", "edge_q": None, "edge_bias_std": 0.0}
    table = pd.DataFrame([row, nothing, homogeneous])
    found = why.one_layer_rows(
        table, {"swish": 1.09984, "relu": math.inf}, {"elu": "ELU", "swish": "s", "relu": "r"}
    )
    assert [line["key"] for line in found] == ["elu", "swish", "relu"]
    assert found[0]["cells"] == ["–"] * 10
    assert found[1]["cells"] == [
        *("1.1", "0.577", "0.0722", "0.0057", "yes", "0.084", "9.5", "0.4"),
        *("1.68, unstable", "0.2"),
    ]
    assert found[2]["cells"][0] == "∞" and found[2]["cells"][-2:] == ["1.68", "0"]


def test_settings_in_words():
    several = made_up.config(("default", "critical"))
    assert why.initialisation(several, "critical") == "critical initialisation (“critical”)"
    one = made_up.config(("default",))
    assert why.initialisation(one, "default") == "PyTorch's default initialisation"
    del one["settings"]["default"]["network"]["initialisation"]
    assert why.initialisation(one, "default") == "this initialisation"


def test_with_folds_seeds_are_counted():
    text = page(study(folds=5))
    assert "None of its 5 seeds trained." in text and "n = 25 networks a cell" in text
