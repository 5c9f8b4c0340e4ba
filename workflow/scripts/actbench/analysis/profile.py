"""Performance profiles (Dolan & Moré 2002): how often an activation comes how close to the best one."""

import numpy as np
import pandas as pd
import pyarrow as pa

from actbench.analysis import comparisons, statistics
from actbench.storage import parquet

EVERY = ""  # in place of a setting: all of them
SCHEMA = pa.schema(
    [
        pa.field("setting", parquet.NAME, nullable=False),
        pa.field("activation", parquet.NAME, nullable=False),
        pa.field("tau", pa.float64(), nullable=False),
        pa.field("share", pa.float64(), nullable=False),
        pa.field("n", pa.int32(), nullable=False),
    ]
)


def profile(runs: pd.DataFrame, n_images: int, chance: float) -> list[dict]:
    """The steps of every activation's profile over all settings, and if several over each; as in `SCHEMA`.

    `share` of the n problems (depth, setting and seed) in which the activation's test accuracy is at most
    `tau` below the best of all activations in the same one. A profile starts at `tau` 0, has a row wherever
    it rises, and stays level between them. Networks that did not train count with the accuracy they have; a
    problem in which no activation's trained is left out, so that a setting of which all are has no rows.

    Args:
        runs: table `runs`.
        n_images: the test images that a seed's accuracy is a share of.
        chance: the most that a diverged run counts with, see `statistics.finished`.
    """
    parts = comparisons.Rule(0, n_images, n_folds=runs["fold"].nunique()).parts
    by_seed = statistics.per_seed(statistics.finished(runs, chance))
    problems = by_seed.groupby(["depth", "setting", "seed"], observed=True)
    behind = problems["test_accuracy"].transform("max") - by_seed["test_accuracy"]
    gaps = by_seed.assign(gap=np.rint(behind * parts).astype(int))[problems["trained"].transform("any")]
    settings = sorted(by_seed["setting"].unique())
    chosen = {EVERY: gaps}
    if len(settings) > 1:
        chosen |= {setting: gaps[gaps["setting"] == setting] for setting in settings}
    return [
        {"setting": setting, "activation": activation} | step
        for setting, rows in chosen.items()
        for activation, own in rows.groupby("activation", observed=True)["gap"]
        for step in steps(own.to_numpy(), parts)
    ]


def steps(gaps: np.ndarray, parts: int) -> list[dict]:
    """`tau`, `share` and `n` where the share of whole numbers `gaps` [n], each one of `parts`, rises."""
    taus = np.unique([0, *gaps])
    shares = np.searchsorted(np.sort(gaps), taus, side="right") / len(gaps)
    return [
        {"tau": float(tau / parts), "share": float(share), "n": len(gaps)}
        for tau, share in zip(taus, shares, strict=True)
    ]
