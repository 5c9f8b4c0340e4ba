import re

import numpy as np
import pandas as pd
import pytest
from actbench import figures

LABELS = {"relu": "costs $5 & <b>", "tanh": "_hidden", "elu": "elu"}


@pytest.fixture
def style():
    figures.use_style()
    return figures.Style(LABELS)


@pytest.fixture
def runs():
    """elu diverged in one run and never trained in the other."""
    rows = [("relu", 0, "ok", 0.9), ("relu", 1, "ok", 0.92), ("tanh", 0, "ok", 0.97), ("tanh", 1, "ok", 1.0)]
    rows += [("elu", 0, "diverged", np.nan), ("elu", 1, "ok", 0.1)]
    frame = pd.DataFrame(rows, columns=["activation", "seed", "status", "test_accuracy"])
    return frame.assign(depth=2, fold=0, trained=frame["test_accuracy"] > 0.5)


def test_every_seed_is_drawn_and_diverged_ones_are_said(runs, style):
    (axis,) = figures.accuracy(runs, [2], style, 0.1).axes
    drawn = sum(len(collection.get_offsets()) for collection in axis.collections)
    assert drawn == 5
    assert [text.get_text() for text in axis.texts] == ["1×\nNaN"]


def test_labels_are_shown_as_they_are(runs, style, tmp_path):
    figure = figures.accuracy(runs, [2], style, 0.1)
    figure.canvas.draw()
    assert figure.axes[0].get_xticklabels()[0].get_text() == r"costs \$5 & <b>"
    figures.save(figure, tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")


def test_same_data_give_the_same_bytes(runs, style, tmp_path):
    for name in ("a.svg", "b.svg"):
        figures.save(figures.accuracy(runs, [2], style, 0.1), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_looks_differ_for_twenty_activations():
    looks = figures.Style({f"a{i}": f"a{i}" for i in range(20)}).looks.values()
    assert len({(look["color"], str(look["linestyle"])) for look in looks}) == 20


def test_central_range_leaves_out_the_tails():
    row = pd.DataFrame([{"low": 0.0, "high": 100.0, "counts": [1000] + [0] * 98 + [1]}])
    low, high = figures._central_range(row)
    assert low < 0.1 and high < 2


def test_zero_gradients_do_not_break_a_log_scale(style, tmp_path):
    rows = [
        {"activation": key, "depth": 1, "seed": 0, "fold": 0, "checkpoint": c, "tensor": "weight", "layer": i}
        for key in LABELS
        for c in ("init", "trained")
        for i in (0, 1)
    ]
    table = pd.DataFrame(rows).assign(rms=0.0)
    figures.save(figures.gradients(table, [1], style, "weight"), tmp_path / "a.svg")


def ridge_rows(**keys):
    """Symmetric histograms of two layers of one network, the second with a hundred times the spread."""
    counts = [1, 4, 6, 4, 1]
    base = {"depth": 1, "seed": 0, "fold": 0, "activation": "relu", "counts": counts} | keys
    return [base | {"layer": layer, "low": -s, "high": s} for layer, s in ((0, 0.01), (1, 1.0))]


def test_gradients_of_each_layer_have_their_own_unit(style):
    """Five bins at -.8 … .8: mean square .64 (2 · 1 · .64 + 2 · 4 · .16) / 16 = .16, so the unit is .4 and .004."""
    rows = pd.DataFrame([row for c in ("init", "trained") for row in ridge_rows(checkpoint=c)])
    drawn = figures.gradient_histograms(rows, 1, style)
    texts = [text.get_text() for text in drawn.axes[0].texts]
    assert texts == ["4e−3", "4e−1"]


def test_bands_are_quantiles_of_the_histogram():
    row = pd.DataFrame([{"low": 0.0, "high": 4.0, "counts": [1, 1, 1, 1]}]).itertuples()
    row = next(row)
    assert [figures._quantile(row, share) for share in (0, 0.25, 0.5, 1)] == [0, 1, 2, 4]


def test_epochs_are_drawn_for_first_and_last_layer(style):
    rows = []
    for epoch in (1, 2):
        for source in ("weight_epoch", "gradient_epoch"):
            rows += ridge_rows(source=source, epoch=epoch)
    axes = figures.epoch_histograms(pd.DataFrame(rows), 1, style).axes
    assert [axis.get_ylabel() for axis in axes] == [
        "weights, layer 0",
        "weights, layer 1",
        "gradients, layer 0",
        "gradients, layer 1",
    ]
    assert all(len(axis.collections) == len(figures.BANDS) for axis in axes)


@pytest.mark.parametrize(
    ("columns", "labels"),
    [
        (
            ("val_accuracy", "val_loss", "test_accuracy"),
            ["validation accuracy", "training loss", "validation loss"],
        ),
        (("test_accuracy",), ["test accuracy", "training loss"]),
        ((), ["training accuracy", "training loss"]),
    ],
)
def test_learning_curves_draw_what_was_measured(style, columns, labels):
    names = ["train_accuracy", "train_loss", "val_accuracy", "val_loss", "test_accuracy"]
    history = pd.DataFrame({"activation": "relu", "depth": 2, "seed": 0, "fold": 0, "epoch": [1, 2]})
    history[names] = np.nan
    history[["train_accuracy", "train_loss", *columns]] = 0.5
    assert [axis.get_ylabel() for axis in figures.learning_curves(history, [2], style).axes] == labels


def test_with_folds_the_mean_is_over_seeds(style):
    """Two seeds of two folds: points .8 and .9, 1 and .9; means .85 and .95, mean of means .9."""
    runs = pd.DataFrame({"seed": [0, 0, 1, 1], "fold": [0, 1, 0, 1], "test_accuracy": [0.8, 0.9, 1.0, 0.9]})
    runs = runs.assign(activation="relu", depth=2, status="ok", trained=True)
    (axis,) = figures.accuracy(runs, [2], style, 0.1).axes
    heights = [line.get_ydata()[0] for line in axis.lines if len(set(line.get_ydata())) == 1]
    assert 0.9 in [round(height, 12) for height in heights]


def test_many_activations_wrap(runs):
    """Beyond ten activations the panels of accuracy stand below one another, six distributions in a row."""
    figures.use_style()
    many = figures.Style({f"a{i}": f"activation {i}" for i in range(17)})
    drawn = figures.accuracy(runs, [2, 4], many, 0.1)
    assert [axis.get_subplotspec().colspan.start for axis in drawn.axes] == [0, 0]
    empty = pd.DataFrame(
        columns=["depth", "seed", "fold", "checkpoint", "activation", "layer", "low", "high", "counts"]
    )
    shown = [axis for axis in figures.distributions(empty, 2, many).axes if axis.get_visible()]
    assert len(shown) == 2 * 17 and len({axis.get_subplotspec().colspan.start for axis in shown}) == 6


def test_class_names_are_shown_as_they_are(style, tmp_path):
    pixels, labels = np.zeros((2, 8, 8), dtype=np.uint8), np.array([0, 1])
    figure = figures.images(pixels, labels, ["$x_1$", "</text><script>"])
    figure.canvas.draw()
    assert figure.axes[0].get_title() == r"\$x_1\$"
    figures.save(figure, tmp_path / "a.svg")
    assert "<script>" not in (tmp_path / "a.svg").read_text()


def test_a_label_with_an_underscore_has_its_entry_in_the_legend(style):
    figure = figures.plt.figure()
    style.legend(figure)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(style.labels.values())


def many(n):
    """n runs of each activation: two of three train."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"activation": np.repeat(list(LABELS), n), "seed": list(range(n)) * len(LABELS)})
    trained = frame["seed"] % 3 > 0
    accuracy = np.where(trained, 0.95, 0.1) + generator.normal(0, 0.005, len(frame))
    return frame.assign(depth=2, fold=0, status="ok", trained=trained, test_accuracy=accuracy)


def by_epoch(runs):
    epochs = pd.DataFrame({"epoch": range(1, 11)})
    losses = {"train_loss": 0.5, "val_loss": 0.6, "train_accuracy": np.nan, "test_accuracy": np.nan}
    return (
        runs[["activation", "depth", "seed", "fold"]]
        .merge(epochs, how="cross")
        .assign(val_accuracy=0.9, **losses)
    )


def test_figures_of_many_runs_are_as_large_as_those_of_few(tmp_path):
    """Runs are summarised, not drawn one by one."""
    figures.use_style()
    summarised = figures.Style(LABELS, summarised=True)
    sizes = {}
    for n in (50, 2000):
        for name, drawn in {
            "accuracy": figures.accuracy(many(n), [2], summarised, 0.1),
            "curves": figures.learning_curves(by_epoch(many(n)), [2], summarised),
        }.items():
            figures.save(drawn, tmp_path / "drawn.svg")
            sizes[name, n] = (tmp_path / "drawn.svg").stat().st_size
    assert sizes["accuracy", 2000] < 1.2 * sizes["accuracy", 50]
    assert sizes["curves", 2000] < 1.05 * sizes["curves", 50]


def test_a_shape_is_wide_where_many_runs_lie_and_hollow_where_they_did_not_train():
    figures.use_style()
    (axis,) = figures.accuracy(many(300), [2], figures.Style(LABELS, summarised=True), 0.1).axes
    hollow, filled = axis.collections[:2]
    assert hollow.get_facecolor()[0].tolist()[:3] == [1, 1, 1] != filled.get_facecolor()[0].tolist()[:3]
    for shape, level in ((hollow, 0.1), (filled, 0.95)):
        corners = np.concatenate([path.vertices for path in shape.get_paths()])
        widest = corners[np.abs(corners[:, 0]).argmax()]
        assert widest[1] == pytest.approx(level, abs=0.04)


def test_no_run_at_all_can_be_summarised():
    figures.use_style()
    nothing = many(10).assign(status="diverged", test_accuracy=np.nan, trained=False)
    (axis,) = figures.accuracy(nothing, [2], figures.Style(LABELS, summarised=True), 0.1).axes
    assert [text.get_text() for text in axis.texts] == ["10×\nNaN"] * 3


def test_svg_places_have_two_decimals(runs, style, tmp_path):
    figures.save(figures.accuracy(runs, [2], style, 0.1), tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    places = " ".join(re.findall(r'\bd="([^"]*)"', text))
    assert re.search(r"\d\.\d\d\b", places) and not re.search(r"\.\d{3}", places)
