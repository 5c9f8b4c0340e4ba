import pandas as pd
from actbench.export import hiplot

LABELS = {"relu": "ReLU </script><img src=x onerror=alert(1)>"}


def history(**columns):
    frame = pd.DataFrame(
        {
            "activation": "relu",
            "depth": 2,
            "setting": "default",
            "seed": [0, 0, 1, 1],
            "fold": 0,
            "epoch": [1, 2, 1, 2],
        }
    )
    blank = dict.fromkeys(hiplot.MEASURES)
    return frame.assign(**blank | {"train_loss": 1.0, "train_accuracy": 0.5} | columns)


def points(monkeypatch, table):
    """The experiment just before HiPlot turns it into a page."""
    kept = []
    monkeypatch.setattr(hiplot.hiplot.Experiment, "to_html", lambda self: kept.append(self))
    hiplot.page(table, LABELS)
    return kept[0]


def test_a_line_for_each_run_and_epoch_linked_by_run(monkeypatch):
    experiment = points(monkeypatch, history(val_accuracy=[0.1, 0.2, 0.3, 0.4]))
    experiment.validate()
    linked = {point.uid: point.from_uid for point in experiment.datapoints}
    assert linked == {
        "relu/2/default/0/0/1": None,
        "relu/2/default/0/0/2": "relu/2/default/0/0/1",
        "relu/2/default/1/0/1": None,
        "relu/2/default/1/0/2": "relu/2/default/1/0/1",
    }
    assert experiment.datapoints[3].values["val_accuracy"] == 0.4
    assert set(experiment.datapoints[0].values) == {
        "activation", "seed", "epoch", "train_loss", "train_accuracy", "val_accuracy",
    }  # fmt: skip


def test_labels_are_no_html_in_the_page():
    page = hiplot.page(history(), LABELS)
    assert "<img src=x" not in page and "u2039img src=x" in page


def test_runs_that_all_diverged_have_a_page(monkeypatch):
    experiment = points(monkeypatch, history(train_loss=None, train_accuracy=None))
    experiment.validate()
    assert experiment.display_data(hiplot.hiplot.Displays.XY)["axis_y"] == "epoch"
    assert len(experiment.datapoints) == 4
