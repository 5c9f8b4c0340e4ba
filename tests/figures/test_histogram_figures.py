import re

import numpy as np
import pandas as pd
import pytest
from actbench.figures import drawing, histogram_figures, shown, svg

LABELS = {"relu": "costs $5 & <b>", "tanh": "_hidden", "elu": "elu"}


@pytest.fixture
def style():
    drawing.use_style()
    return drawing.Style(LABELS)


def ridge_rows(**keys):
    """Symmetric histograms of two layers of one network, the second with a hundred times the spread."""
    counts = [1, 4, 6, 4, 1]
    base = {
        "depth": 1,
        "setting": "default",
        "seed": 0,
        "fold": 0,
        "activation": "relu",
        "counts": counts,
    } | keys
    return [base | {"layer": layer, "low": -s, "high": s} for layer, s in ((0, 0.01), (1, 1.0))]


def test_central_range_leaves_out_the_tails():
    row = pd.DataFrame([{"low": 0.0, "high": 100.0, "counts": [1000] + [0] * 98 + [1]}])
    low, high = histogram_figures._central_range(row)
    assert low < 0.1 and high < 2


@pytest.mark.fault(
    "numbers read off a drawing",
    "gradients of which some are zero, tiny or null, with histograms of one, three and five bins",
    "the figure shows the table's numbers",
)
@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ((0.0102, 0.395), ["1.0e−2", "4.0e−1"]),
        ((0.0, 0.395), ["0", "4.0e−1"]),
        ((float("nan"), 2.0e5), ["–", "2.0e5"]),
        ((9.99e-13, 1.0), ["1.0e−12", "1.0e0"]),
    ],
)
@pytest.mark.parametrize("counts", [[1, 4, 6, 4, 1], [16], [0, 0, 16]])
def test_the_numbers_beside_gradients_are_those_of_the_table(style, sizes, shown, counts):
    """Whatever the bins are: one bin, or all in a bin beside 0, tells nothing of the root mean square."""
    rows = [row for c in ("init", "trained") for row in ridge_rows(checkpoint=c, counts=counts)]
    keys = {"tensor": "weight"}
    table = pd.DataFrame([row | keys | {"rms": sizes[row["layer"]]} for row in rows])
    table = pd.concat([table, table.assign(tensor="bias", rms=77.0)])
    joined = pd.DataFrame(rows).merge(histogram_figures.sizes(table), how="left")
    drawn = histogram_figures.gradient_histograms(joined, 1, style)
    assert [text.get_text() for text in drawn.axes[0].texts] == shown


@pytest.mark.parametrize(
    ("draw", "value"),
    [
        (histogram_figures.distributions, "median 0, 90 % from −0.68 to 0.68"),
        (histogram_figures.gradient_histograms, "root mean square 4.0e−1"),
    ],
)
def test_each_ridge_names_its_panel_and_has_a_value(style, tmp_path, draw, value):
    """Of five bins from −1 to 1 the first has a sixteenth of the values: 5 % end at 0.8 of its width of 0.4."""
    rows = [row for when in ("init", "trained") for row in ridge_rows(checkpoint=when, depth=2)]
    drawing.save(draw(pd.DataFrame(rows).assign(rms=0.395), 2, style), tmp_path / "a.svg")
    said = re.findall("<title>([^<]*)</title>", (tmp_path / "a.svg").read_text())
    places = [
        f"2 hidden layers, {words}, layer {layer}: "
        for words in drawing.CHECKPOINTS.values()
        for layer in (0, 1)
    ]
    assert [text.startswith(place) for text, place in zip(said, places, strict=True)] == [True] * 4
    assert said[1] == f"{places[1]}{value}"


@pytest.mark.parametrize(("middle", "curves"), [(40, 1), (4000, 0)])
def test_a_curve_that_far_values_widen_beyond_the_bars_is_left_out(style, middle, curves):
    """Ten values in each of 99 bins and so many in the middle one: with 4,000 these are 80 % of all."""
    counts = [10] * 100
    counts[50] = middle
    row = ridge_rows(checkpoint="init", depth=1)[0] | {"low": -10.0, "high": 10.0, "counts": counts}
    figure = histogram_figures.gradient_histograms(pd.DataFrame([row]).assign(rms=1.0), 1, style)
    assert len([line for axis in figure.axes for line in axis.lines]) == curves


def test_bands_are_quantiles_of_the_histogram():
    row = pd.DataFrame([{"low": 0.0, "high": 4.0, "counts": [1, 1, 1, 1]}]).itertuples()
    row = next(row)
    assert [histogram_figures._quantile(row, share) for share in (0, 0.25, 0.5, 1)] == [0, 1, 2, 4]


def test_epochs_are_drawn_for_first_and_last_layer(style):
    rows = []
    for epoch in (1, 2):
        for source in ("weight_epoch", "gradient_epoch"):
            rows += ridge_rows(source=source, epoch=epoch)
    axes = histogram_figures.epoch_histograms(pd.DataFrame(rows), 1, style).axes
    assert [axis.get_ylabel() for axis in axes] == [
        "weights, layer 0",
        "weights, layer 1",
        "gradients, layer 0",
        "gradients, layer 1",
    ]
    assert all(len(axis.collections) == len(histogram_figures.BANDS) for axis in axes)


def test_many_activations_wrap():
    """Six panels in a row."""
    drawing.use_style()
    many = drawing.Style({f"a{i}": f"activation {i}" for i in range(17)})
    empty = pd.DataFrame(
        columns=["depth", "seed", "fold", "checkpoint", "activation", "layer", "low", "high", "counts"]
    )
    shown = [axis for axis in histogram_figures.distributions(empty, 2, many).axes if axis.get_visible()]
    assert len(shown) == 2 * 17 and len({axis.get_subplotspec().colspan.start for axis in shown}) == 6


def test_a_panel_without_numbers_says_why(style):
    """relu overflows and diverges; elu and tanh were never measured."""
    rows = ridge_rows(checkpoint="init")
    rows[0] |= {"low": None, "high": None, "counts": None}
    drawn = histogram_figures.distributions(pd.DataFrame(rows), 1, style)
    texts = [[text.get_text() for text in axis.texts] for axis in drawn.axes]
    assert texts == [["not finite"], *[["diverged"]] * 5]


@pytest.mark.fault(
    "more than a figure can show",
    "250 activations, histograms of 101 layers, curves of 1,000 epochs",
    "some are drawn, and the caption says how many",
)
def test_of_many_layers_some_are_drawn_from_the_first_to_the_last(style):
    row = ridge_rows(checkpoint="init", depth=100)[0]
    table = pd.DataFrame([row | {"layer": layer, "rms": 10.0**-layer} for layer in range(101)])
    drawn = histogram_figures.gradient_histograms(table, 100, style).axes[0]
    beside = [text.get_text() for text in drawn.texts]
    assert len(beside) == shown.LAYERS and beside[0] == "1.0e0" and beside[-1] == "1.0e−100"
    top = max(drawn.texts, key=lambda text: text.get_position()[1])
    assert top.get_text() == "1.0e0"
    ticks = dict(zip(drawn.get_yticks(), [text.get_text() for text in drawn.get_yticklabels()], strict=True))
    assert ticks[shown.LAYERS - 1] == "0" and list(ticks.values()) == sorted(ticks.values(), key=int)


@pytest.mark.fault(
    "more than a figure can show",
    "250 activations, histograms of 101 layers, curves of 1,000 epochs",
    "some are drawn, and the caption says how many",
)
def test_of_many_epochs_some_are_drawn(style):
    row = {
        "depth": 1,
        "setting": "default",
        "seed": 0,
        "fold": 0,
        "activation": "relu",
        "low": -1.0,
        "high": 1.0,
        "counts": [1, 1],
    }
    kinds = [{"source": f"{s}_epoch", "layer": layer} for s in ("weight", "gradient") for layer in (0, 1)]
    table = pd.DataFrame([row | kind | {"epoch": e} for kind in kinds for e in range(1, 1001)])
    line = histogram_figures.epoch_histograms(table, 1, style).axes[0].lines[0].get_xdata()
    assert len(line) == shown.EPOCHS and (line[0], line[-1]) == (1, 1000)


@pytest.mark.parametrize("name", ["distributions", "gradient_histograms"])
def test_histograms_of_a_large_study_take_little_room_on_its_page(tmp_path, name):
    """55 kB an activation of as many layers as are drawn: 1.3 MB for the 24 that figures show at most."""
    drawing.use_style()
    depth = shown.LAYERS + 8
    counts = list(np.random.default_rng(0).integers(0, 1000, 64))
    keys = {"depth": depth, "setting": "default", "seed": 0, "fold": 0, "counts": counts, "rms": 0.4}
    rows = [
        keys | {"activation": key, "checkpoint": checkpoint, "layer": layer, "low": -1.0, "high": 1.0}
        for key in ("relu", "elu")
        for checkpoint in drawing.CHECKPOINTS
        for layer in range(depth + 1)
    ]
    draw = getattr(histogram_figures, name)
    drawing.save(
        draw(pd.DataFrame(rows), depth, drawing.Style({"relu": "a", "elu": "b"})), tmp_path / "a.svg"
    )
    text = svg.inlined((tmp_path / "a.svg").read_text(), "a", {})
    assert 10_000 < len(text) < 2 * 55_000


def test_of_a_seed_that_diverged_the_next_one_is_drawn_and_named(style):
    rows = [
        row for seed in (0, 1) for c in ("init", "trained") for row in ridge_rows(checkpoint=c, seed=seed)
    ]
    rows += [row | {"activation": "tanh"} for row in rows if row["seed"] == 1 or row["checkpoint"] == "init"]
    figure = histogram_figures.distributions(pd.DataFrame(rows), 1, style)
    titles = [axis.get_title() for axis in figure.axes if axis.get_visible()]
    assert [title.endswith("(seed 1)") for title in titles if title] == [False, True, False]
    assert [[text.get_text() for text in axis.texts] for axis in figure.axes[1::3]] == [[], []]


def test_of_networks_that_trained_the_first_is_drawn_and_where_none_did_that_is_said(style):
    """relu trained from the second seed only, tanh from none."""
    rows = [
        row | {"trained": seed == 1}
        for seed in (0, 1)
        for when in ("init", "trained")
        for row in ridge_rows(checkpoint=when, seed=seed)
    ]
    rows += [row | {"activation": "tanh", "trained": False} for row in rows]
    axes = histogram_figures.distributions(pd.DataFrame(rows), 1, style).axes
    assert [axis.get_title().endswith("(seed 1)") for axis in axes[::3]].count(True) == 1
    assert [axis.get_title() for axis in axes].count("did not train") == 1


def test_bins_are_merged_where_values_are_few_and_not_for_tails():
    edges = np.linspace(0, 1, 101)
    comb, outlier = np.zeros(100), np.append(np.full(50, 10.0), np.zeros(50))
    comb[::4], outlier[-1] = 7, 1
    merged, coarse = histogram_figures._coarser(comb, edges)
    assert merged.tolist() == [7.0] * 25 and coarse == pytest.approx(edges[::4])
    assert len(histogram_figures._coarser(outlier, edges)[0]) == 100
