"""Which checkpoints a run has, from how it ended."""

import pytest
from actbench.storage import snapshots


def test_names_stand_in_the_order_of_training():
    assert snapshots.names() == ["init", "trained"]
    assert snapshots.names([1, 2, 10]) == ["init", "epoch1", "epoch2", "epoch10", "trained"]
    assert [snapshots.epoch(name) for name in snapshots.names([2, 10])] == [0, 2, 10, None]


@pytest.mark.parametrize(
    ("status", "epochs_run", "found"),
    [
        ("ok", 9, ["init", "epoch1", "epoch3", "epoch9", "trained"]),
        ("ok", 8, ["init", "epoch1", "epoch3", "trained"]),
        ("diverged", 9, ["init", "epoch1", "epoch3"]),
        ("diverged", 3, ["init", "epoch1"]),
        ("diverged", 1, ["init"]),
    ],
)
def test_a_run_has_the_epochs_that_it_came_through(status, epochs_run, found):
    run = {"status": status, "epochs_run": epochs_run}
    assert snapshots.of_run(run, [1, 3, 9]) == found
    assert snapshots.of_run(run, []) == [name for name in found if "epoch" not in name]
