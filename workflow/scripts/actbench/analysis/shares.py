"""Who trains at all: the shares of networks that trained, compared with the baseline's, and wins by seed.

McNemar's test, Newcombe's interval and when nothing can be decided: docs/measurements.md.
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from actbench.analysis import comparisons, statistics
from actbench.storage import parquet

ALPHA = 0.05
COUNTS = ("n_both", "n_only", "n_only_baseline", "n_neither")
SCHEMA = pa.schema(
    [
        *parquet.CELL_KEYS,
        pa.field("baseline", pa.string(), nullable=False),
        *(pa.field(name, pa.int32(), nullable=False) for name in ("n_seeds", *COUNTS)),
        *(
            pa.field(name, pa.float64(), nullable=False)
            for name in ("difference", "difference_low", "difference_high", "p_mcnemar", "p_holm")
        ),
        pa.field("required_n", pa.int32(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
        *(pa.field(name, pa.int32(), nullable=False) for name in ("wins", "ties", "losses")),
    ]
)


def shares(runs: pd.DataFrame, baseline: str, n_images: int, chance: float) -> list[dict]:
    """One row an activation (but the baseline), depth and setting, columns as in `SCHEMA`.

    The family of p values and intervals is all rows. `wins`, `ties` and `losses` count the seeds in which the
    activation's test accuracy is above, equal to and below the baseline's, whether trained or not.

    Args:
        runs: table `runs`.
        baseline: the activation that the others are compared with.
        n_images: the test images that a seed's accuracy is a share of.
        chance: the most that a diverged run counts with, see `statistics.finished`.
    """
    cells = comparisons.by_cell(statistics.finished(runs, chance))
    others = [place for place in cells if place[0] != baseline]
    parts = comparisons.Rule(0, n_images, n_folds=runs["fold"].nunique()).parts
    compared = _compared([(cells[place], cells[baseline, *place[1:]]) for place in others], parts)
    return [
        dict(zip(parquet.CELL, place, strict=True)) | {"baseline": baseline} | row
        for place, row in zip(others, compared, strict=True)
    ]


def pairs(runs: pd.DataFrame, n_images: int, chance: float) -> list[dict]:
    """The same of every two activations of a depth and setting, the second as `other`, as one family.

    Args:
        runs, n_images, chance: see `shares`.
    """
    cells = comparisons.by_cell(statistics.finished(runs, chance))
    chosen = comparisons.places_of_pairs(cells)
    parts = comparisons.Rule(0, n_images, n_folds=runs["fold"].nunique()).parts
    compared = _compared([(cells[first, *at], cells[other, *at]) for first, other, at in chosen], parts)
    return [
        {"activation": first, "other": other, "depth": depth, "setting": setting} | row
        for (first, other, (depth, setting)), row in zip(chosen, compared, strict=True)
    ]


def _compared(chosen: Sequence[tuple[pd.DataFrame, pd.DataFrame]], parts: int) -> list[dict]:
    """The columns of `SCHEMA` from `n_seeds` on for the runs of two cells each, which are one family."""
    from statsmodels.stats.multitest import multipletests  # all of scipy, see `statistics`

    rows, family = [], max(len(chosen), 1)
    for first, second in chosen:
        one, other = comparisons.of_shared_seeds(first, second)
        rows.append(
            {"n_seeds": len(one["trained"]), "required_n": required_n(family)}
            | trained(one["trained"], other["trained"], family)
            | wins((one["test_accuracy"] - other["test_accuracy"]) * parts)
        )
    adjusted = multipletests([row["p_mcnemar"] for row in rows], method="holm")[1] if rows else []
    for row, p_holm in zip(rows, adjusted, strict=True):
        row["p_holm"] = float(p_holm)
        row["verdict"] = verdict(row["difference"], row["p_holm"], row["n_seeds"], row["required_n"])
    return rows


def trained(first: Sequence[bool], second: Sequence[bool], family: int = 1) -> dict:
    """What two activations' outcomes, one a seed, say: counts, difference of shares, its interval, exact p.

    Args:
        first, second: whether the network of a seed trained, in the same order of seeds.
        family: the comparisons whose intervals hold at once (Bonferroni).
    """
    from statsmodels.stats.contingency_tables import mcnemar

    pairs = list(zip(map(bool, first), map(bool, second), strict=True))
    counts = [pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))]
    low, high = interval(*counts, 1 - ALPHA / family)
    both, only, other, neither = counts
    return dict(zip(COUNTS, counts, strict=True)) | {
        "difference": (only - other) / len(pairs),
        "difference_low": low,
        "difference_high": high,
        "p_mcnemar": float(mcnemar([[both, only], [other, neither]], exact=True).pvalue),
    }


def interval(
    n_both: int, n_only: int, n_only_other: int, n_neither: int, confidence: float = 1 - ALPHA
) -> tuple[float, float]:
    """Interval of the difference of two paired shares: method 10 of Newcombe (1998).

    From Wilson's intervals of both shares and their correlation phi, whose numerator, where positive, is
    reduced by n / 2 down to 0. Its coverage is computed in the tests.
    """
    from statsmodels.stats.proportion import proportion_confint

    n = n_both + n_only + n_only_other + n_neither
    first, second = n_both + n_only, n_both + n_only_other
    (low, high), (other_low, other_high) = (
        proportion_confint(count, n, 1 - confidence, method="wilson") for count in (first, second)
    )
    numerator = n_both * n_neither - n_only * n_only_other
    if numerator > 0:
        numerator = max(numerator - n / 2, 0)
    product = first * (n - first) * second * (n - second)
    phi = numerator / math.sqrt(product) if product else 0.0

    def distance(one: float, other: float) -> float:
        return math.sqrt(max(one**2 - 2 * phi * one * other + other**2, 0))

    share, other_share = first / n, second / n
    difference = share - other_share
    below = distance(share - low, other_high - other_share)
    above = distance(high - share, other_share - other_low)
    return difference - below, difference + above


def required_n(family: int) -> int:
    """The fewest seeds of which some outcome is decided: 2 / 2^n, times the family, lies below .05."""
    n = 1
    while family * 2 / 2**n >= ALPHA:
        n += 1
    return n


def verdict(difference: float, p_holm: float, n_seeds: int, required: int) -> str:
    """`more` or `fewer` trained than with the baseline; `inconclusive`; `cannot decide` below `required`."""
    if n_seeds < required:
        return "cannot decide"
    if p_holm >= ALPHA:
        return "inconclusive"
    return "more" if difference > 0 else "fewer"


def wins(differences: Sequence[float]) -> dict[str, int]:
    """How many differences are above, equal to and below 0, once they are rounded to whole numbers."""
    counts = np.rint(np.asarray(differences, dtype=float))
    return {
        "wins": int((counts > 0).sum()),
        "ties": int((counts == 0).sum()),
        "losses": int((counts < 0).sum()),
    }
