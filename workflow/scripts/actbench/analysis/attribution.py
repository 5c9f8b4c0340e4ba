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
    less that in the first one; none where the runs of one of the four cells disagree. A row without a depth
    is over depths: the mean over those at which more than half of the seeds have a difference, of the seeds
    that have one at each of them, so that every seed is a mean over the same `n_depths`. These rows are the
    primary family; those of single depths are another one. Intervals hold for all rows of a family at once
    (Bonferroni).

    Verdict: see `judged`; *activation* only if no depth is left out, and at each of them as many networks of
    the activation, and of the baseline, trained in both settings. `trained_before` and `trained_after` count
    those of the activation's `n_runs` that trained in the first and in this setting; of a row over depths, at
    all of them.

    Args:
        runs: table `runs`.
        compared: rows of `comparisons.comparison`.
        baseline: the activation that the others are compared with.
        reference: the first setting.
        margin, n_images: see `comparisons.Rule`.
    """
    cells = {(row["activation"], row["depth"], row["setting"]): row for row in compared}
    by_seed = statistics.per_seed(runs).astype({"activation": str, "setting": str})
    disagree = [
        cells[place]["runs_disagree"] for place in by_seed[parquet.CELL].itertuples(index=False, name=None)
    ]
    wide = by_seed.assign(level=by_seed["test_accuracy"].where(by_seed["trained"]).mask(disagree)).pivot(
        index=["setting", "depth", "seed"], columns="activation", values=["level", "trained"]
    )
    level = wide["level"].astype(float)
    effects = level.sub(level[baseline], axis=0)
    trained = wide["trained"].astype(int).groupby(level=["setting", "depth"]).sum()
    settings = sorted(set(by_seed["setting"]))
    depths = sorted(set(map(int, by_seed["depth"])))
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
            own = depths if depth is None else [depth]
            changes = (effects.loc[setting] - effects.loc[reference])[activation].unstack("depth")[own]
            values, chosen = averaged(changes, MOST if depth is None else 0)
            before, after = (
                trained.loc[name].loc[own, [activation, baseline]] for name in (reference, setting)
            )
            verdicts = {cells[activation, one, name]["verdict"] for one in own for name in settings}
            alike = len(verdicts) == 1 and verdicts <= {*DECIDED} and before.equals(after)
            rows.append(
                {"activation": activation, "setting": setting, "depth": depth}
                | {"n_depths": len(chosen), "n": len(values), "n_left_out": len(changes) - len(values)}
                | judged(values, len(chosen), rule, alike and chosen == own)
                | {"trained_before": int(before[activation].sum())}
                | {"trained_after": int(after[activation].sum()), "n_runs": changes.size}
            )
    return rows


def averaged(changes: pd.DataFrame, least: float) -> tuple[np.ndarray, list[int]]:
    """The mean of each seed over the depths that are in, and these depths.

    Args:
        changes: a row a seed, a column a depth, null where there is no difference.
        least: a depth is in if more than this share of the seeds has one there.
    """
    changes = changes.loc[:, changes.notna().mean() > least]
    return changes.dropna().mean(axis=1).to_numpy() if changes.shape[1] else np.array([]), list(changes)


def judged(values: np.ndarray, n_depths: int, rule: Rule, alike: bool) -> dict:
    """Mean, adjusted t interval, required seeds and verdict of how a difference changed.

    The verdict is *setting* if the interval lies beyond ±margin; *activation* if it lies within and every
    setting says the same; else, and below three seeds, *inconclusive*. Required seeds are given where the
    mean lies beyond the margin and its interval does not: with so many, the interval would lie beyond, too,
    with a probability of 80 %, if mean and spread are the true ones. None if more than 1,000 are needed.

    Args:
        values: one a seed, each a mean over `n_depths` of what four accuracies give.
        n_depths: as many.
        rule: of the family.
        alike: whether the settings do not differ in who trained, and each has the same verdict of `DECIDED`,
            at every depth.
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
    moved, enough = comparisons.verdict(*interval, rule.margin), len(values) >= statistics.FEWEST
    if moved in ("better", "worse") and enough:
        found["verdict"] = "setting"
    elif moved == "equivalent" and enough and alike:
        found["verdict"] = "activation"
    elif abs(found["difference"]) > rule.margin + statistics.NOISE:
        std = max(float(values.std(ddof=1)), least_std)
        required = comparisons.required_seeds(found["difference"], std, rule)
        found["required_seeds"] = required and max(required, statistics.FEWEST)
    return found
