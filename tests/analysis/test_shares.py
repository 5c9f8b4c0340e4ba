import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from actbench.analysis import shares
from actbench.storage import parquet
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep


def runs(**accuracies):
    """Rows of runs at depth 2: None is a diverged run, below 0.5 an untrained one."""
    return pd.DataFrame(
        {
            "activation": name,
            "depth": 2,
            "setting": "default",
            "seed": seed,
            "fold": 0,
            "status": "diverged" if value is None else "ok",
            "trained": value is not None and value >= 0.5,
            "test_accuracy": np.nan if value is None else value,
        }
        for name, values in accuracies.items()
        for seed, value in enumerate(values)
    )


def found(table, baseline="relu"):
    rows = shares.shares(table, baseline, 300, 0.1)
    parquet.table(rows, shares.SCHEMA, parquet.CELL)
    return {row["activation"]: row for row in rows}


def test_seven_against_none_by_hand():
    """All of seven discordant seeds on one side: 2 / 2^7."""
    row = found(runs(relu=[0.1] * 7 + [0.9] * 2, tanh=[0.9] * 9))["tanh"]
    assert [row[name] for name in shares.COUNTS] == [2, 7, 0, 0]
    assert row["p_mcnemar"] == row["p_holm"] == 0.015625
    assert row["difference"] == pytest.approx(7 / 9)
    assert (row["required_n"], row["verdict"]) == (6, "more")


def test_a_diverged_seed_has_not_trained():
    row = found(runs(relu=[0.9, 0.9, None, None], tanh=[0.9, None, 0.9, 0.1]))["tanh"]
    assert [row[name] for name in shares.COUNTS] == [1, 1, 1, 1]
    assert (row["n_seeds"], row["difference"], row["p_mcnemar"]) == (4, 0.0, 1.0)


def test_only_the_seeds_of_both_count():
    table = runs(relu=[0.9] * 3, tanh=[0.9] * 3)
    row = found(table[(table["activation"] == "relu") | (table["seed"] > 0)])["tanh"]
    assert (row["n_seeds"], row["n_both"], row["ties"]) == (2, 2, 2)


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_swapping_the_two_changes_the_sign_only(both, only, other, neither):
    pairs = [(True, True)] * both + [(True, False)] * only + [(False, True)] * other
    pairs += [(False, False)] * (neither + 1)
    first, second = zip(*pairs, strict=True)
    one, swapped = shares.trained(first, second), shares.trained(second, first)
    assert one["p_mcnemar"] == swapped["p_mcnemar"]
    assert one["p_mcnemar"] == pytest.approx(
        stats.binomtest(only, only + other).pvalue if only + other else 1
    )
    assert one["difference"] == -swapped["difference"]
    assert one["difference_low"] == pytest.approx(-swapped["difference_high"], abs=1e-12)
    assert -1 - 1e-12 <= one["difference_low"] <= one["difference"] <= one["difference_high"] <= 1 + 1e-12


@settings(max_examples=5, deadline=None)
@given(st.permutations(range(6)))
def test_the_order_of_seeds_does_not_matter(order):
    table = runs(relu=[0.9, 0.1, 0.9, None, 0.8, 0.1], tanh=[0.9, 0.9, 0.1, 0.9, 0.9, 0.1])
    halves = [table[table["activation"] == key] for key in ("relu", "tanh")]
    assert found(pd.concat([halves[0].iloc[order], halves[1]])) == found(table)


def test_holm_over_all_rows_by_hand():
    """2/2^8 and 2/2^7 of a family of two: twice the first, then the second."""
    table = runs(relu=[0.1] * 8, tanh=[0.9] * 8, elu=[0.9] * 7 + [0.1])
    rows = found(table)
    assert rows["tanh"]["p_holm"] == 2 * 2 / 2**8 and rows["elu"]["p_holm"] == 2 / 2**7
    assert rows["tanh"]["required_n"] == rows["elu"]["required_n"] == 7


def test_settings_and_depths_are_one_family_with_each_their_own_baseline():
    one = runs(relu=[0.1] * 8, tanh=[0.9] * 8)
    both = pd.concat([one, one.assign(setting="adam"), one.assign(setting="adam", depth=4)])
    rows = shares.shares(both, "relu", 300, 0.1)
    assert len(rows) == 3 and {row["p_holm"] for row in rows} == {3 * 2 / 2**8}
    low, _ = shares.interval(0, 8, 0, 0, 1 - 0.05 / 3)
    assert {row["difference_low"] for row in rows} == {low}


@pytest.mark.parametrize(("family", "n"), [(1, 6), (2, 7), (15, 10), (90, 12)])
def test_required_n_is_the_first_whose_smallest_p_decides(family, n):
    assert family * 2 / 2**n < 0.05 <= family * 2 / 2 ** (n - 1)
    assert shares.required_n(family) == n


@pytest.mark.parametrize(
    ("difference", "p", "n", "verdict"),
    [
        (1.0, 0.0625, 5, "cannot decide"),
        (1.0, 0.03125, 6, "more"),
        (-1.0, 0.03125, 6, "fewer"),
        (0.9, 0.05, 8, "inconclusive"),
        (0.0, 1.0, 10, "inconclusive"),
    ],
)
def test_verdicts(difference, p, n, verdict):
    assert shares.verdict(difference, p, n, 6) == verdict


def test_below_the_required_n_no_outcome_would_decide():
    """Whatever five seeds of two activations do, p is not below .05; of six, two outcomes are."""
    for n, decided in ((5, 0), (6, 2)):
        outcomes = product((True, False), repeat=n)
        found = {
            tuple(shares.trained(own, [k < i for k in range(n)]).items()) for own in outcomes for i in (0, n)
        }
        assert sum(dict(items)["p_mcnemar"] < 0.05 for items in found) == decided


def test_families_of_equal_shares_rarely_get_a_verdict():
    """Of five comparisons with one baseline that trains as often, any more or fewer is an error."""
    rng, wrong = np.random.default_rng(0), 0
    keys = ("relu", "tanh", "elu", "gelu", "swish", "mish")
    for share in (0.5, 0.8):
        for accuracies in np.where(rng.random((25, 6, 12)) < share, 0.9, 0.1):
            rows = found(runs(**dict(zip(keys, accuracies, strict=True)))).values()
            assert len(rows) == 5 and not any(row["verdict"] == "cannot decide" for row in rows)
            wrong += any(row["verdict"] in ("more", "fewer") for row in rows)
    assert wrong / 50 <= 0.05


def test_intervals_that_were_published():
    """Altman et al. (2000, table 6.2), and Bentur et al. (2009) by Fagerland, Lydersen and Laake (2014)."""
    assert shares.interval(14, 5, 0, 22) == pytest.approx((0.011, 0.226), abs=5e-4)
    assert shares.interval(1, 1, 7, 12) == pytest.approx((-0.507, -0.026), abs=5e-4)


@pytest.mark.parametrize(("both", "only", "other", "neither"), [(2, 3, 2, 3), (1, 1, 1, 3), (5, 0, 3, 0)])
def test_uncorrelated_shares_have_the_interval_of_independent_ones(both, only, other, neither):
    """phi = 0: as many as by chance, fewer than half of n more, or a share of 1; Newcombe's for two samples."""
    n = both + only + other + neither
    expected = confint_proportions_2indep(both + only, n, both + other, n, method="newcomb")
    assert 0 <= both * neither - only * other <= n / 2
    assert shares.interval(both, only, other, neither) == pytest.approx(expected)


def outcomes(n):
    return [
        (a, b, c, n - a - b - c) for a in range(n + 1) for b in range(n + 1 - a) for c in range(n + 1 - a - b)
    ]


@pytest.mark.parametrize(
    ("n", "family", "least", "mean"),
    [(5, 1, 0.82, 0.95), (5, 15, 0.94, 0.99), (10, 1, 0.86, 0.95), (10, 15, 0.96, 0.99)],
)
def test_coverage_of_the_interval(n, family, least, mean):
    """Exactly, by the probability of every outcome, over true shares from 2 to 98 % and correlations."""
    confidence, every = 1 - 0.05 / family, outcomes(n)
    low, high = np.array([shares.interval(*outcome, confidence) for outcome in every]).T
    log_ways = math.lgamma(n + 1) - np.array([sum(math.lgamma(k + 1) for k in outcome) for outcome in every])
    counts, covered = np.array(every), []
    for first, second, place in product(
        np.linspace(0.02, 0.98, 17), np.linspace(0.02, 0.98, 17), (0.05, 0.5, 0.95)
    ):
        least_both, most_both = max(0, first + second - 1), min(first, second)
        both = least_both + place * (most_both - least_both)
        p = np.array([both, first - both, second - both, 1 - first - second + both])
        weight = np.exp(log_ways + counts @ np.log(np.maximum(p, 1e-300)))
        covered.append(weight[(low <= first - second + 1e-12) & (first - second <= high + 1e-12)].sum())
    assert min(covered) >= least and np.mean(covered) >= mean


def test_wins_count_whole_images_and_untrained_seeds():
    """Of 300: 271 to 270, equal, equal but for rounding, 40 to 41, and a diverged one, which has chance, 30."""
    table = runs(
        relu=[270 / 300, 0.9, 0.8, 41 / 300, 31 / 300], tanh=[271 / 300, 0.9, 0.1 + 0.7, 40 / 300, None]
    )
    row = found(table)["tanh"]
    assert (row["wins"], row["ties"], row["losses"]) == (1, 2, 2)


def test_a_diverged_run_does_not_win_against_one_below_chance():
    """Chance is 30 of 300: not above 27, though 27 is that of another activation, nor in another seed."""
    table = runs(relu=[None, 0.09, 0.12], tanh=[0.09, 0.09, None], elu=[0.1, None, 0.08])
    rows = {key: found(table, baseline=key) for key in ("relu", "tanh", "elu")}

    def outcome(key, baseline):
        return [rows[baseline][key][name] for name in ("wins", "ties", "losses")]

    assert outcome("relu", "tanh") == [1, 2, 0]  # 27 to 27, 27 to 27, 36 to 24
    assert outcome("elu", "relu") == [1, 1, 1]  # 30 to 27, 27 to 27, 24 to 36
    assert outcome("tanh", "elu") == [0, 2, 1]  # 27 to 30, 27 to 27, 24 to 24


def test_where_all_diverged_all_are_equal():
    row = found(runs(relu=[None, None], tanh=[None, None]))["tanh"]
    assert (row["wins"], row["ties"], row["losses"]) == (0, 2, 0)


def test_a_diverged_fold_counts_with_chance():
    first = runs(relu=[0.6], tanh=[0.9])
    second = runs(relu=[0.6], tanh=[None]).assign(fold=1)
    row = found(pd.concat([first, second]))["tanh"]
    assert (row["wins"], row["losses"], row["n_only_baseline"]) == (0, 1, 1)  # (.9 + .1) / 2 against .6


def test_the_baseline_alone_has_no_rows():
    assert found(runs(relu=[0.9, 0.8])) == {}
