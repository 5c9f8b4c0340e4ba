import re

import numpy as np
import pandas as pd
import pytest
from actbench.activations import properties, registry
from actbench.analysis import comparisons, statistics
from actbench.figures import drawing, functions, overview, results
from actbench.figures.plotting import plt

LABELS = {"relu": "costs $5 & <b>", "tanh": "_hidden", "elu": "elu"}


@pytest.fixture
def style():
    drawing.use_style()
    return drawing.Style(LABELS)


@pytest.fixture
def runs():
    """elu diverged in one run and never trained in the other."""
    rows = [("relu", 0, "ok", 0.9), ("relu", 1, "ok", 0.92), ("tanh", 0, "ok", 0.97), ("tanh", 1, "ok", 1.0)]
    rows += [("elu", 0, "diverged", np.nan), ("elu", 1, "ok", 0.1)]
    frame = pd.DataFrame(rows, columns=["activation", "seed", "status", "test_accuracy"])
    return frame.assign(depth=2, setting="default", fold=0, trained=frame["test_accuracy"] > 0.5)


def cells(runs):
    """What the table `comparison` says of the runs, as far as it is drawn."""
    rows = []
    for (activation, depth, _), cell in comparisons.by_cell(runs).items():
        accuracies = cell.loc[cell["trained"], "test_accuracy"]
        low, high = statistics.bounded_interval(accuracies, 300) or (None, None)
        row = {"activation": activation, "depth": depth, "n_seeds": len(cell), "n_trained": len(accuracies)}
        mean = accuracies.mean() if len(accuracies) > 1 else None
        row |= {"mean": mean, "median": accuracies.median(), "ci_low": low, "ci_high": high}
        rows.append(row | {"min": accuracies.min(), "max": accuracies.max()})
    return pd.DataFrame(rows)


def accuracy(runs, depths, style):
    return results.accuracy(runs, cells(runs), depths, style, 0.1)


def test_every_seed_is_drawn_and_diverged_ones_are_said(runs, style):
    (axis,) = accuracy(runs, [2], style).axes
    drawn = sum(len(collection.get_offsets()) for collection in axis.collections)
    assert drawn == 5
    assert [text.get_text() for text in axis.texts] == ["1×\nNaN"]
    axis.get_figure().canvas.draw()
    (counted,) = axis.texts
    assert counted.get_window_extent().y0 >= axis.get_window_extent().y1  # no place on the scale
    assert not counted.get_window_extent().overlaps(axis.title.get_window_extent())


def test_labels_are_shown_as_they_are(runs, style, tmp_path):
    figure = accuracy(runs, [2], style)
    figure.canvas.draw()
    assert figure.axes[0].get_xticklabels()[0].get_text() == r"costs \$5 & <b>"
    drawing.save(figure, tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")


def test_same_data_give_the_same_bytes(runs, style, tmp_path):
    for name in ("a.svg", "b.svg"):
        drawing.save(accuracy(runs, [2], style), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_zero_gradients_do_not_break_a_log_scale(style, tmp_path):
    rows = [
        {
            "activation": key,
            "depth": 1,
            "setting": "default",
            "seed": 0,
            "fold": 0,
            "checkpoint": c,
            "tensor": "weight",
            "layer": i,
        }
        for key in LABELS
        for c in ("init", "trained")
        for i in (0, 1)
    ]
    table = pd.DataFrame(rows).assign(rms=0.0)
    drawing.save(results.gradients(table, [1], style, "weight"), tmp_path / "a.svg")


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
    history = pd.DataFrame(
        {"activation": "relu", "depth": 2, "setting": "default", "seed": 0, "fold": 0, "epoch": [1, 2]}
    )
    history[names] = np.nan
    history[["train_accuracy", "train_loss", *columns]] = 0.5
    assert [axis.get_ylabel() for axis in results.learning_curves(history, [2], style).axes] == labels


def test_with_folds_the_mean_is_over_seeds(style):
    """Two seeds of two folds: points .8 and .9, 1 and .9; means .85 and .95, mean of means .9."""
    runs = pd.DataFrame({"seed": [0, 0, 1, 1], "fold": [0, 1, 0, 1], "test_accuracy": [0.8, 0.9, 1.0, 0.9]})
    runs = runs.assign(activation="relu", depth=2, setting="default", status="ok", trained=True)
    (axis,) = accuracy(runs, [2], style).axes
    heights = [line.get_ydata()[0] for line in axis.lines if len(set(line.get_ydata())) == 1]
    assert 0.9 in [round(height, 12) for height in heights]


def test_many_activations_wrap(runs):
    """Beyond ten activations the panels of accuracy stand below one another."""
    drawing.use_style()
    many = drawing.Style({f"a{i}": f"activation {i}" for i in range(17)})
    drawn = accuracy(runs, [2, 4], many)
    assert [axis.get_subplotspec().colspan.start for axis in drawn.axes] == [0, 0]


def test_every_activation_of_the_registry_is_drawn(tmp_path):
    """With colours that repeat, but no look twice, and each function where it is inside the panel."""
    drawing.use_style()
    every = drawing.Style({name: name for name in registry.REGISTRY})
    looks = {(look["color"], str(look["linestyle"]), look["marker"]) for look in every.looks.values()}
    assert len(looks) == len(registry.REGISTRY) > 30
    rows = [
        {"activation": name} | row
        for name in registry.REGISTRY
        for row in properties.curves(registry.create(name))
    ]
    figure = functions.functions(pd.DataFrame(rows), every)
    assert sum(axis.get_visible() for axis in figure.axes) == len(registry.REGISTRY)
    said = {
        axis.get_title(): text.get_text() for axis in figure.axes for text in axis.texts if text.get_text()
    }
    assert said == {"relu6": "f′ = 0 from x = 6"}  # which is beyond the panel
    for axis, name in zip(figure.axes, registry.REGISTRY, strict=False):
        inside = np.abs(np.asarray(axis.lines[0].get_ydata()) - 1) <= 3
        assert axis.get_title() == name and inside.mean() > 0.4
    drawing.save(figure, tmp_path / "functions.svg")


def test_class_names_are_shown_as_they_are(style, tmp_path):
    pixels, labels = np.zeros((2, 8, 8), dtype=np.uint8), np.array([0, 1])
    figure = functions.images(pixels, labels, ["$x_1$", "</text><script>"])
    figure.canvas.draw()
    assert figure.axes[0].get_title() == r"\$x_1\$"
    drawing.save(figure, tmp_path / "a.svg")
    assert "<script>" not in (tmp_path / "a.svg").read_text()


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3), (3, 8, 8), (1, 8, 8), (8, 8, 1)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_of_one_or_three_channels_are_drawn(style, shape, dtype):
    """A row of 255 on 0 is where it was, white in all three channels."""
    pixels = np.zeros((2, *shape), dtype=dtype)
    pixels[(slice(None),) * (1 + shape.index(8)) + (2,)] = 255
    figure = functions.images(pixels, np.array([0, 1]), ["a", "b"])
    (drawn,) = figure.axes[0].images
    values = np.asarray(drawn.get_array(), dtype=float)
    values = values if values.ndim == 2 else values[..., 0]
    assert values.shape == (8, 8) and (values[2] == values.max()).all() and values[[0, 1, 3]].max() == 0
    assert 3 not in shape or values.max() == (255 if dtype == np.uint8 else 1)
    plt.close(figure)


def test_of_many_classes_the_first_are_drawn(style):
    pixels, labels = np.zeros((30, 4, 4)), np.arange(30)
    figure = functions.images(pixels, labels, [f"class {label}" for label in labels])
    assert len(figure.axes) == 4 * 20 and figure.axes[19].get_title() == "class 19"
    plt.close(figure)


def many(n):
    """n runs of each activation: two of three train."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"activation": np.repeat(list(LABELS), n), "setting": "default", "seed": list(range(n)) * len(LABELS)}
    )
    trained = frame["seed"] % 3 > 0
    accuracy = np.where(trained, 0.95, 0.1) + generator.normal(0, 0.005, len(frame))
    return frame.assign(depth=2, fold=0, status="ok", trained=trained, test_accuracy=accuracy)


def by_epoch(runs):
    epochs = pd.DataFrame({"epoch": range(1, 11)})
    losses = {"train_loss": 0.5, "val_loss": 0.6, "train_accuracy": np.nan, "test_accuracy": np.nan}
    return (
        runs[["activation", "depth", "setting", "seed", "fold"]]
        .merge(epochs, how="cross")
        .assign(val_accuracy=0.9, **losses)
    )


def test_figures_of_many_runs_are_as_large_as_those_of_few(tmp_path):
    """Runs are summarised, not drawn one by one."""
    drawing.use_style()
    summarised = drawing.Style(LABELS, summarised=True)
    sizes = {}
    for n in (50, 2000):
        for name, drawn in {
            "accuracy": accuracy(many(n), [2], summarised),
            "curves": results.learning_curves(by_epoch(many(n)), [2], summarised),
        }.items():
            drawing.save(drawn, tmp_path / "drawn.svg")
            sizes[name, n] = (tmp_path / "drawn.svg").stat().st_size
    assert sizes["accuracy", 2000] < 1.2 * sizes["accuracy", 50]
    assert sizes["curves", 2000] < 1.05 * sizes["curves", 50]


def test_a_shape_is_wide_where_many_runs_lie_and_hollow_where_they_did_not_train():
    drawing.use_style()
    (axis,) = accuracy(many(300), [2], drawing.Style(LABELS, summarised=True)).axes
    hollow, filled = axis.collections[:2]
    assert hollow.get_facecolor()[0].tolist()[:3] == [1, 1, 1] != filled.get_facecolor()[0].tolist()[:3]
    for shape, level in ((hollow, 0.1), (filled, 0.95)):
        corners = np.concatenate([path.vertices for path in shape.get_paths()])
        widest = corners[np.abs(corners[:, 0]).argmax()]
        assert widest[1] == pytest.approx(level, abs=0.04)


def test_no_run_at_all_can_be_summarised():
    drawing.use_style()
    nothing = many(10).assign(status="diverged", test_accuracy=np.nan, trained=False)
    (axis,) = accuracy(nothing, [2], drawing.Style(LABELS, summarised=True)).axes
    assert [text.get_text() for text in axis.texts] == ["10×\nNaN"] * 3


def test_svg_places_have_two_decimals(runs, style, tmp_path):
    drawing.save(accuracy(runs, [2], style), tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    places = " ".join(re.findall(r'\bd="([^"]*)"', text))
    assert re.search(r"\d\.\d\d\b", places) and not re.search(r"\.\d{3}", places)


def lines(axis, style):
    """Ends of the vertical lines of a style."""
    found = [line.get_ydata() for line in axis.lines if line.get_linestyle() == style]
    return [tuple(ends) for ends in found if len(ends) == 2 and ends[0] != ends[1]]


@pytest.fixture
def three():
    """relu has an interval that comes close to 100 %, tanh agrees nowhere, elu has two runs."""
    scores = {"relu": [0.98, 1.0, 0.99], "tanh": [0.4, 0.9, 0.97], "elu": [0.9, 0.94]}
    rows = [(key, seed, value) for key, values in scores.items() for seed, value in enumerate(values)]
    runs = pd.DataFrame(rows, columns=["activation", "seed", "test_accuracy"])
    return runs.assign(depth=2, setting="default", fold=0, status="ok", trained=True)


def test_intervals_are_those_of_the_table_and_not_cut(three, style):
    table = cells(three).assign(ci_low=[None, 0.95, None], ci_high=[None, 0.9998, None])
    table = table.set_index("activation").loc[["elu", "relu", "tanh"]].reset_index()
    for axis in (
        *results.accuracy(three, table, [2], style, 0.1).axes,
        *overview.overview(table, [2], style, 0.1).axes,
    ):
        assert lines(axis, "-") == [(0.95, 0.9998)]
        assert axis.get_ylim()[1] > 0.9998


def test_without_an_interval_the_overview_shows_the_range_of_the_runs(three, style):
    table = comparisons.comparison(three, "relu", 0.01, 300)
    (axis,) = overview.overview(pd.DataFrame(table), [2], style, 0.1).axes
    assert lines(axis, ":") == [(0.4, 0.97), (0.9, 0.94)]
    ((low, high),) = lines(axis, "-")
    assert low < 0.98 and 0.99 < high < 1 and axis.get_ylim()[0] < 0.4


def test_a_panel_counts_the_activations_that_hide_each_other_at_zero():
    keys = ["setting", "fold", "n_neurons", "trained", "status"]
    rows = [
        dict(zip(keys, ("default", 0, 10, True, "ok"), strict=True))
        | {"activation": key, "depth": 1, "seed": seed, "checkpoint": "trained", "layer": 0, "n_dead": n}
        for key, n in (("relu", 3), ("tanh", 0), ("elu", 0), ("sigmoid", 0))
        for seed in (0, 1)
    ]
    style = drawing.Style({key: key for key in ("relu", "tanh", "elu", "sigmoid")})
    figure = results.dead_neurons(pd.DataFrame(rows), [1], style)
    (said,) = [text for text in figure.axes[0].texts if text.get_text().startswith("3 of 4")]
    assert said.get_text() == "3 of 4: medians of 0 % in all layers" and said.get_gid() == "note of-all"
    figure.canvas.draw()
    assert said.get_window_extent().y0 >= figure.axes[0].get_window_extent().y1  # above the lines
    assert not said.get_window_extent().overlaps(figure.axes[0].title.get_window_extent())
