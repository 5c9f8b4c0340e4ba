"""What the networks of all depths say together: average ranks, and the first depth against the last."""

import math
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from actbench.analysis import statistics
from actbench.storage import parquet

SCHEMA = pa.schema(
    [
        pa.field("activation", parquet.NAME, nullable=False),
        pa.field("setting", parquet.NAME, nullable=False),
        pa.field("measure", pa.string(), nullable=False),
        *statistics.SUMMARY,
        ("leading", pa.bool_()),
    ]
)


def over_depths(
    runs: pd.DataFrame, dead: pd.DataFrame, n_images: int, differences: pd.DataFrame | None = None
) -> list[dict]:
    """Summaries over seeds of what a seed's networks of all depths give together, rows as in `SCHEMA`.

    Each setting is summarised for itself.

    `rank`: see `ranks`; its interval is `statistics.bounded_interval`, from 1 to the number of activations.
    Beside it stands `leading`, of those that always trained: whether it is among their `leaders`. It is null
    of the others, of one seed, and where fewer than two always trained.
    From two depths on, of `accuracy` (test accuracy, of seeds that trained at both ends), `dead_init` and
    `dead_trained` (share of all hidden units that are dead at that checkpoint): `…_first` and `…_last`, the
    values at the first and the last depth, and `…_change`, the last less the first, with a t interval over
    seeds; of dead units none where all seeds agree, which hides how much they vary. Of accuracies that
    `statistics.disagree` at one of the ends there is n only.

    Args:
        runs: table `runs`.
        dead: table `dead_neurons`.
        n_images: the test images that a seed's accuracy is a share of.
        differences: see `leaders`.
    """
    found = []
    for setting, own in runs.groupby("setting", observed=True):
        apart = None if differences is None else differences[differences["setting"] == setting]
        rows = _of_setting(own, dead[dead["setting"] == setting], n_images, leading(own, apart))
        found += [{"setting": setting, "leading": None} | row for row in rows]
    return found


def leading(runs: pd.DataFrame, differences: pd.DataFrame | None) -> dict[str, bool]:
    """By activation that always trained, of one setting, whether it is among their `leaders`."""
    reliable = always(runs)
    if runs["seed"].nunique() == 1 or len(reliable) < 2:
        return {}
    first = leaders(runs[runs["activation"].isin(reliable)], differences)
    return {key: key in first for key in reliable}


def accuracy_differences(compared: Iterable[Mapping], pairs: Iterable[Mapping] = ()) -> pd.DataFrame:
    """Differences in accuracy with intervals on the page, to the baseline and of all pairs, for `leaders`.

    Args:
        compared, pairs: rows as in `comparisons.COMPARISON` and `comparisons.PAIRS`.
    """
    return pd.DataFrame([*({**row, "other": row["baseline"]} for row in compared), *pairs])


def always(runs: pd.DataFrame) -> list[str]:
    """The activations whose every run trained.

    Args:
        runs: table `runs`, of one setting.
    """
    trained = runs.groupby("activation", observed=True)["trained"].all()
    return trained.index[trained].to_list()


def _of_setting(
    runs: pd.DataFrame, dead: pd.DataFrame, n_images: int, leads: Mapping[str, bool]
) -> list[dict]:
    by_seed = statistics.per_seed(runs)
    activations, depths = sorted(by_seed["activation"].unique()), sorted(by_seed["depth"].unique())
    shares = _dead_shares(dead)
    measured = {
        "accuracy": by_seed[by_seed["trained"]].rename(columns={"test_accuracy": "share"}),
        "dead_init": shares[shares["checkpoint"] == "init"],
        "dead_trained": shares[shares["checkpoint"] == "trained"],
    }
    average = ranks(by_seed)
    rows = []
    for activation in activations:
        rank = {"activation": activation, "measure": "rank", "leading": leads.get(activation)}
        rows.append(rank | _rank(average[activation], by_seed))
        for name, table in measured.items() if len(depths) > 1 else ():
            own = table[table["activation"] == activation]
            least_std = math.sqrt(2 / 12) / n_images if name == "accuracy" else 0.0
            rows += [{"activation": activation} | row for row in _ends(name, own, depths, least_std)]
    return rows


def ranks(by_seed: pd.DataFrame) -> pd.DataFrame:
    """Average ranks over depths, a row a seed and a column an activation.

    The rank is by test accuracy, 1 the best, among the activations of one seed and depth; equal accuracies
    share the mean of their ranks, and so do all that did not train, behind the others.

    Args:
        by_seed: the runs of one setting, one a seed, see `statistics.per_seed`.
    """
    level = by_seed["test_accuracy"].where(by_seed["trained"], -1.0)
    ranked = level.groupby([by_seed["depth"], by_seed["seed"]]).rank(ascending=False)
    mean = ranked.groupby([by_seed["seed"], by_seed["activation"].astype(str)]).mean()
    return mean.unstack("activation")


def order(average: pd.DataFrame) -> list[str]:
    """The activations, best mean of these average ranks first, see `ranks`."""
    return average.mean().round(9).sort_values(kind="stable").index.to_list()


def leaders(runs: pd.DataFrame, differences: pd.DataFrame | None = None) -> list[str]:
    """The activation of the best average rank, and those that the seeds cannot tell from it, best first.

    Told apart is one whose average rank less the best one's has a paired t interval above 0. The intervals
    hold for every two activations at once with 95 % (Bonferroni), since which is best is not known before.
    As with `comparisons.Rule.least_std`, whole ranks hide some spread. Told apart is also one whose accuracy
    differs from the best one's at some depth by an interval without 0, if the page shows it, see `_apart`.

    Where nothing differs, each family of intervals tells some two apart in at most 5 % of studies: the ranks
    and the comparisons with a baseline together in at most 10 %, with those of all pairs in at most 15 %.

    Args:
        runs: table `runs`, of one setting.
        differences: rows as in `comparisons.PAIRS`, of the same setting; of each family the intervals hold at
            once.
    """
    by_seed = statistics.per_seed(runs)
    average = ranks(by_seed)
    first, *others = order(average)
    confidence = 1 - (1 - statistics.CONFIDENCE) / max(math.comb(len(others) + 1, 2), 1)
    least_std = math.sqrt(2 / 12) / by_seed["depth"].nunique()
    apart = set() if differences is None else _apart(differences, first)
    found = [first]
    for other in others:
        interval = statistics.t_interval(average[other] - average[first], confidence, least_std)
        if other not in apart and (interval is None or interval[0] <= 0):
            found.append(other)
    return found


def _apart(differences: pd.DataFrame, key: str) -> set[str]:
    """The activations whose accuracy differs from this one's at some depth by an interval without 0.

    As on the page, one on fewer than three pairs or beyond ±100 points counts only with a verdict.
    """
    low, high = (differences[f"difference_{end}"].astype(float) for end in ("low", "high"))
    shown = (differences["n_pairs"] >= statistics.FEWEST) & (low >= -1) & (high <= 1)
    shown |= differences["verdict"].isin(["better", "worse"])
    rows = differences.loc[shown & ((low > 0) | (high < 0)), ["activation", "other"]].astype(str)
    return {*rows.loc[rows["activation"] == key, "other"], *rows.loc[rows["other"] == key, "activation"]}


def _rank(average: pd.Series, by_seed: pd.DataFrame) -> dict:
    """Summary of one activation's average ranks, with an interval inside what they can be."""
    last = by_seed["activation"].nunique()
    found = statistics.summary(average) | {"ci_low": None, "ci_high": None}
    if last > 1:
        n_steps = (last - 1) * by_seed["depth"].nunique()
        interval = statistics.bounded_interval((average - 1) / (last - 1), n_steps)
        if interval is not None:
            found["ci_low"], found["ci_high"] = (1 + end * (last - 1) for end in interval)
    return found


def _ends(name: str, table: pd.DataFrame, depths: list[int], least_std: float) -> list[dict]:
    """Shares at the first and the last depth and their change, of the seeds that have both.

    The ends have no interval; the change has one, with a standard deviation of at least `least_std`.
    """
    wide = table.pivot(index="seed", columns="depth", values="share")
    first, last = wide.reindex(columns=[depths[0], depths[-1]]).dropna().to_numpy().T
    none = {"ci_low": None, "ci_high": None}
    change = statistics.summary(np.subtract(last, first), least_std)
    if least_std == 0 and change["n"] > 1 and change["std"] < statistics.NOISE:
        change |= none
    ends = [statistics.summary(values) | none for values in (first, last)]
    if name == "accuracy" and any(statistics.disagree(values) for values in (first, last)):
        nothing = none | {"mean": None, "std": None}
        ends, change = [end | nothing for end in ends], change | nothing
    return [
        {"measure": f"{name}_first"} | ends[0],
        {"measure": f"{name}_last"} | ends[1],
        {"measure": f"{name}_change"} | change,
    ]


def _dead_shares(dead: pd.DataFrame) -> pd.DataFrame:
    """Share of all hidden units that are dead, by cell, seed and checkpoint; mean over folds."""
    keys = [*parquet.CELL, "seed", "checkpoint"]
    units = dead.groupby([*keys, "fold"], observed=True)[["n_dead", "n_neurons"]].sum()
    share = (units["n_dead"] / units["n_neurons"]).groupby(keys, observed=True).mean()
    return share.rename("share").reset_index()
