"""One number an activation over all depths: its average rank, and what each further layer does to it."""

import numpy as np
import pandas as pd
import pyarrow as pa

from actbench import parquet, statistics

SCHEMA = pa.schema(
    [
        pa.field("activation", parquet.ACTIVATION, nullable=False),
        pa.field("measure", pa.string(), nullable=False),
        *statistics.SUMMARY,
    ]
)


def over_depths(runs: pd.DataFrame, dead: pd.DataFrame) -> list[dict]:
    """Summaries over seeds of what a seed's networks of all depths give together, rows as in `SCHEMA`.

    `rank`: mean over depths of the rank by test accuracy, 1 the best, among the activations of one seed and
    depth; equal accuracies share the mean of their ranks, and so do all that did not train, behind the
    others. `accuracy_per_layer`: slope of test accuracy over depth, by least squares, of seeds that trained
    at every depth. `dead_per_layer_init` and `dead_per_layer_trained`: the same of the share of dead units.
    Slopes are there from two depths on.

    Args:
        runs: table `runs`.
        dead: table `dead_neurons`.
    """
    by_seed = statistics.per_seed(runs)
    measured = {
        "rank": _ranks(by_seed),
        "accuracy_per_layer": _slopes(by_seed[by_seed["trained"]], "test_accuracy"),
    }
    shares = _dead_shares(dead)
    for checkpoint in ("init", "trained"):
        measured[f"dead_per_layer_{checkpoint}"] = _slopes(
            shares[shares["checkpoint"] == checkpoint], "share"
        )
    n_depths = by_seed["depth"].nunique()
    return [
        {"activation": activation, "measure": measure} | statistics.summary(_of(values, activation))
        for activation in sorted(by_seed["activation"].unique())
        for measure, values in measured.items()
        if measure == "rank" or n_depths > 1
    ]


def _of(values: pd.Series, activation: str) -> np.ndarray:
    """The seeds' values of one activation."""
    return values[values.index.get_level_values("activation") == activation].to_numpy()


def _ranks(runs: pd.DataFrame) -> pd.Series:
    """Mean rank over depths, by activation and seed."""
    level = runs["test_accuracy"].where(runs["trained"], -1.0)
    ranks = level.groupby([runs["depth"], runs["seed"]]).rank(ascending=False)
    return ranks.groupby([runs["activation"], runs["seed"]], observed=True).mean()


def _slopes(table: pd.DataFrame, column: str) -> pd.Series:
    """Change of a column with each layer, by activation and seed, of those that have every depth."""
    wide = table.pivot(index=["activation", "seed"], columns="depth", values=column).dropna()
    if wide.empty or wide.shape[1] < 2:
        return pd.Series(dtype=float, index=wide.index)
    return pd.Series(np.polyfit(wide.columns.to_numpy(), wide.to_numpy().T, 1)[0], index=wide.index)


def _dead_shares(dead: pd.DataFrame) -> pd.DataFrame:
    """Share of all hidden units that are dead, by activation, depth, seed and checkpoint; mean over folds."""
    keys = ["activation", "depth", "seed", "checkpoint"]
    units = dead.groupby([*keys, "fold"], observed=True)[["n_dead", "n_neurons"]].sum()
    share = (units["n_dead"] / units["n_neurons"]).groupby(keys, observed=True).mean()
    return share.rename("share").reset_index()
