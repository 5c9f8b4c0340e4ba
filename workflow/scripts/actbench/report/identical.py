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
    return _alike(runs, []).get((), [])


def by_place(
    runs: pd.DataFrame, labels: Mapping[str, str]
) -> dict[tuple[int, str], tuple[tuple[str, ...], ...]]:
    """By depth and setting the labels of activations that have the same runs there, see `groups`.

    Args:
        runs: the table of that name.
        labels: id to display text.
    """
    return {
        (int(depth), str(setting)): tuple(tuple(labels[key] for key in keys) for keys in found)
        for (depth, setting), found in _alike(runs, ["depth", "setting"]).items()
    }


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


def _alike(runs: pd.DataFrame, places: Sequence[str]) -> dict[tuple, list[list[str]]]:
    """The `groups` of the runs that share these columns, by their values; without what has no group."""
    if not {*PLACE, *MEASURED} <= {*runs.columns}:
        return {}
    rows = runs.astype({"activation": str, "setting": str}).sort_values(PLACE, kind="stable")
    values = rows.drop(columns=["activation", "n_parameters"], errors="ignore").astype(object)
    values = values.where(values.notna(), None).itertuples(index=False, name=None)
    cells = list(zip(*(rows[name] for name in [*places, "activation"]), strict=True))
    trained, measured = (
        {cell for cell, is_so in zip(cells, so, strict=True) if is_so}
        for so in (rows["trained"], rows[MEASURED].notna().all(axis=1))
    )
    usable, own = trained & measured, {}
    for cell, run in zip(cells, values, strict=True):
        own.setdefault(cell, []).append(run)
    found: dict[tuple, dict[tuple, list[str]]] = {}
    for (*place, key), of_cell in own.items():
        if (*place, key) in usable:
            found.setdefault(tuple(place), {}).setdefault(tuple(of_cell), []).append(key)
    alike = {place: [keys for keys in of.values() if len(keys) > 1] for place, of in found.items()}
    return {place: keys for place, keys in alike.items() if keys}
