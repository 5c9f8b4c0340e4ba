"""Cells of several studies, each a data set, a depth and a recipe, and the performance profile over them.

Studies whose networks were tested on the same images and trained by the same recipe share their cells, by
whatever names: then activations of both meet there.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from actbench.analysis import profile, statistics
from actbench.data import catalogue
from actbench.study import grid

LOOKS_ON = ("test_each_epoch", "histograms")  # keys of `training` that change no network
PARTS = 10**6  # of an accuracy; a gap is so many of them, so that rounding errors are none
COLUMNS = ("cell", "activation", "accuracy", "n_seeds", "n_trained", "behind")


@dataclass(frozen=True)
class Pooled:
    """What several studies say together.

    Attributes:
        cells: `study` names, `dataset`, `depth` and `setting` of each cell, in the order of the studies.
        rows: of an activation in a cell, the best first: number of the `cell`, mean `accuracy`, `n_seeds`,
            `n_trained`, and how far it is `behind` the best there.
        profile: the profile's steps, rows of `profile.SCHEMA`; of an activation over those cells in which it
            takes part.
        n_left_out: cells without two activations, or in which none trained.
    """

    cells: list[dict]
    rows: pd.DataFrame
    profile: pd.DataFrame
    n_left_out: int


def apart(studies: Iterable[tuple[Mapping, Mapping[str, str]]]) -> dict[tuple[str, str], str]:
    """New ids of activations whose id is that of another one in another study.

    Two are the same if they have the same name, class and parameters, and the files of own code that both
    studies record are the same.

    Args:
        studies: of each the resolved config and the digests of its own code by file.

    Returns:
        By study and id the id with the studies in which it is the same: `mine (a and b)`.
    """
    kinds: dict[str, list[tuple]] = {}
    for config, code in studies:
        for entry in config["activations"]:
            kind = {key: value for key, value in entry.items() if key not in ("id", "label")}
            own = code if kind.get("import") else {}
            alike = [
                names
                for other, others, names in kinds.setdefault(entry["id"], [])
                if other == kind and all(own[file] == others[file] for file in own.keys() & others.keys())
            ]
            if alike:
                alike[0].append(config["study"])
            else:
                kinds[entry["id"]].append((kind, own, [config["study"]]))
    return {
        (study, key): f"{key} ({' and '.join(names)})"
        for key, found in kinds.items()
        if len(found) > 1
        for _, _, names in found
        for study in names
    }


def pooled(
    studies: Iterable[tuple[Mapping, pd.DataFrame, Sequence[str], float]],
    ids: Mapping[tuple[str, str], str] | None = None,
) -> Pooled:
    """The cells of several studies, and the profile over them.

    An accuracy is the mean over all seeds: networks that did not train count with what they have, those that
    diverged as in `statistics.finished`. A seed that two studies of one cell have in common counts once.

    Args:
        studies: of each the resolved config, the table `runs`, digests of the images that tested, and the
            chance of its data set.
        ids: see `apart`.
    """
    ids = ids or {}
    numbers, seen, found = {}, [], []
    for config, runs, evaluated, chance in studies:
        renamed = [ids.get((config["study"], key), key) for key in runs["activation"]]
        runs = runs.assign(activation=renamed)
        by_seed = statistics.per_seed(statistics.finished(runs, chance))
        for (depth, setting), own in by_seed.groupby(["depth", "setting"], observed=True):
            number = numbers.setdefault(_key(config, evaluated, depth, setting), len(numbers))
            if number == len(found):
                seen.append(
                    {"study": [], "dataset": config["dataset"], "depth": int(depth), "setting": setting}
                )
                found.append([])
            seen[number]["study"].append(config["study"])
            found[number].append(own)
    rows = [_of_cell(pd.concat(parts)) for parts in found]
    kept = [number for number, own in enumerate(rows) if len(own) > 1 and own["n_trained"].any()]
    table = pd.concat(
        [rows[old].assign(cell=new) for new, old in enumerate(kept)] or [pd.DataFrame(columns=COLUMNS)]
    )
    table = table[list(COLUMNS)].reset_index(drop=True)
    return Pooled([seen[number] for number in kept], table, _profile(table), len(rows) - len(kept))


def _key(config: Mapping, evaluated: Sequence[str], depth: int, setting: str) -> str:
    """What two studies must have in common for a cell to be the same: test images, depth and recipe."""
    recipe = {part: config.get(part, {}) for part in grid.RECIPE}
    for part, own in ((config.get("settings") or {}).get(setting) or {}).items():
        recipe[part] = recipe[part] | own if isinstance(own, Mapping) else own
    training = {key: value for key, value in recipe["training"].items() if key not in LOOKS_ON}
    network = recipe["network"]
    if sizes := network.get("hidden_sizes"):
        network = network | {"hidden_sizes": [widths for widths in sizes if len(widths) == depth]}
    if training.get("learning_rate") != grid.TUNED:
        del recipe["tuning"]
    recipe |= {"training": training, "network": network}
    images = evaluated if len(evaluated) == 1 else config["study"]
    own_data = catalogue.identity(config.get("own_data"))  # wherever its file lies
    data = [config["dataset"], own_data, images, config["evaluation"]]
    return json.dumps([*data, int(depth), recipe], sort_keys=True)


def _of_cell(by_seed: pd.DataFrame) -> pd.DataFrame:
    """A row an activation, the best first."""
    once = by_seed.drop_duplicates(["activation", "seed"])
    groups = once.groupby("activation", observed=True, sort=False)
    table = pd.DataFrame(
        {
            "accuracy": groups["test_accuracy"].mean(),
            "n_seeds": groups.size(),
            "n_trained": groups["trained"].sum(),
        }
    ).reset_index()
    table["behind"] = np.rint((table["accuracy"].max() - table["accuracy"]) * PARTS) / PARTS
    return table.sort_values("accuracy", ascending=False, kind="stable", ignore_index=True)


def _profile(rows: pd.DataFrame) -> pd.DataFrame:
    steps = [
        {"setting": profile.EVERY, "activation": activation} | step
        for activation, behind in rows.groupby("activation", observed=True, sort=False)["behind"]
        for step in profile.steps(np.rint(behind.to_numpy(float) * PARTS).astype(int), PARTS)
    ]
    return pd.DataFrame(steps, columns=profile.SCHEMA.names)


def summary(pooled: Pooled, margin: float) -> list[dict]:
    """A row an activation: in how many cells it takes part, is best, and is within the margin of the best.

    In the order of the share of its cells within the margin, then of those in which it is best.

    Args:
        margin: a difference in accuracy.

    Returns:
        `activation`, `n_cells`, `n_best`, `n_within`, and the `median` and `most` that it is behind the best.
    """
    groups = pooled.rows.groupby("activation", observed=True, sort=False)["behind"]
    found = [
        {
            "activation": activation,
            "n_cells": len(behind),
            "n_best": int((behind == 0).sum()),
            "n_within": int((behind <= margin + statistics.NOISE).sum()),
            "median": float(behind.median()),
            "most": float(behind.max()),
        }
        for activation, behind in groups
    ]
    return sorted(
        found,
        key=lambda row: (-row["n_within"] / row["n_cells"], -row["n_best"] / row["n_cells"], row["most"]),
    )
