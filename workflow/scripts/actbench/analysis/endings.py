"""How runs ended: whether they stayed at chance, and whether they were still improving."""

from collections.abc import Mapping

import pandas as pd
from scipy import stats

from actbench.analysis.statistics import CONFIDENCE, NOISE
from actbench.storage import parquet


def counts(
    runs: pd.DataFrame, history: pd.DataFrame, max_epochs: Mapping[str, int], chance: float, n_judged: int
) -> dict[tuple[str, int, str], dict[str, int]]:
    """By activation, depth and setting, `n_at_chance` and `n_improving`, in seeds.

    A run stayed at chance if its validation accuracy (without validation images: its training accuracy) is
    at most `chance_bound` after every epoch; one that diverged is not counted. A run was still improving if
    it trained and its best epoch, by validation accuracy, lies in the last tenth of the epochs it may take;
    without validation images there is no best epoch. With cross-validation, a seed stayed at chance if all
    of its folds did, and was still improving if it trained and any fold was.

    Args:
        runs, history: tables of these names.
        max_epochs: of each setting.
        chance: accuracy of the answer that is right most often whatever the image.
        n_judged: images that the accuracy by epoch is a share of.
    """
    judged = "val_accuracy" if history["val_accuracy"].notna().any() else "train_accuracy"
    epochs = history.groupby(parquet.RUN, observed=True)[judged].agg(["max", "size"])
    bounds = {n: chance_bound(chance, n_judged, n) for n in epochs["size"].unique()}
    left = epochs["max"] > epochs["size"].map(bounds) + NOISE
    budget = runs["setting"].astype(str).map(max_epochs)
    seen = runs.set_index(parquet.RUN, drop=False)
    seen = seen.assign(
        still=(seen["status"] == "ok") & ~left.reindex(seen.index),
        late=(10 * runs["best_epoch"].fillna(0) > 9 * budget).to_numpy(),
    ).reset_index(drop=True)
    seeds = seen.groupby([*parquet.CELL, "seed"], observed=True)
    by_seed = pd.DataFrame(
        {
            "n_at_chance": seeds["still"].all(),
            "n_improving": seeds["trained"].all() & seeds["late"].any(),
        }
    )
    totals = by_seed.groupby(parquet.CELL, observed=True).sum().astype(int).to_dict("index")
    return {(activation, int(depth), setting): row for (activation, depth, setting), row in totals.items()}


def chance_bound(chance: float, n_images: int, n_epochs: int) -> float:
    """The accuracy that a run which only guesses exceeds after any of its epochs with at most 5 %.

    The binomial quantile of 1 - .05 / `n_epochs` (Bonferroni), over the images. Guessing may mean an answer
    for each image apart, or the same for all.

    >>> chance_bound(0.1, 250, 10)
    0.152
    """
    return float(stats.binom.isf((1 - CONFIDENCE) / n_epochs, n_images, chance)) / n_images
