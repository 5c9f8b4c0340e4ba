"""Activations whose runs are the same in every number: one function under several names."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.report.numbers import listed

PLACE = ["depth", "setting", "seed", "fold"]
MEASURED = ["train_loss", "test_loss"]  # without which equal accuracies may be chance


def groups(runs: pd.DataFrame) -> list[list[str]]:
    """Ids of activations that have the same status, epochs, losses and accuracies in every run.

    Of those that trained at least once, in the order of the table; by their numbers and not by their names.

    Args:
        runs: the table of that name.
    """
    if not {*PLACE, *MEASURED} <= {*runs.columns}:
        return []
    found: dict[tuple, list[str]] = {}
    for key, own in runs.groupby(runs["activation"].astype(str), sort=False):
        rows = own.sort_values(PLACE).drop(columns=["activation", "n_parameters"], errors="ignore")
        if own["trained"].any() and own[MEASURED].notna().all(axis=1).any():
            rows = rows.astype(object).where(rows.notna(), None)
            found.setdefault(tuple(rows.itertuples(index=False, name=None)), []).append(str(key))
    return [keys for keys in found.values() if len(keys) > 1]


def by_place(
    runs: pd.DataFrame, labels: Mapping[str, str]
) -> dict[tuple[int, str], tuple[tuple[str, ...], ...]]:
    """By depth and setting the labels of activations that have the same runs there, see `groups`.

    Args:
        runs: the table of that name.
        labels: id to display text.
    """
    found = {}
    for (depth, setting), own in runs.groupby(["depth", runs["setting"].astype(str)]):
        alike = groups(own)
        if alike:
            found[int(depth), str(setting)] = tuple(tuple(labels[key] for key in keys) for keys in alike)
    return found


def sentence(found: Sequence[Sequence[str]], labels: Mapping[str, str]) -> str:
    """Which activations are one function by their runs; empty where there are none.

    Args:
        found: see `groups`.
        labels: id to display text.
    """
    names = [listed([labels[key] for key in keys]) for keys in found]
    if not names:
        return ""
    return (
        f"The runs of {'; of '.join(names)} are the same in every loss and accuracy, as those of one "
        "function under several names: that they are equivalent is no finding. Each counts by itself all the "
        "same, in ranks and in the number of comparisons."
    )
