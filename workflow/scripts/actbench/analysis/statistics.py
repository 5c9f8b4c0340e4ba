"""Statistics over seeds: intervals, summaries by layer, the scores of cross-validation.

Seeds are few (3 to 10), so intervals are Student's t; what they mean and why: docs/measurements.md.
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy  # loads a part when it is used: scipy.stats takes a second, which the report saves

from actbench.storage import parquet

CONFIDENCE = 0.95
FEWEST = 3
NOISE = 1e-12
WIDEST = 0.25

SUMMARY = [
    pa.field("n", pa.int32(), nullable=False),
    ("mean", pa.float64()),
    ("std", pa.float64()),
    ("ci_low", pa.float64()),
    ("ci_high", pa.float64()),
]


def by_layer_schema(keys: Sequence[str]) -> pa.Schema:
    """Columns of a table over seeds: activation, depth, setting, checkpoint, `keys`, measure, the summary."""
    types = {"layer": pa.int16()}
    return pa.schema(
        [
            *parquet.CELL_KEYS,
            pa.field("checkpoint", pa.string(), nullable=False),
            *(pa.field(key, types.get(key, pa.string()), nullable=False) for key in keys),
            pa.field("measure", pa.string(), nullable=False),
            *SUMMARY,
        ]
    )


def t_interval(
    values: Sequence[float], confidence: float = CONFIDENCE, least_std: float = 0.0
) -> tuple[float, float] | None:
    """Student's t interval of the mean, with a standard deviation (n - 1) of at least `least_std`.

    None below two values; if all agree and `least_std` is 0, the value itself.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return None
    std = max(values.std(ddof=1), least_std)
    half_width = _quantile(confidence, len(values)) * std / math.sqrt(len(values))
    return float(values.mean() - half_width), float(values.mean() + half_width)


def _quantile(confidence: float, n: int | pd.Series) -> float | pd.Series:
    """How many standard errors a two-sided t interval of n values reaches to each side."""
    return scipy.special.stdtrit(n - 1, (1 + confidence) / 2)


def bounded_interval(
    values: Sequence[float], n_units: int, widest: float = 1.0
) -> tuple[float, float] | None:
    """95 % interval of the mean of shares, Student's t on the logit scale: it lies inside (0, 1) uncut.

    logit(mean) ± t · std / (√n · mean · (1 - mean)), the standard error by the delta method, so that the
    interval is of the mean itself. None below three values; where all are 0 or all are 1, which hides how
    much they vary; and where it would be wider than `widest`. Its coverage is simulated in the tests.

    Args:
        values: shares of `n_units` each, which hide a standard deviation of 1/√12 of a unit.
        n_units: as many images, say.
        widest: what a wider interval says is nothing.
    """
    values = np.asarray(values, dtype=float)
    mean = values.mean() if len(values) else 0.0
    if len(values) < FEWEST or not NOISE < mean < 1 - NOISE:
        return None
    std = max(values.std(ddof=1), math.sqrt(1 / 12) / n_units)
    half_width = _quantile(CONFIDENCE, len(values)) * std / math.sqrt(len(values))
    ends = scipy.special.logit(mean) + np.array([-1, 1]) * half_width / (mean * (1 - mean))
    low, high = map(float, scipy.special.expit(ends))
    return (low, high) if high - low <= widest else None


def disagree(values: Sequence[float]) -> bool:
    """Whether shares lie so far apart that their mean describes none of them: some more than 25 points."""
    return len(values) > 1 and bool(np.ptp(values) > WIDEST + NOISE)


def summary(values: Sequence[float], least_std: float = 0.0) -> dict:
    """n, mean, standard deviation (n - 1) and `t_interval`; all but n are None below two values."""
    values = np.asarray(values, dtype=float)
    interval = t_interval(values, least_std=least_std)
    if interval is None:
        return {"n": len(values), "mean": None, "std": None, "ci_low": None, "ci_high": None}
    return {
        "n": len(values),
        "mean": float(values.mean()),
        "std": float(values.std(ddof=1)),
        "ci_low": interval[0],
        "ci_high": interval[1],
    }


def without_noise(values: Sequence[float]) -> np.ndarray:
    """Values that differ by rounding errors only made equal, so that ties are ties.

    Means of whole numbers of images over folds differ by 1e-10 or more, or not at all.
    """
    distinct, place = np.unique(np.asarray(values, dtype=float), return_inverse=True)
    first = ~(np.diff(distinct, prepend=-np.inf) <= NOISE)
    return distinct[first][np.cumsum(first) - 1][place]


def share_interval(successes: int, n: int) -> tuple[float, float]:
    """Exact (Clopper-Pearson) 95 % interval of a proportion."""
    interval = scipy.stats.binomtest(successes, n).proportion_ci(CONFIDENCE, method="exact")
    return float(interval.low), float(interval.high)


def per_seed(runs: pd.DataFrame) -> pd.DataFrame:
    """One row a seed: with cross-validation, its test accuracy is the mean over its folds.

    Folds share most of their training images and are no independent repetitions; seeds are. A seed
    has trained if all its folds have, and has diverged if any has.
    """
    if not runs["fold"].any():
        return runs
    runs = runs.assign(ok=runs["status"] == "ok")
    grouped = runs.groupby([*parquet.CELL, "seed"], observed=True)
    means = grouped["test_accuracy"].mean()
    return pd.DataFrame(
        {
            "test_accuracy": pd.Series(without_noise(means), means.index),
            "trained": grouped["trained"].all(),
            "status": np.where(grouped["ok"].all(), "ok", "diverged"),
        }
    ).reset_index()


def finished(runs: pd.DataFrame, chance: float) -> pd.DataFrame:
    """The runs, of which those that diverged have a test accuracy too, so that all can be ordered.

    It is chance, or the lowest of the same depth, setting, seed and fold where that is less: diverging never
    wins.
    """
    problem = ["depth", "setting", "seed", "fold"]
    lowest = runs.groupby(problem, observed=True)["test_accuracy"].transform("min")
    return runs.assign(test_accuracy=runs["test_accuracy"].fillna(lowest.clip(upper=chance).fillna(chance)))


def cross_validation_schema(n_folds: int) -> pa.Schema:
    """Columns of the scores of cross-validation, named as in scikit-learn's `cv_results_`."""
    scores = [*(f"split{fold}_test_score" for fold in range(n_folds)), "mean_test_score", "std_test_score"]
    return pa.schema(
        [
            *(field for field in parquet.KEYS if field.name != "fold"),
            *((name, pa.float64()) for name in scores),
            pa.field("rank_test_score", pa.int32(), nullable=False),
        ]
    )


def cross_validation(runs: pd.DataFrame) -> list[dict]:
    """Each fold's test accuracy, their mean, standard deviation (dividing by n) and rank.

    One row an activation, depth, setting and seed, columns as in `cross_validation_schema`. The rank is
    among the activations and depths of one setting and seed; equal means share the better rank. A candidate
    of which a fold diverged has no mean and ranks last, as in `GridSearchCV`.
    """
    scores = runs.pivot(index=[*parquet.CELL, "seed"], columns="fold", values="test_accuracy")
    means = scores.mean(axis=1, skipna=False)
    tied = pd.Series(without_noise(means), means.index)
    table = (
        scores.add_prefix("split")
        .add_suffix("_test_score")
        .assign(
            mean_test_score=means,
            std_test_score=scores.std(axis=1, ddof=0, skipna=False),
            rank_test_score=tied.groupby(["setting", "seed"], observed=True)
            .rank(method="min", ascending=False, na_option="bottom")
            .astype(int),
        )
    )
    return table.reset_index().to_dict("records")


def over_seeds(table: pd.DataFrame, keys: Sequence[str], measures: Sequence[str]) -> pd.DataFrame:
    """Summarise each measure over the seeds of activation, depth, setting, checkpoint and `keys`.

    Columns as in `by_layer_schema(keys)`; seeds in which a measure is null do not count in its n. With
    cross-validation, a seed's measure is the mean over its folds.
    """
    group_keys = [*parquet.CELL, "checkpoint", *keys]
    if table["fold"].any():
        table = table.groupby([*group_keys, "seed"], observed=True)[list(measures)].mean().reset_index()
    grouped = table.groupby(group_keys, observed=True)[list(measures)]
    count, mean, std = (grouped.agg(how).stack() for how in ("count", "mean", "std"))
    half_width = _quantile(CONFIDENCE, count) * std / np.sqrt(count)
    summaries = {"mean": mean, "std": std, "ci_low": mean - half_width, "ci_high": mean + half_width}
    frame = pd.DataFrame({name: column.where(count > 1) for name, column in summaries.items()})
    return frame.assign(n=count).rename_axis([*group_keys, "measure"]).reset_index()


def decay(gradients: pd.DataFrame) -> pd.DataFrame:
    """Summarise how gradients change over layers, as in `by_layer_schema(["tensor"])`; see `decays`."""
    return over_seeds(decays(gradients), ["tensor"], ["slope", "log10_first_last"])


def decays(gradients: pd.DataFrame) -> pd.DataFrame:
    """How gradients change over the layers of each run: a row a run, checkpoint and tensor.

    `slope` of log10 rms over layer numbers, by least squares, and `log10_first_last` of the first layer's rms
    over the last's. Null where an rms is 0 or there is but one layer.
    """
    keys = ["depth", *(name for name in parquet.RUN if name != "depth"), "checkpoint", "tensor"]
    rms = gradients.pivot(index=keys, columns="layer", values="rms")
    found, depths = np.full((len(rms), 2), math.nan), rms.index.get_level_values("depth")
    for depth, numbers in gradients.groupby("depth")["layer"].unique().items():
        here, layers = depths == depth, np.sort(numbers)
        found[here] = np.stack(_decays(layers, rms.loc[here, layers].to_numpy()), axis=1)
    rows = rms.index.to_frame(index=False)[[*parquet.RUN, "checkpoint", "tensor"]]
    return rows.assign(slope=found[:, 0], log10_first_last=found[:, 1])


def _decays(layers: np.ndarray, rms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and log ratios [N] of rms [N, layers]; NaN where there is none."""
    slope, ratio = np.full((2, len(rms)), math.nan)
    usable = np.all(np.isfinite(rms) & (rms > 0), axis=1)
    if len(layers) > 1 and usable.any():
        logs = np.log10(rms[usable])
        slope[usable] = np.polyfit(layers, logs.T, 1)[0]
        ratio[usable] = logs[:, 0] - logs[:, -1]
    return slope, ratio
