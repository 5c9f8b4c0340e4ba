"""Whether a difference to the baseline is the activation's or the setting's: its change between settings."""

import math
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from actbench.analysis import comparisons, statistics
from actbench.analysis.comparisons import Rule
from actbench.storage import parquet

MOST = 0.5
DECIDED = ("better", "worse", "equivalent")
SCHEMA = pa.schema(
    [
        pa.field("activation", parquet.NAME, nullable=False),
        pa.field("setting", parquet.NAME, nullable=False),
        ("depth", pa.int16()),
        pa.field("n_depths", pa.int16(), nullable=False),
        pa.field("n", pa.int32(), nullable=False),
        pa.field("n_left_out", pa.int32(), nullable=False),
        ("difference", pa.float64()),
        ("difference_low", pa.float64()),
        ("difference_high", pa.float64()),
        ("required_seeds", pa.int32()),
        pa.field("trained_before", pa.int32(), nullable=False),
        pa.field("trained_after", pa.int32(), nullable=False),
        pa.field("n_runs", pa.int32(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
    ]
)


def attribution(
    runs: pd.DataFrame,
    compared: Iterable[Mapping],
    baseline: str,
    reference: str,
    margin: float,
    n_images: int,
) -> list[dict]:
    """One row an activation (but the baseline), setting (but the first) and depth, columns as in `SCHEMA`.

    Of each seed of which all four networks trained, the difference is that to the baseline in this setting
    less that in the first one. A row without a depth is over depths: the mean over those at which all four
    trained in more than half of the seeds, of the seeds in which they did so at each of them, so that every
    seed is a mean over the same `n_depths`. These rows are the primary family; those of single depths are
    another one. Intervals hold for all rows of a family at once (Bonferroni).

    Verdict: see `judged`. `trained_before` and `trained_after` count those of the activation's `n_runs` that
    trained in the first and in this setting; of a row over depths, at all of them.

    Args:
        runs: table `runs`.
        compared: rows of `comparisons.comparison`.
        baseline: the activation that the others are compared with.
        reference: the first setting.
        margin, n_images: see `comparisons.Rule`.
    """
    by_seed = statistics.per_seed(runs).astype({"activation": str, "setting": str})
    wide = by_seed.assign(level=by_seed["test_accuracy"].where(by_seed["trained"])).pivot(
        index=["setting", "depth", "seed"], columns="activation", values=["level", "trained"]
    )
    level = wide["level"].astype(float)
    effects, trained = level.sub(level[baseline], axis=0), wide["trained"].astype(bool)
    verdicts = {(row["activation"], row["depth"], row["setting"]): row["verdict"] for row in compared}
    settings = sorted(set(by_seed["setting"]))
    depths = sorted(set(by_seed["depth"]))
    places = [
        (activation, setting)
        for activation in level.columns.drop(baseline)
        for setting in settings
        if setting != reference
    ]
    rows = []
    for depth in (None, *depths):
        family = max(len(places) * (1 if depth is None else len(depths)), 1)
        rule = Rule(margin, n_images, family)
        for activation, setting in places:
            changes = (effects.loc[setting] - effects.loc[reference])[activation].unstack("depth")
            ends = [trained.loc[name, activation].unstack("depth") for name in (reference, setting)]
            if depth is not None:
                changes, ends = changes[[depth]], [end[[depth]] for end in ends]
            values, chosen = averaged(changes)
            found = {verdicts[activation, int(own), name] for own in chosen for name in settings}
            before, after = (int(end.to_numpy().sum()) for end in ends)
            rows.append(
                {"activation": activation, "setting": setting, "depth": None if depth is None else int(depth)}
                | {"n_depths": len(chosen), "n": len(values), "n_left_out": len(changes) - len(values)}
                | judged(values, len(chosen), rule, len(found) == 1 and found <= {*DECIDED})
                | {"trained_before": before, "trained_after": after, "n_runs": ends[0].size}
            )
    return rows


def averaged(changes: pd.DataFrame) -> tuple[np.ndarray, list[int]]:
    """The mean of each seed over the depths that are in, and these depths.

    Args:
        changes: a row a seed, a column a depth, null where one of the four networks did not train.
    """
    if changes.shape[1] > 1:
        changes = changes.loc[:, changes.notna().mean() > MOST]
    return changes.dropna().mean(axis=1).to_numpy() if changes.shape[1] else np.array([]), list(changes)


def judged(values: np.ndarray, n_depths: int, rule: Rule, decided_alike: bool) -> dict:
    """Mean, adjusted t interval, required seeds and verdict of how a difference changed.

    The verdict is *setting* if the interval lies beyond ±margin; *activation* if it lies within and the
    comparison with the baseline is decided alike in every setting; else *inconclusive*. Seeds are required
    where the interval decides neither.

    Args:
        values: one a seed, each a mean over `n_depths` of what four accuracies give.
        n_depths: as many.
        rule: of the family.
        decided_alike: whether every setting has the same verdict of `DECIDED`, at all of these depths.
    """
    found = {
        "difference": float(values.mean()) if len(values) else None,
        "difference_low": None,
        "difference_high": None,
        "required_seeds": None,
        "verdict": "inconclusive",
    }
    least_std = math.sqrt(4 / 12 / max(n_depths, 1)) / rule.n_images
    interval = statistics.t_interval(values, rule.confidence, least_std)
    if interval is None:
        return found
    found["difference_low"], found["difference_high"] = interval
    moved = comparisons.verdict(*interval, rule.margin)
    if moved in ("better", "worse"):
        found["verdict"] = "setting"
    elif moved == "equivalent" and decided_alike:
        found["verdict"] = "activation"
    elif moved == "inconclusive":
        std = max(float(values.std(ddof=1)), least_std)
        found["required_seeds"] = comparisons.required_seeds(found["difference"], std, rule)
    return found
