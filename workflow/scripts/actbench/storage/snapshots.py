"""The checkpoints of a run, by name: `init`, `epoch1`, …, `trained`, and which of them a run has."""

from collections.abc import Iterable, Mapping, Sequence

INIT, TRAINED = "init", "trained"
EPOCH = "epoch"


def names(epochs: Iterable[int] = ()) -> list[str]:
    """The checkpoints of a run that reached all of these epochs, in the order of training."""
    return [INIT, *(f"{EPOCH}{epoch}" for epoch in epochs), TRAINED]


def epoch(name: str) -> int | None:
    """After how many epochs a checkpoint stands; None for the kept weights, whose epoch is each run's own.

    >>> [epoch(name) for name in names([1, 10])]
    [0, 1, 10, None]
    """
    if name == TRAINED:
        return None
    return 0 if name == INIT else int(name.removeprefix(EPOCH))


def reached(epochs: Iterable[int], status: str, epochs_run: int) -> list[int]:
    """Those of the epochs after which a run has weights.

    A run that ended early has none of the epochs it did not take, one that diverged none of its last one.

    Args:
        epochs: the config's `probe_epochs`.
        status, epochs_run: of the run, as in the table `runs`.
    """
    last = epochs_run if status == "ok" else epochs_run - 1
    return [number for number in epochs if number <= last]


def of_run(run: Mapping, epochs: Sequence[int]) -> list[str]:
    """The checkpoints that a run is measured at; a diverged one has no kept weights worth a number.

    Args:
        run: its row of the table `runs`.
        epochs: the config's `probe_epochs`.
    """
    found = names(reached(epochs, run["status"], run["epochs_run"]) if epochs else [])
    return found if run["status"] == "ok" else found[:-1]
