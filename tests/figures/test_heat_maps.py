"""Heat maps of the root mean square by layer and activation."""

import re
from itertools import product

import numpy as np
import pandas as pd
import pytest
from actbench.figures import drawing, heat_maps, svg
from actbench.figures.plotting import matplotlib, plt

LABELS = {"relu": "ReLU", "tanh": "tanh", "elu": "$elu$"}


@pytest.fixture
def style():
    drawing.use_style()
    yield drawing.Style(LABELS)
    plt.close("all")


def table(depths=(2,), seeds=(0, 1, 2), layers=None):
    """10⁻ˡ in layer l, a tenth of it after training; of relu's networks the last did not train, of elu's none did."""
    rows = [
        {"activation": key, "depth": depth, "seed": seed, "fold": 0, "checkpoint": when, "layer": layer}
        | {"tensor": "weight", "rms": 10.0 ** (-layer - (when == "trained"))}
        | {"trained": key != "elu" and (key, seed) != ("relu", 2)}
        for key, depth, seed, when in product(LABELS, depths, seeds, ("init", "trained"))
        for layer in range(layers or depth + 1)
    ]
    return pd.DataFrame(rows)


def row(cells, activation, checkpoint, layer=1):
    (found,) = cells[
        (cells["activation"] == activation) & (cells["checkpoint"] == checkpoint) & (cells["layer"] == layer)
    ].to_dict("records")
    return found


def written(axis):
    return [text.get_text() for text in axis.texts]


def test_cells_are_medians_and_after_training_of_those_that_trained():
    rows = table()
    rows.loc[(rows["activation"] == "relu") & (rows["seed"] == 2), "rms"] = 100.0
    rows.loc[(rows["activation"] == "relu") & (rows["seed"] == 1), "rms"] *= 3
    cells = heat_maps.cells(rows)
    assert row(cells, "relu", "init")["rms"] == pytest.approx(0.3) and row(cells, "relu", "init")["n"] == 3
    after = row(cells, "relu", "trained")
    assert after["rms"] == pytest.approx(0.02) and (after["n"], after["n_trained"], after["n_runs"]) == (
        2,
        2,
        3,
    )
    assert not after["failed"] and row(cells, "elu", "trained")["failed"]
    assert (
        row(cells, "elu", "trained")["rms"] == pytest.approx(0.01) and not row(cells, "elu", "init")["failed"]
    )


def test_networks_that_diverged_leave_cells_without_a_value():
    rows = table()
    cells = heat_maps.cells(rows[(rows["activation"] != "elu") | (rows["checkpoint"] == "init")])
    after = row(cells, "elu", "trained")
    assert np.isnan(after["rms"]) and after["failed"] and (after["n"], after["n_runs"]) == (0, 3)


def test_a_panel_a_depth_and_checkpoint_with_its_numbers_and_who_trained(style):
    figure = heat_maps.gradients(table(depths=(2, 4)), [2, 4], style)
    before, _, after, deep, _ = figure.axes
    assert written(before) == ["0.0", "−1.0", "−2.0"] * 3
    assert written(after)[:4] == ["−1.0", "−2.0", "−3.0", "2/3"]
    assert [text for text in written(deep) if "/" in text] == ["2/3", "3/3", "0/3 ✕"]
    assert [label.get_text() for label in before.get_yticklabels()] == ["ReLU", "tanh", r"\$elu\$"]
    hatched = [patch for patch in after.patches if patch.get_hatch()]
    assert [patch.get_y() for patch in hatched] == [1.5] and not [p for p in before.patches if p.get_hatch()]
    assert figure.axes[-1].get_ylabel() == "log₁₀ of the RMS gradient of the weights"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["✕ none of its networks trained"]


def test_the_bar_of_colours_is_no_bitmap_and_no_reference_of_a_page_is_broken(style, tmp_path):
    drawing.save(heat_maps.gradients(table(), [2], style), tmp_path / "a.svg")
    page = svg.inlined((tmp_path / "a.svg").read_text(encoding="utf-8"), "heat", LABELS)
    assert "<image" not in page and len(set(re.findall(r"fill:(#[0-9a-f]{6})", page))) > heat_maps.STEPS / 2
    targets = {one or other for one, other in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page)}
    assert targets and targets <= set(re.findall(r'\bid="([^"]+)"', page))


def test_colours_get_lighter_with_size_and_are_alike_in_all_panels(style):
    """Also in grey: the colour map is one that only gets lighter."""
    before, after = heat_maps.gradients(table(), [2], style).axes[:2]
    faces = [[patch.get_facecolor() for patch in axis.patches[:3]] for axis in (before, after)]
    greys = [[0.299 * red + 0.587 * green + 0.114 * blue for red, green, blue, _ in row] for row in faces]
    assert greys[0][0] > greys[0][1] > greys[0][2] and faces[0][1:] == faces[1][:2]


def test_zeros_and_missing_values_are_grey_and_said(style):
    rows = table()
    rows.loc[(rows["activation"] == "tanh") & (rows["layer"] == 0), "rms"] = 0.0
    rows.loc[(rows["activation"] == "relu") & (rows["layer"] == 1), "rms"] = np.nan
    figure = heat_maps.gradients(rows, [2], style)
    assert written(figure.axes[0])[:4] == ["0.0", "–", "−2.0", "0"]
    grey = matplotlib.colors.to_rgba(heat_maps.NOTHING)
    assert [patch.get_facecolor() == grey for patch in figure.axes[0].patches[:4]] == [
        False,
        True,
        False,
        True,
    ]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[1:] == ["0: the median is zero", "–: no network has a value"]


def test_all_zero_one_seed_and_one_activation_can_be_drawn(style, tmp_path):
    for rows in (table().assign(rms=0.0), table(seeds=(0,)), table().query("activation == 'relu'")):
        drawing.save(heat_maps.gradients(rows, [2], style), tmp_path / "a.svg")
    assert "<svg" in (tmp_path / "a.svg").read_text()


def test_of_many_layers_some_are_drawn_without_numbers(style):
    before, _, after = heat_maps.gradients(table(depths=(60, 61), seeds=(0,)), [60, 61], style).axes[:3]
    assert len(before.patches) == 24 * 3 and written(before) == []
    assert after.get_xticklabels()[-1].get_text() == "60"


def test_activations_have_the_root_of_mean_and_spread_squared(style):
    rows = table(layers=2).rename(columns={"rms": "std"}).assign(signal="activation", mean=3.0, std=4.0)
    before = heat_maps.activations(rows, [2], style).axes[0]
    assert set(written(before)) == {"0.7"}  # log10 of 5


def test_what_an_activation_is_drawn_with_has_its_class_and_a_cell_its_value(style):
    axis = heat_maps.gradients(table(), [2], style).axes[1]
    drawn = (*axis.patches, *axis.texts, *axis.get_yticklabels())
    notes = [artist.get_gid().removeprefix(svg.NOTE).split("|") for artist in drawn]
    assert {note[0] for note in notes} == {"a-relu", "a-tanh", "a-elu"}
    assert "layer 1: 0.01" in {note[1] for note in notes if len(note) > 1}


def test_each_value_names_its_activation_depth_checkpoint_and_layer(style, tmp_path):
    rows = table(depths=(2, 3))
    rows.loc[(rows["activation"] == "relu") & (rows["layer"] == 1), "rms"] = np.nan
    drawing.save(heat_maps.gradients(rows, [2, 3], style), tmp_path / "a.svg")
    page = svg.inlined((tmp_path / "a.svg").read_text(), "a", style.labels)
    said = re.findall("<title>([^<]*: [^<]*)</title>", page)
    assert len(said) == len(set(said)) == 3 * 2 * (3 + 4)
    assert f"{style.labels['relu']}: 3 hidden layers, after training, layer 1: no value" in said
