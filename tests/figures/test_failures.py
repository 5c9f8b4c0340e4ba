"""Networks that did not train are told from the others in every figure of what training led to."""

from itertools import product

import pandas as pd
import pytest
from actbench.figures import drawing, failures, results, while_training
from actbench.figures.plotting import plt

LABELS = {"relu": "ReLU", "tanh": "tanh"}
LOST = {("relu", 1), ("tanh", 0), ("tanh", 1)}


@pytest.fixture
def style():
    drawing.use_style()
    yield drawing.Style(LABELS)
    plt.close("all")


@pytest.fixture
def runs():
    """Of relu's two networks one trained, of tanh's none."""
    places = list(product(LABELS, (0, 1)))
    rows = pd.DataFrame(places, columns=["activation", "seed"]).assign(depth=2, setting="default", fold=0)
    return rows.assign(trained=[place not in LOST for place in places])


def by_layer(runs, **columns):
    """Two layers at both checkpoints."""
    for name, values in (("checkpoint", ["init", "trained"]), ("layer", [0, 1])):
        runs = runs.merge(pd.DataFrame({name: values}), how="cross")
    return runs.drop(columns="trained").assign(**columns)


def dotted(axis):
    return [line for line in axis.lines if line.get_marker() == "x" and line.get_linewidth() == 1.5]


def words(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_who_trained_is_joined_on_by_run(runs):
    table = failures.joined(by_layer(runs).astype({"activation": "category"}), runs)
    assert len(table) == 16 and (~table["trained"]).sum() == 12
    lost = failures.failed(table)
    assert set(zip(lost["activation"], lost["seed"], strict=True)) == LOST
    assert failures.failed(by_layer(runs)).empty


def test_their_look_is_another_one_but_of_the_same_activation(style):
    for key, of_trained in style.looks.items():
        look = failures.look(of_trained | {"gid": "a"})
        assert look["color"] != of_trained["color"] and look["gid"] == "a"
        assert (look["linestyle"], look["marker"]) == (failures.DOTS, "x")
        assert failures.look(style.line(key))["marker"] == "x"  # a dotted look is some activation's own
    assert len({failures.look(own)["color"] for own in style.looks.values()}) == len(LABELS)


def test_after_training_they_have_a_median_of_their_own_and_before_all_are_alike(runs, style):
    table = failures.joined(by_layer(runs, tensor="weight", rms=0.5), runs)
    before, after = results.gradients(table, [2], style, "weight").axes
    assert dotted(before) == [] and len(dotted(after)) == 2
    medians = [line for line in after.lines if line.get_linewidth() == 1.5]
    assert len(medians) == 3


@pytest.mark.parametrize("trained", [True, False])
def test_the_legend_explains_them_where_there_are_any(runs, style, trained):
    runs = runs.assign(trained=trained | runs["trained"])
    table = failures.joined(by_layer(runs, tensor="weight", rms=0.5), runs)
    assert ("did not train" in words(results.gradients(table, [2], style, "weight"))) is not trained
    epochs = runs.drop(columns="trained").merge(pd.DataFrame({"epoch": [1, 2]}), how="cross")
    history = epochs.assign(val_accuracy=0.5, train_loss=0.5, val_loss=None, test_accuracy=None)
    history = failures.joined(history.assign(train_accuracy=0.5), runs)
    assert ("did not train" in words(results.learning_curves(history, [2], style))) is not trained


def history(runs, epochs=8):
    """Losses of 1, 1/2, …; that of relu's second network grows to 10⁸ in epoch 6 and ends there."""
    rows = runs.drop(columns=["trained", "status"]).merge(
        pd.DataFrame({"epoch": range(1, epochs + 1)}), how="cross"
    )
    rows = rows.assign(val_accuracy=0.5, train_loss=1 / rows["epoch"], test_accuracy=None, train_accuracy=0.5)
    gone = (rows["activation"] == "relu") & (rows["seed"] == 1)
    rows.loc[gone & (rows["epoch"] == 6), "train_loss"] = 1e8
    return failures.joined(rows[~gone | (rows["epoch"] <= 6)].assign(val_loss=None), runs)


def test_a_diverged_network_ends_in_a_cross_and_leaves_the_limits_to_the_others(runs, style):
    runs["status"] = ["ok", "diverged", "ok", "ok"]
    table = history(runs)
    assert set(failures.diverged(table)["seed"]) == {1} and set(failures.failed(table)["activation"]) == {
        "tanh"
    }
    figure = results.learning_curves(table, [2], style)
    assert words(figure)[2:] == ["did not train", "diverged"]
    accuracy, loss = figure.axes
    assert loss.get_ylim()[1] < 1.5 and loss.get_ylim()[0] == pytest.approx(1 / 8, rel=0.15)
    for axis, place in ((accuracy, (6, 0.5)), (loss, (6, loss.get_ylim()[1]))):
        (cross,) = [line for line in axis.lines if line.get_marker() == "X"]
        assert tuple(cross.get_xydata()[0]) == pytest.approx(place)
        assert cross.get_gid() == "note a-relu|seed 1, diverged"
    medians = [line for line in loss.lines if line.get_linewidth() == 1.5]
    assert [line.get_marker() for line in medians] == ["None", "x"]  # the diverged one is in no median


def test_panels_without_any_dead_unit_are_left_out(runs, style):
    """Of two depths and checkpoints, units are dead at depth 2 after training only."""
    dead = by_layer(runs, n_neurons=4, n_dead=0)
    dead = pd.concat([dead, dead.assign(depth=4)])
    alive = results.dead_neurons(dead, [2, 4], style)
    assert len(alive.axes) == 4
    dead.loc[(dead["depth"] == 2) & (dead["checkpoint"] == "trained"), "n_dead"] = 1
    (axis,) = results.dead_neurons(dead, [2, 4], style).axes
    assert axis.get_title() == "2 hidden layers, after training"


def test_while_training_has_no_panels_of_dead_units_where_there_are_none(runs, style):
    gradients = by_layer(runs, tensor="preactivation", rms=0.5)
    for n_dead, n_panels in ((0, 1), (1, 2)):
        dead = by_layer(runs, n_neurons=4, n_dead=n_dead)
        drawn = while_training.figure(gradients, dead, [2], style, runs)
        assert len(drawn.axes) == n_panels and "did not train" in words(drawn)
        kept = [
            line for line in drawn.axes[-1].lines if line.get_xdata()[0] > 0.5 and line.get_marker() == "x"
        ]
        assert len(kept) == 2
