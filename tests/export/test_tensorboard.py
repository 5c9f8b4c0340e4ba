import numpy as np
import pandas as pd
import pytest
from actbench.export import tensorboard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

RUN = {"activation": "relu", "depth": 2, "setting": "default", "seed": 3, "fold": 0}


@pytest.fixture
def events(tmp_path):
    epochs = [
        RUN
        | {
            "epoch": e,
            "train_loss": 1 / e,
            "train_accuracy": 0.5 + e / 10,
            "val_loss": None,
            "val_accuracy": None,
        }
        for e in (1, 2, 3)
    ]
    history = pd.DataFrame(epochs).assign(test_accuracy=[0.6, 0.7, np.nan])
    rows = [
        RUN | {"source": source, "epoch": e, "layer": layer, "low": -1.0, "high": 1.0, "counts": [e, 0, 2, 1]}
        for source in tensorboard.HISTOGRAMS
        for layer in (0, 2)
        for e in (1, 2)
    ]
    rows.append(
        RUN | {"source": "weight_epoch", "epoch": 3, "layer": 0, "low": None, "high": None, "counts": None}
    )
    tensorboard.write(tmp_path, history, pd.DataFrame(rows))
    (folder,) = tmp_path.iterdir()
    assert folder.name == "relu-d2-default-seed3-fold0"
    assert [path.name for path in folder.iterdir()] == ["events.out.tfevents.0.actbench"]
    read = EventAccumulator(str(folder), size_guidance={"histograms": 0, "scalars": 0})
    return read.Reload()


def test_scalars_are_the_tables_numbers(events):
    assert set(events.Tags()["scalars"]) == {"loss/training", "accuracy/training", "accuracy/test"}
    found = [(event.step, event.value) for event in events.Scalars("loss/training")]
    assert found == [(e, pytest.approx(1 / e, rel=1e-6)) for e in (1, 2, 3)]
    assert [event.step for event in events.Scalars("accuracy/test")] == [1, 2]


def test_histograms_keep_bins_and_counts(events):
    tags = {"weights/layer0", "weights/layer2", "gradients/layer0", "gradients/layer2"}
    assert set(events.Tags()["histograms"]) == tags
    first, second = events.Histograms("gradients/layer2")
    assert (first.step, second.step) == (1, 2)
    value = second.histogram_value
    assert (value.min, value.max, value.num) == (-1, 1, 5)
    counts = {limit: count for limit, count in zip(value.bucket_limit, value.bucket, strict=True) if count}
    assert counts == {-0.5: 2, 0.5: 2, 1.0: 1}
    assert value.sum == pytest.approx(2 * -0.75 + 2 * 0.25 + 0.75)
