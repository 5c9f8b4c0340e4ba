import pandas as pd
import pytest
from actbench.export import hiplot

LABELS = {"relu": "ReLU </script><img src=x onerror=alert(1)>", "tanh": "Tanh"}
COLOURS = {"relu": "#0072b2", "tanh": "#d55e00"}


def runs(**columns):
    frame = pd.DataFrame(
        {
            "activation": ["relu", "relu", "tanh", "tanh"],
            "depth": 2,
            "setting": "default",
            "seed": [0, 1, 0, 1],
            "fold": 0,
            "learning_rate": [0.1, 0.1, 0.3, 0.3],
            "trained": [True, True, True, False],
            "epochs_run": 40,
            "best_epoch": [3, 40, 40, 40],
            "train_loss": 0.5,
            "train_accuracy": 1.0,
            "val_loss": [0.123456, 0.2, 0.3, None],
            "val_accuracy": None,
            "test_accuracy": [0.9, 0.9125, 0.8, 0.1],
        }
    )
    return frame.assign(**columns)


@pytest.fixture
def experiment(monkeypatch):
    """The experiment of a table just before HiPlot turns it into a page."""
    kept = []
    monkeypatch.setattr(hiplot.hiplot.Experiment, "to_html", lambda self: kept.append(self))

    def of(table):
        hiplot.page(table, LABELS, COLOURS)
        kept[-1].validate()
        return kept[-1]

    return of


def test_a_line_for_each_run_with_what_differs_in_words(experiment):
    made = experiment(runs())
    assert [point.uid for point in made.datapoints] == [
        "relu/2/default/0/0", "relu/2/default/1/0", "tanh/2/default/0/0", "tanh/2/default/1/0",
    ]  # fmt: skip
    assert made.datapoints[2].values == {
        "activation": "Tanh",
        "seed": 0,
        "learning rate": 0.3,
        "best epoch": 40,
        "validation loss": 0.3,
        "trained": "yes",
        "test accuracy, %": 80.0,
    }
    assert made.datapoints[0].values["validation loss"] == 0.1235
    assert made.datapoints[1].values["test accuracy, %"] == 91.25
    assert made.datapoints[3].values["trained"] == "no" and "validation loss" not in made.datapoints[3].values


def test_axes_run_from_what_was_varied_to_the_test_accuracy(experiment):
    made = experiment(runs())
    order = made.display_data(hiplot.hiplot.Displays.PARALLEL_PLOT)["order"][::-1]
    assert order == [
        "activation", "seed", "learning rate", "best epoch", "validation loss", "trained", "test accuracy, %",
    ]  # fmt: skip
    plotted = made.display_data(hiplot.hiplot.Displays.XY)
    assert (plotted["axis_x"], plotted["axis_y"]) == ("learning rate", "test accuracy, %")
    assert made.parameters_definition["learning rate"].type is hiplot.hiplot.ValueType.NUMERIC_LOG
    deep = experiment(runs(depth=[2, 4, 2, 4]))
    hidden = made.display_data(hiplot.hiplot.Displays.PARALLEL_PLOT)["hide"]
    assert {"seed", "validation loss"} < set(hidden) and not {"activation", "test accuracy, %"} & set(hidden)
    assert deep.display_data(hiplot.hiplot.Displays.PARALLEL_PLOT)["order"][::-1][0] == "hidden layers"


def test_an_activation_has_its_colour(experiment):
    """As HiPlot reads it, which draws black where it is given `#0072b2`."""
    made = experiment(runs())
    assert made.colorby == "activation"
    assert list(made.parameters_definition["activation"].colors.values()) == [
        "rgb(0, 114, 178)",
        "rgb(213, 94, 0)",
    ]


def test_labels_are_no_html_in_the_page():
    page = hiplot.page(runs(), LABELS, COLOURS)
    assert "<img src=x" not in page and "u2039img src=x" in page


def test_runs_that_all_diverged_have_a_page(experiment):
    nothing = dict.fromkeys(["train_loss", "train_accuracy", "val_loss", "test_accuracy"])
    made = experiment(runs(**nothing, trained=False, best_epoch=1, learning_rate=0.1))
    assert set(made.datapoints[0].values) == {"activation", "seed"} and len(made.datapoints) == 4
    assert made.display_data(hiplot.hiplot.Displays.XY)["axis_x"] == "seed"
