"""Figures of more activations than colours can tell apart: a few have one, with names; the rest is grey."""

from itertools import combinations

import pandas as pd
import pytest
from actbench.figures import drawing, failures, looks, order, results, shown, svg
from actbench.figures.plotting import plt

KEYS = [f"mine{i}" for i in range(14)]
FOREMOST = ["mine3", "mine5", "mine0"]
SEEDS = 3


@pytest.fixture
def style():
    drawing.use_style()
    yield drawing.Style({key: key for key in KEYS}, foremost=FOREMOST)
    plt.close("all")


def by_layer(**columns):
    """Three networks each of two layers at both checkpoints; the values of activation i are 1 + i / 100."""
    rows = [
        {"activation": key, "seed": seed, "checkpoint": checkpoint, "layer": layer, "rms": 1 + i / 100}
        for i, key in enumerate(KEYS)
        for seed in range(SEEDS)
        for checkpoint in ("init", "trained")
        for layer in (0, 1)
    ]
    return pd.DataFrame(rows).assign(depth=1, setting="default", fold=0, tensor="weight", **columns)


def of(axis, key):
    return [
        line for line in axis.lines if looks.css_class(key) in (line.get_gid() or "").split("|")[0].split()
    ]


def test_few_lines_have_a_colour_and_the_rest_is_one_grey_line_each(style):
    figure = results.gradients(by_layer(), [1], style, "weight")
    for axis in figure.axes:
        for key in KEYS:
            drawn = of(axis, key)
            if key in FOREMOST:
                assert {line.get_color() for line in drawn} == {style.looks[key]["color"]}
                assert len(drawn) == SEEDS + 1
            else:
                (line,) = drawn
                assert line.get_color() == looks.BEHIND["color"] and line.get_linewidth() < 1
                assert line.get_gid().endswith(
                    f"median of n = {SEEDS}, {1 + KEYS.index(key) / 100:.3g} at the right end"
                )


def test_the_coloured_ones_are_named_at_their_ends_and_in_the_legend(style):
    """Their values differ by less than a letter is high, so that names have to be set apart."""
    table = by_layer()
    table.loc[table["activation"] == "mine13", "rms"] = 1000
    figure = results.gradients(table, [1], style, "weight")
    figure.canvas.draw()
    axis = figure.axes[-1]
    assert {text.get_text() for text in axis.texts} <= set(FOREMOST)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [*FOREMOST, "others"]


@pytest.mark.parametrize("values", [(1, 1.3, 1.31), (1, 5, 90)])
def test_names_do_not_touch(style, values):
    table = by_layer()
    table["rms"] = table["activation"].map(dict(zip(FOREMOST, values, strict=True))).fillna(2)
    figure = results.gradients(table, [1], style, "weight")
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[-1].texts]
    assert len(boxes) == 3
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_without_a_choice_the_first_have_a_colour_and_of_few_all_have_it():
    many = drawing.Style({key: key for key in KEYS})
    assert many.coloured == KEYS[: shown.LINES]
    few = drawing.Style({key: key for key in KEYS[: shown.LINES]}, foremost=FOREMOST)
    assert few.coloured == KEYS[: shown.LINES]


def test_shares_have_a_colour_where_they_are_highest(style):
    table = by_layer(n_neurons=10, n_dead=0, trained=True, status="ok").drop(columns="rms")
    table.loc[(table["activation"] == "mine9") & (table["layer"] == 1), "n_dead"] = 5
    table.loc[(table["activation"] == "mine2") & (table["seed"] == 1), "n_dead"] = 1
    figure = results.dead_neurons(table, [1], style)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["mine9", "mine2", "others"]
    said = [text.get_text() for text in figure.axes[0].texts if "medians" in text.get_text()]
    assert said == ["13 of 14: medians of 0 % in all layers"]


def test_grey_lines_of_failed_networks_are_dotted_and_have_no_crosses(style):
    runs = by_layer()[["activation", "depth", "setting", "seed", "fold"]].drop_duplicates()
    runs = runs.assign(trained=runs["activation"] != "mine7", status="ok")
    figure = results.gradients(failures.joined(by_layer(), runs), [1], style, "weight")
    (line,) = of(figure.axes[-1], "mine7")
    assert line.get_marker() == "None" and line.get_color() == looks.BEHIND["color"]
    assert "did not train" not in [text.get_text() for text in figure.legends[0].get_texts()]


def test_who_has_a_colour_of_a_ranking():
    """The baseline, three first, the last that trained, and the two of which some network did not."""
    trained = dict.fromkeys(KEYS, 5) | {"mine13": 0, "mine6": 4}
    rows = [
        {"activation": key, "n_trained": n, "n_seeds": 5, "baseline": "mine8"} for key, n in trained.items()
    ]
    table = pd.DataFrame(rows)
    expected = ["mine8", "mine0", "mine1", "mine2", "mine12", "mine6", "mine13"]
    assert order.foremost(table, KEYS) == expected
    assert order.foremost(table.assign(n_trained=4), KEYS) == [*expected[:4], "mine13"]


def test_a_page_gives_a_grey_line_its_activations_colour_where_it_sets_no_grey(style, tmp_path):
    drawing.save(results.gradients(by_layer(), [1], style, "weight"), tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert looks.BEHIND["color"] in text
    page = svg.inlined(text, "a", dict(style.labels))
    own = looks.colours(KEYS)["mine7"]
    assert page.count(f"stroke:var(--behind,var(--a-mine7,{own}))") == 2  # a panel each
    assert page.count(f"var(--behind,{looks.BEHIND['color']})") == 1  # the legend's


def test_a_legend_leaves_out_what_is_not_drawn_and_names_all_where_marks_have_all_colours(style):
    figures = [plt.figure() for _ in range(3)]
    style.legend(figures[0], without=["mine5"])
    style.legend(figures[1], without=set(KEYS) - {"mine5"})
    style.legend(figures[2], every=True)
    names = [[text.get_text() for text in figure.legends[0].get_texts()] for figure in figures]
    assert names == [["mine3", "mine0", "others"], ["mine5"], KEYS]
