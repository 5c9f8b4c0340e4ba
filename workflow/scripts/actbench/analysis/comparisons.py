"""Paired comparisons of test accuracies: differences, verdicts, p values, effect sizes, required seeds.

The rule behind the verdicts and what stands beside them: docs/measurements.md.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy  # see `statistics`

from actbench.analysis import statistics
from actbench.analysis.statistics import CONFIDENCE
from actbench.storage import parquet

EXACT_PAIRS = 20
RANDOM_FLIPS = 9999
ROUNDING = 1e-13  # of a sum, relative to it
POWER = 0.8
MOST_SEEDS = 1000

# Where runs disagree, no difference of theirs is a statement; p values do not rest on a mean.
_NO_DIFFERENCE = dict.fromkeys(
    ["difference", "difference_low", "difference_high", "d_z", "required_seeds"]
) | {"verdict": "inconclusive"}
_PAIRED = [
    pa.field("n_pairs", pa.int32(), nullable=False),
    ("difference", pa.float64()),
    ("difference_low", pa.float64()),
    ("difference_high", pa.float64()),
    ("p_sign_flip", pa.float64()),
    ("p_holm", pa.float64()),
    ("d_z", pa.float64()),
    ("required_seeds", pa.int32()),
    pa.field("verdict", pa.string(), nullable=False),
]
COMPARISON = pa.schema(
    [
        *parquet.CELL_KEYS,
        pa.field("n_seeds", pa.int32(), nullable=False),
        pa.field("n_trained", pa.int32(), nullable=False),
        pa.field("n_diverged", pa.int32(), nullable=False),
        pa.field("trained_share", pa.float64(), nullable=False),
        pa.field("trained_low", pa.float64(), nullable=False),
        pa.field("trained_high", pa.float64(), nullable=False),
        ("mean", pa.float64()),
        ("std", pa.float64()),
        ("ci_low", pa.float64()),
        ("ci_high", pa.float64()),
        ("median", pa.float64()),
        ("min", pa.float64()),
        ("max", pa.float64()),
        pa.field("runs_disagree", pa.bool_(), nullable=False),
        pa.field("n_at_chance", pa.int32(), nullable=False),
        pa.field("n_improving", pa.int32(), nullable=False),
        pa.field("baseline", pa.string(), nullable=False),
        *_PAIRED,
    ]
)
PAIRS = pa.schema(
    [
        pa.field("activation", parquet.NAME, nullable=False),
        pa.field("other", parquet.NAME, nullable=False),
        *parquet.CELL_KEYS[1:],
        *_PAIRED,
    ]
)


@dataclass(frozen=True)
class Rule:
    """How differences in accuracy are judged.

    Args:
        margin: differences up to this size count as none.
        n_images: the test images that a seed's accuracy is a share of.
        family: the comparisons whose intervals hold at once.
        n_folds: a seed's accuracy is the mean over this many folds of the images.
    """

    margin: float
    n_images: int
    family: int = 1
    n_folds: int = 1

    @property
    def confidence(self) -> float:
        """That of each interval, so that all of the family hold with 95 % (Bonferroni)."""
        return 1 - (1 - CONFIDENCE) / self.family

    @property
    def least_std(self) -> float:
        """The spread that whole images hide: of a difference of two numbers rounded to one over `n_images`.

        Each is off by up to half of it, with variance 1/12; without this, two seeds that happen to agree
        would give an interval without width.
        """
        return math.sqrt(2 / 12) / self.n_images

    @property
    def parts(self) -> int:
        """The whole number of which every accuracy is a multiple of one over it.

        The images, or where folds cannot be equally large (they hold q or q + 1 images) the folds' common
        denominator.
        """
        size, larger = divmod(self.n_images, self.n_folds)
        return self.n_folds * size * (size + 1) if larger else self.n_images


def comparison(runs: pd.DataFrame, baseline: str, margin: float, n_images: int) -> list[dict]:
    """One row an activation, depth and setting, columns as in `COMPARISON` but those of `endings.counts`.

    Accuracies are test accuracies of trained runs, with cross-validation `statistics.per_seed`. Their
    interval is `statistics.bounded_interval`; none where it would be wider than 25 points. Where the runs
    `statistics.disagree`, there is neither mean nor interval, and no difference to them. Differences to the
    baseline of the same depth and setting are paired by seed, over pairs in which both trained; the family is
    all activations, depths and settings against it.
    """
    cells = by_cell(runs)
    places = {tuple(place) for _, *place in cells}
    rule = Rule(margin, n_images, max(len(cells) - len(places), 1), runs["fold"].nunique())
    rows = []
    for (activation, depth, setting), cell in cells.items():
        keys = dict(zip(parquet.CELL, (activation, depth, setting), strict=True))
        row = keys | {"baseline": baseline} | _outcomes(cell, n_images)
        if activation == baseline:
            row |= paired([], rule) | {"verdict": "baseline"}
        else:
            row |= compared(cell, cells[baseline, depth, setting], rule)
        rows.append(row)
    return adjusted(rows, rule.family)


def pairs(runs: pd.DataFrame, margin: float, n_images: int) -> list[dict]:
    """One row a depth, setting and pair of activations, columns as in `PAIRS`; the family is all of them."""
    cells = by_cell(runs)
    chosen = places_of_pairs(cells)
    rule = Rule(margin, n_images, max(len(chosen), 1), runs["fold"].nunique())
    rows = [
        {"activation": first, "other": other, "depth": depth, "setting": setting}
        | compared(cells[first, depth, setting], cells[other, depth, setting], rule)
        for first, other, (depth, setting) in chosen
    ]
    return adjusted(rows, rule.family)


def places_of_pairs(cells: Iterable[tuple[str, int, str]]) -> list[tuple[str, str, tuple[int, str]]]:
    """Every two activations of a depth and setting: the two, and these."""
    return [
        (first, other, tuple(place))
        for (first, *place), (other, *same) in combinations(cells, 2)
        if place == same and first != other
    ]


def by_cell(runs: pd.DataFrame) -> dict[tuple[str, int, str], pd.DataFrame]:
    """The runs, one a seed, of each activation, depth and setting."""
    grouped = statistics.per_seed(runs).groupby(parquet.CELL, observed=True)
    return {(activation, int(depth), setting): cell for (activation, depth, setting), cell in grouped}


def differences(cell: pd.DataFrame, reference: pd.DataFrame) -> np.ndarray:
    """Test accuracies of `cell` less those of `reference`, of the seeds that trained in both."""
    one, other = of_shared_seeds(cell, reference)
    trained = one["trained"] & other["trained"]
    return (one["test_accuracy"] - other["test_accuracy"])[trained]


def of_shared_seeds(
    cell: pd.DataFrame, reference: pd.DataFrame
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Of both cells `test_accuracy` and `trained` of the seeds that both have, in the order of seeds."""
    _, *places = np.intersect1d(cell["seed"], reference["seed"], return_indices=True)
    first, second = (
        {name: one[name].to_numpy()[own] for name in ("test_accuracy", "trained")}
        for one, own in zip((cell, reference), places, strict=True)
    )
    return first, second


def compared(cell: pd.DataFrame, reference: pd.DataFrame, rule: Rule) -> dict:
    """`paired` of the runs of two cells; no difference and no verdict where those of one disagree."""
    found = paired(differences(cell, reference), rule)
    trained = (one.loc[one["trained"], "test_accuracy"] for one in (cell, reference))
    if any(statistics.disagree(accuracies) for accuracies in trained):
        found |= _NO_DIFFERENCE
    return found


def paired(differences: Sequence[float], rule: Rule) -> dict:
    """What paired differences of accuracies say: the columns from `n_pairs` on, `p_holm` still to come.

    The differences are taken as the whole numbers of `rule.parts` that they are but for rounding errors.
    """
    counts = np.rint(np.asarray(differences, dtype=float) * rule.parts)
    differences = counts / rule.parts
    interval = statistics.t_interval(differences, rule.confidence, rule.least_std)
    found = {
        "n_pairs": len(differences),
        "difference": float(differences.mean()) if len(differences) else None,
        "difference_low": None,
        "difference_high": None,
        "p_sign_flip": sign_flip_p(counts),
        "p_holm": None,
        "d_z": None,
        "required_seeds": None,
        "verdict": "inconclusive",
    }
    if interval is None:
        return found
    found["difference_low"], found["difference_high"] = interval
    found["verdict"] = verdict(*interval, rule.margin)
    std = float(counts.std(ddof=1)) / rule.parts
    if std > 0:
        found["d_z"] = found["difference"] / std
    if found["verdict"] == "inconclusive":
        found["required_seeds"] = required_seeds(found["difference"], max(std, rule.least_std), rule)
    return found


def verdict(low: float, high: float, margin: float) -> str:
    """What an interval of differences allows to say, given that ±`margin` counts as no difference.

    What differs from the margin by a rounding error only, equals it.
    """
    beyond, within = margin + statistics.NOISE, -margin - statistics.NOISE
    if low > beyond:
        return "better"
    if high < within:
        return "worse"
    return "equivalent" if within <= low and high <= beyond else "inconclusive"


def sign_flip_p(differences: Sequence[float]) -> float | None:
    """Two-sided p value that the paired differences are symmetric about 0, by flipping their signs.

    Exact up to 20 pairs if the differences are whole numbers, so that equal sums are equal; 9,999 random
    flips (fixed seed) above; None below two pairs. n pairs cannot reach a p below `smallest_p(n)`.
    """
    n, differences = len(differences), np.asarray(differences, dtype=float)
    if n < 2:
        return None
    if n <= EXACT_PAIRS:  # scipy makes Python lists of all flips: of 20 pairs ten seconds
        sums = np.zeros(1)
        for difference in differences:
            sums = np.concatenate([sums + difference, sums - difference])
        least = abs(differences.sum()) * (1 - ROUNDING)
        return 1 - float(np.mean(np.abs(sums) < least))
    result = scipy.stats.permutation_test(
        (differences,),
        np.sum,
        permutation_type="samples",
        n_resamples=RANDOM_FLIPS,
        rng=np.random.default_rng(0),
    )
    return float(result.pvalue)


def smallest_p(n_pairs: int) -> float:
    """The smallest p value that `sign_flip_p` can give for n pairs."""
    return 2 / (2**n_pairs if n_pairs <= EXACT_PAIRS else RANDOM_FLIPS + 1)


def adjusted(rows: Iterable[dict], family: int) -> list[dict]:
    """The rows with `p_holm`: `p_sign_flip` adjusted for the whole family (Holm 1979).

    Comparisons of the family without a p value count as if theirs were 1.
    """
    from statsmodels.stats.multitest import multipletests  # all of scipy, see `statistics`

    rows = list(rows)
    tested = [row for row in rows if row["p_sign_flip"] is not None]
    if not tested:
        return rows
    p = [row["p_sign_flip"] for row in tested] + [1.0] * (family - len(tested))
    for row, holm in zip(tested, multipletests(p, method="holm")[1], strict=False):
        row["p_holm"] = float(holm)
    return rows


def required_seeds(difference: float, std: float, rule: Rule) -> int | None:
    """Seeds with which the verdict would be another than inconclusive with a probability of 80 %.

    If `difference` and `std` are the true mean and standard deviation of the paired differences: for a
    difference beyond the margin, the power of the one-sided t test against the margin; for one within, of
    both such tests at once. None if more than 1,000 are needed.
    """
    from statsmodels.stats.power import TTestPower

    test, alpha = TTestPower(), (1 - rule.confidence) / 2
    size = abs(difference)
    gaps = [size - rule.margin] if size > rule.margin else [rule.margin - size, rule.margin + size]

    def power(n: int) -> float:
        each = [test.power(gap / std, n, alpha, alternative="larger") for gap in gaps]
        return 1 - sum(1 - value for value in each)

    n = bisect_left(range(2, MOST_SEEDS + 1), POWER, key=power) + 2
    return n if n <= MOST_SEEDS else None


def _outcomes(cell: pd.DataFrame, n_images: int) -> dict:
    accuracies = cell.loc[cell["trained"], "test_accuracy"]
    low, high = statistics.share_interval(len(accuracies), len(cell))
    spread = {"median": accuracies.median(), "min": accuracies.min(), "max": accuracies.max()}
    summarised = statistics.summary(accuracies)
    disagree = statistics.disagree(accuracies)
    interval = statistics.bounded_interval(accuracies, n_images, statistics.WIDEST)
    if disagree or interval is None:
        interval = (None, None)
    summarised |= dict(zip(("ci_low", "ci_high"), interval, strict=True))
    summarised |= {"mean": None} if disagree else {}
    return {
        "n_seeds": len(cell),
        "n_trained": summarised.pop("n"),
        "n_diverged": int((cell["status"] == "diverged").sum()),
        "trained_share": len(accuracies) / len(cell),
        "trained_low": low,
        "trained_high": high,
        **summarised,
        **{key: float(value) for key, value in spread.items()},
        "runs_disagree": disagree,
    }
