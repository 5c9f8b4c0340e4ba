"""What is drawn of weights after single epochs."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from actbench.figures import drawing, results, while_training

LABELS = {"relu": "ReLU", "tanh": "tanh"}
CHECKPOINTS = ["epoch1", "epoch10", "epoch2", "init", "trained"]  # as tables are sorted


@pytest.fixture
def style():
    drawing.use_style()
    return drawing.Style(LABELS)


def tables(checkpoints=CHECKPOINTS, depths=(2,), seeds=(0, 1)):
    """Of relu's units a tenth is dead initially, one tenth more at each checkpoint; gradients fall to a hundredth."""
    runs = [
        {"activation": key, "depth": depth, "setting": "default", "seed": seed, "fold": 0, "checkpoint": name}
        for key, depth, seed, name in product(LABELS, depths, seeds, checkpoints)
    ]
    order = ["init", "epoch1", "epoch2", "epoch10", "trained"]
    dead = [
        run | {"layer": layer, "n_neurons": 10, "n_dead": int(run["activation"] == "relu") * (1 + at + layer)}
        for run in runs
        for layer in range(run["depth"])
        for at in [order.index(run["checkpoint"])]
    ]
    gradients = [
        run | {"layer": layer, "tensor": tensor, "rms": 10.0 ** (layer - 2 if tensor != "weight" else -layer)}
        for run in runs
        for tensor in ("weight", "preactivation")
        for layer in range(run["depth"] + 1)
    ]
    return pd.DataFrame(gradients), pd.DataFrame(dead)


def marked(axis, colour):
    """Places and heights of what is drawn with marks in a colour: the line of medians, then the kept weights."""
    lines = [line for line in axis.lines if line.get_color() == colour and line.get_marker() != "None"]
    return [(line.get_xdata(), line.get_ydata()) for line in lines]


def test_epochs_stand_in_their_order_and_kept_weights_apart(style):
    upper, lower = while_training.figure(*tables(), [2], style).axes
    (places, heights), (kept, last) = marked(upper, style.looks["relu"]["color"])
    assert list(places) == [0, 1, 2, 3] and list(heights) == pytest.approx([0.15, 0.25, 0.35, 0.45])
    assert list(last) == pytest.approx([0.55]) and 3.5 < kept[0] < 4.5
    assert [text.get_text() for text in lower.get_xticklabels()] == ["0", "1", "2", "10", "kept"]
    (_, heights), (other, _) = marked(lower, style.looks["tanh"]["color"])
    assert list(heights) == pytest.approx([-2.0] * 4) and other[0] > kept[0]
    for axis in (upper, lower):
        thin = [line.get_xdata() for line in axis.lines if line.get_linewidth() == 0.6]
        assert len(thin) == 4 and all(list(line) == [0, 1, 2, 3] for line in thin)


def test_a_run_that_ended_is_drawn_as_far_as_it_came(style):
    gradients, dead = tables()
    gone = [
        ((table["seed"] == 1) & table["checkpoint"].isin(["epoch10", "trained"]))
        for table in (gradients, dead)
    ]
    upper, _ = while_training.figure(gradients[~gone[0]], dead[~gone[1]], [2], style).axes
    thin = [list(line.get_xdata()) for line in upper.lines if line.get_linewidth() == 0.6]
    assert thin == [[0, 1, 2, 3], [0, 1, 2]] * 2


@pytest.mark.parametrize("missing", [0.0, np.nan])
def test_a_layer_without_gradients_leaves_no_ratio(missing):
    gradients, _ = tables(["init"], seeds=(0, 1, 2))
    for layer in range(3):
        silent = (
            (gradients["seed"] == layer) & (gradients["layer"] == layer) & (gradients["activation"] == "relu")
        )
        gradients.loc[silent, "rms"] = missing
    found = while_training.first_over_last(gradients).set_index("activation")["value"]
    assert found["relu"].isna().all() and found["tanh"].tolist() == pytest.approx([-2.0] * 3)


def test_many_epochs_have_few_ticks(style):
    names = ["init", *(f"epoch{n}" for n in range(1, 31)), "trained"]
    rows = pd.DataFrame(
        {"checkpoint": names, "activation": "relu", "depth": 2, "seed": 0, "fold": 0, "layer": 0}
    )
    dead, gradients = rows.assign(n_neurons=4, n_dead=1), rows.assign(tensor="preactivation", rms=1.0)
    _, axis = while_training.figure(gradients, dead, [2], style).axes
    texts = [text.get_text() for text in axis.get_xticklabels()]
    assert texts[0] == "0" and texts[-2:] == ["30", "kept"] and len(texts) == while_training.TICKS + 1


def test_diverged_networks_have_no_kept_weights_to_draw(style, tmp_path):
    for checkpoints in (["init"], ["init", "epoch1"]):
        drawn = while_training.figure(*tables(checkpoints), [2], style)
        assert len(marked(drawn.axes[0], style.looks["relu"]["color"])) == 1
        drawing.save(drawn, tmp_path / "a.svg")


def test_figures_by_layer_do_not_see_the_epochs(style, tmp_path):
    """However far their values lie from those before and after training."""
    gradients, _ = tables()
    between = gradients["checkpoint"].str.startswith("epoch")
    gradients.loc[between, "rms"] *= 1e-9
    for name, rows, tensor in (("all", gradients, "weight"), ("two", gradients[~between], "weight")):
        drawing.save(results.gradients(rows, [2], style, tensor), tmp_path / f"{name}.svg")
    assert (tmp_path / "all.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
