import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from actbench.analysis import comparisons, statistics
from actbench.storage import parquet
from scipy import stats
from statsmodels.stats.power import TTestPower

N_IMAGES = 10_000


def test_sign_flip_p_is_exact():
    assert comparisons.sign_flip_p([1, 2, 3]) == pytest.approx(2 / 2**3)
    assert comparisons.sign_flip_p([1, 2, 3, 4, 5]) == pytest.approx(2 / 2**5)
    assert comparisons.sign_flip_p([1, -1]) == pytest.approx(1)
    assert comparisons.sign_flip_p([1]) is None
    assert comparisons.sign_flip_p([0.1] * 25) == pytest.approx(2 / 10000)


def test_sign_flips_are_exact_up_to_twenty_pairs_and_repeatable_above():
    assert comparisons.sign_flip_p([0.1] * 20) == 2 / 2**20
    assert comparisons.sign_flip_p([0.1] * 21) == 2 / 10_000
    mixed = np.random.default_rng(3).normal(0.3, size=25)
    first, second = (comparisons.sign_flip_p(mixed) for _ in range(2))
    assert 0.01 < first == second < 0.9


def exhaustive(counts):
    """Two-sided sign-flip p of whole numbers, or fractions, without floating point."""
    sums = [0]
    for count in counts:
        sums = [total + sign * count for total in sums for sign in (1, -1)]
    return Fraction(sum(abs(total) >= abs(sum(counts)) for total in sums), len(sums))


@pytest.mark.fault(
    "p values with ties",
    "differences of whole numbers of test images that float noise would part, without folds and with folds of unequal size",
    "the p of exhaustive enumeration in integers",
)
def test_sign_flip_p_is_that_of_whole_images():
    """800 comparisons of accuracies, each a number of images over n; digits at tanh depth 4 among them."""
    rng = np.random.default_rng(0)
    for n_images in (300, 1797, 10_000):
        for _ in range(267):
            first, second = rng.integers(int(0.97 * n_images), n_images + 1, size=(2, rng.integers(2, 8)))
            found = comparisons.paired(first / n_images - second / n_images, comparisons.Rule(0.01, n_images))
            assert found["p_sign_flip"] == exhaustive([int(d) for d in first - second])


@pytest.mark.parametrize(("n_images", "n_folds"), [(1797, 5), (60_000, 7), (1797, 2), (101, 3), (60_000, 3)])
def test_sign_flip_p_is_exact_with_folds_of_unequal_size(n_images, n_folds):
    sizes = [len(range(fold, n_images, n_folds)) for fold in range(n_folds)]
    rule, rng = comparisons.Rule(0.01, n_images, n_folds=n_folds), np.random.default_rng(n_folds)
    for _ in range(100):
        n = rng.integers(2, 8)
        correct = [rng.integers(size - 4, size + 1, size=(2, n)) for size in sizes]
        first, second = np.mean([right / size for right, size in zip(correct, sizes, strict=True)], axis=0)
        exact = [
            sum(
                Fraction(int(right[0][i] - right[1][i]), size)
                for right, size in zip(correct, sizes, strict=True)
            )
            for i in range(n)
        ]
        assert comparisons.paired(first - second, rule)["p_sign_flip"] == exhaustive(exact)


def test_folds_are_counted_where_studies_are_compared():
    """Two folds of 50 and 51 images: their common denominator is 2 · 50 · 51, that of equal ones the images."""
    assert comparisons.Rule(0.01, 101, n_folds=2).parts == 5100
    assert comparisons.Rule(0.01, 102, n_folds=2).parts == comparisons.Rule(0.01, 102).parts == 102


@pytest.mark.parametrize("pair", [(0.97, 0.96), (0.93, 0.92), (0.58, 0.57), (0.29, 0.28)])
def test_equal_differences_have_no_effect_size(pair):
    """They differ in the last bit, which would make d_z about 1e15."""
    others = [(0.47, 0.46), (0.91, 0.90), (0.84, 0.83)]
    differences = [first - second for first, second in [pair, *others]]
    found = comparisons.paired(differences, comparisons.Rule(0.001, 100))
    assert found["d_z"] is None and found["p_sign_flip"] == 2 / 2**4
    assert found["difference"] == pytest.approx(0.01, abs=1e-15)


@pytest.mark.parametrize(("n", "p"), [(2, 0.5), (5, 0.0625), (13, 2 / 2**13), (21, 2e-4), (100, 2e-4)])
def test_the_smallest_p_is_reached(n, p):
    assert comparisons.smallest_p(n) == p
    assert n > 25 or comparisons.sign_flip_p([1] * n) == p


def test_intervals_of_accuracies_stay_inside_and_say_something():
    table = runs(relu=[0.99, 1.0, 1.0, 0.99], tanh=[0.51, 0.95, 0.96, 0.97], elu=[0.9, 0.92], swish=[1.0] * 4)
    found = compare(table)
    assert 0.95 < found["relu"]["ci_low"] < found["relu"]["mean"] < found["relu"]["ci_high"] < 1
    for key in ("tanh", "elu", "swish"):
        row = found[key]
        assert row["ci_low"] is None and row["ci_high"] is None
        assert row["runs_disagree"] is (key == "tanh")
        if key == "tanh":
            assert row["mean"] is None
        else:
            assert row["min"] <= row["mean"] <= row["max"]


def test_there_is_no_difference_to_runs_that_disagree():
    """tanh is 10 to 45 points above relu; the mean difference describes neither mode of relu."""
    low, jitter = (
        np.array([0.5, 0.6, 0.85, 0.6, 0.85, 0.6, 0.85, 0.85]),
        np.tile([0.0, 0.001, -0.001, 0.002], 2),
    )
    found = compare(runs(relu=low, tanh=0.95 + jitter, elu=0.95 - jitter, swish=[0.95, *low[1:]]))
    assert found["relu"]["runs_disagree"] and not found["tanh"]["runs_disagree"]
    nothing = dict.fromkeys(("difference", "difference_low", "difference_high", "d_z", "required_seeds"))
    for key in ("tanh", "swish"):
        row = found[key]
        assert {name: row[name] for name in nothing} == nothing and row["verdict"] == "inconclusive"
        assert row["n_pairs"] == 8 and row["p_sign_flip"] is not None and row["p_holm"] is not None
    assert found["tanh"]["mean"] == pytest.approx(0.9505)


def test_what_floating_point_made_of_a_tied_p():
    """-3, 2, 7, -2 and -6 of 300 images: 30 of 32 flips reach |-2|; as floats they gave 0.875."""
    correct = np.array([[287, 295, 297, 289, 290], [290, 293, 290, 291, 296]])
    first, second = correct / 300
    assert exhaustive([-3, 2, 7, -2, -6]) == Fraction(15, 16)
    assert comparisons.paired(first - second, comparisons.Rule(0.01, 300))["p_sign_flip"] == 0.9375


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.02, 0.03, "better"),
        (-0.03, -0.02, "worse"),
        (-0.01, 0.01, "equivalent"),
        (0.0, 0.02, "inconclusive"),
        (-0.02, 0.005, "inconclusive"),
        (0.97 - 0.96, 0.97 - 0.96, "equivalent"),  # a little more than 0.01 in floating point
        (-0.02, -0.01, "inconclusive"),
        (0.01, 0.02, "inconclusive"),
        (0.01 + 4e-13, 0.02, "inconclusive"),
        (-0.02, -0.01 - 4e-13, "inconclusive"),
    ],
)
def test_verdicts(low, high, expected):
    assert comparisons.verdict(low, high, 0.01) == expected


def test_a_margin_is_rounded_like_the_interval():
    assert comparisons.verdict(0.01, 0.02, 0.01 - 4e-13) == "inconclusive"


def runs(**accuracies):
    """Rows of runs at depth 2: a number is a trained run, None a diverged one, below 0.5 untrained."""
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


def compare(table, margin=0.01):
    rows = comparisons.comparison(table, "relu", margin, N_IMAGES)
    ended = {"n_at_chance": 0, "n_improving": 0}
    parquet.table([row | ended for row in rows], comparisons.COMPARISON, ["activation", "depth"])
    return {row["activation"]: row for row in rows}


def test_a_family_of_one_is_not_corrected():
    row = compare(runs(relu=[0.80, 0.90, 0.85], tanh=[0.82, 0.93, 0.86]))["tanh"]
    expected = statistics.t_interval([0.02, 0.03, 0.01])
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(expected)


def test_two_modes_are_never_averaged():
    row = compare(runs(relu=[0.9, 0.92, 0.1, 0.94], tanh=[0.9] * 4))["relu"]
    assert (row["n_seeds"], row["n_trained"], row["n_diverged"]) == (4, 3, 0)
    assert row["mean"] == pytest.approx(0.92) and row["min"] == 0.9
    assert row["trained_share"] == 0.75 and row["verdict"] == "baseline"


def test_differences_are_paired_over_seeds_where_both_trained():
    table = runs(relu=[0.80, 0.90, 0.1, 0.85], tanh=[0.82, 0.92, 0.95, None])
    row = compare(table)["tanh"]
    assert (row["n_pairs"], row["n_diverged"]) == (2, 1)
    assert row["difference"] == pytest.approx(0.02)


def test_interval_is_for_the_whole_family():
    table = runs(relu=[0.80, 0.90, 0.85], tanh=[0.82, 0.93, 0.86], elu=[0.9, 0.9, 0.9])
    row = compare(table)["tanh"]
    expected = statistics.t_interval([0.02, 0.03, 0.01], 1 - 0.05 / 2)
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(expected)


def test_clear_differences_get_clear_verdicts():
    jitter = np.array([0.0, 0.001, -0.001, 0.0005, -0.0005])
    table = runs(relu=0.8 + jitter, tanh=0.9 + jitter[::-1], elu=0.7 - jitter, swish=0.8 + jitter[::-1])
    found = {name: row["verdict"] for name, row in compare(table, 0.02).items()}
    assert found == {"relu": "baseline", "tanh": "better", "elu": "worse", "swish": "equivalent"}


def test_nothing_trained_gives_nulls_and_no_verdict():
    row = compare(runs(relu=[0.9, 0.9], tanh=[0.1, None]))["tanh"]
    assert row["mean"] is None and math.isnan(row["median"]) and row["verdict"] == "inconclusive"
    assert (row["n_trained"], row["n_pairs"], row["difference"]) == (0, 0, None)


def judged(differences, rule):
    """The verdict of `paired` without what stands beside it, which takes long."""
    interval = statistics.t_interval(differences, rule.confidence, rule.least_std)
    return comparisons.verdict(*interval, rule.margin)


def test_judged_is_the_verdict_of_paired():
    rng, rule = np.random.default_rng(0), comparisons.Rule(0.01, 1000, family=5)
    for centre in (0, 0.005, 0.02, -0.03):
        differences = np.round(centre + 0.002 * rng.normal(size=5), 3)
        assert judged(differences, rule) == comparisons.paired(differences, rule)["verdict"]


@pytest.mark.parametrize("n", [3, 5, 10])
def test_families_of_equal_activations_rarely_get_a_verdict(n):
    """With hardly any margin, any better or worse is an error: at most 5 % of families may have one.

    Accuracies are whole numbers of 1,000 test images, as measured ones are.
    """
    rng, wrong, families = np.random.default_rng(n), 0, 1000
    rule = comparisons.Rule(1e-12, 1000, family=5)
    for _ in range(families):
        accuracies = np.round(0.9 + 0.005 * rng.normal(size=(6, n)), 3)
        wrong += any(judged(own - accuracies[0], rule) in ("better", "worse") for own in accuracies[1:])
    assert wrong / families < 0.05 + 2 * math.sqrt(0.05 * 0.95 / families)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_families_at_the_margin_are_rarely_called_equivalent(n):
    """True differences of just the margin: equivalent is an error."""
    rng, wrong, families = np.random.default_rng(n), 0, 1000
    rule = comparisons.Rule(0.01, 1000, family=5)
    for _ in range(families):
        differences = np.round(0.01 + 0.003 * rng.normal(size=(5, n)), 3)
        wrong += any(judged(own, rule) == "equivalent" for own in differences)
    assert wrong / families < 0.05 + 2 * math.sqrt(0.05 * 0.95 / families)


def test_seeds_that_agree_by_chance_decide_nothing():
    """Two seeds, each three of 300 images better: their spread is that of rounding, 1 / sqrt(6) images.

    t(1, .975) = 12.706 times sqrt(1/6) / 300 / sqrt(2) is .0122.
    """
    found = comparisons.paired([0.01, 0.01], comparisons.Rule(0.005, 300))
    assert found["difference_high"] - 0.01 == pytest.approx(
        12.706 * math.sqrt(1 / 6) / 300 / math.sqrt(2), rel=1e-4
    )
    assert (found["verdict"], found["d_z"]) == ("inconclusive", None)
    assert found["required_seeds"] == 3


def test_the_same_network_under_two_names_is_equivalent_with_enough_seeds():
    rule = comparisons.Rule(0.0025, 10_000, family=15)
    assert comparisons.paired([0.0] * 2, rule)["verdict"] == "inconclusive"
    assert comparisons.paired([0.0] * 5, rule)["verdict"] == "equivalent"


def test_effect_size_by_hand():
    """.02, .03, .01: mean .02, standard deviation .01."""
    found = comparisons.paired([0.02, 0.03, 0.01], comparisons.Rule(0.001, N_IMAGES))
    assert found["d_z"] == pytest.approx(2)


def test_holm_by_hand():
    """Sorted .01, .02, .03, .5 times 4, 3, 2, 1, never below the one before: .04, .06, .06, .5."""
    rows = [{"p_sign_flip": p} for p in (0.03, 0.01, 0.5, 0.02)]
    assert [row["p_holm"] for row in comparisons.adjusted(rows, 4)] == pytest.approx([0.06, 0.04, 0.5, 0.06])


def test_comparisons_without_a_p_value_count_in_the_family():
    rows = [{"p_sign_flip": 0.01, "p_holm": None}, {"p_sign_flip": None, "p_holm": None}]
    assert [row["p_holm"] for row in comparisons.adjusted(rows, 3)] == [pytest.approx(0.03), None]
    assert comparisons.adjusted(rows[1:], 1) == rows[1:]


def test_power_by_simulation():
    """With as many seeds as are said, four of five studies decide; with one less, fewer."""
    rule, rng = comparisons.Rule(0.005, 1_000_000, family=5), np.random.default_rng(0)
    for difference, std, verdict in (
        (0.010, 0.004, "better"),
        (-0.010, 0.004, "worse"),
        (0.001, 0.004, "equivalent"),
    ):
        n = comparisons.required_seeds(difference, std, rule)
        share = {}
        for tried in (n - 1, n):
            draws = rng.normal(difference, std, size=(4000, tried))
            half = (
                stats.t.ppf((1 + rule.confidence) / 2, tried - 1)
                * draws.std(axis=1, ddof=1)
                / math.sqrt(tried)
            )
            means = draws.mean(axis=1)
            found = [comparisons.verdict(m - h, m + h, rule.margin) for m, h in zip(means, half, strict=True)]
            share[tried] = np.mean([one == verdict for one in found])
        assert share[n] > 0.8 - 0.02 and share[n - 1] < 0.8 + 0.02


def test_required_seeds_is_the_power_of_a_t_test():
    """(.02 − .01) / .01 = 1 standard deviation beyond the margin, one-sided at 2.5 %."""
    expected = TTestPower().solve_power(effect_size=1, alpha=0.025, power=0.8, alternative="larger")
    assert (
        comparisons.required_seeds(0.02, 0.01, comparisons.Rule(0.01, N_IMAGES)) == math.ceil(expected) == 10
    )


def test_what_a_thousand_seeds_would_not_decide_is_not_a_number():
    rule = comparisons.Rule(0.01, N_IMAGES)
    assert comparisons.required_seeds(0.0101, 0.01, rule) is None
    assert comparisons.required_seeds(0.01, 0.01, rule) is None


def test_decided_pairs_need_no_more_seeds():
    rows = compare(runs(relu=[0.8, 0.81, 0.79], tanh=[0.9, 0.91, 0.89], elu=[0.8, 0.83, 0.8]), 0.02)
    assert (rows["tanh"]["verdict"], rows["tanh"]["required_seeds"]) == ("better", None)
    assert rows["elu"]["verdict"] == "inconclusive" and rows["elu"]["required_seeds"] > 3


def test_a_seed_is_one_value_however_many_folds():
    first = runs(relu=[0.9, 0.8], tanh=[0.95, 0.9])
    folded = pd.concat([first, first.assign(fold=1, test_accuracy=first["test_accuracy"] - 0.1)])
    row = compare(folded)["tanh"]
    assert (row["n_seeds"], row["n_pairs"]) == (2, 2)
    assert row["difference"] == pytest.approx(0.075) and row["mean"] == pytest.approx(0.875)


def test_activations_that_no_row_has_are_no_rows():
    table = runs(relu=[0.9, 0.8, 0.7], tanh=[0.9, 0.7, 0.8])
    same = table.assign(activation=pd.Categorical(table["activation"], ["tanh", "absent", "relu"]))
    rows, others = (comparisons.comparison(frame, "relu", 0.01, N_IMAGES) for frame in (table, same))
    assert repr(sorted(rows, key=str)) == repr(sorted(others, key=str))


def test_all_pairs_are_compared_once_in_one_family():
    table = runs(relu=[0.80, 0.90, 0.85], tanh=[0.82, 0.93, 0.86], elu=[0.9, 0.9, 0.9])
    table = pd.concat([table, table.assign(depth=4)])
    rows = comparisons.pairs(table, 0.01, N_IMAGES)
    assert len(rows) == 6 and len({(*sorted((r["activation"], r["other"])), r["depth"]) for r in rows}) == 6
    (row,) = [r for r in rows if {r["activation"], r["other"]} == {"relu", "tanh"} and r["depth"] == 4]
    sign = 1 if row["activation"] == "tanh" else -1
    expected = statistics.t_interval([sign * d for d in (0.02, 0.03, 0.01)], 1 - 0.05 / 6)
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(expected)
    assert row["p_holm"] == pytest.approx(min(1, 6 * row["p_sign_flip"]))
    parquet.table(rows, comparisons.PAIRS, ["activation", "depth", "other"])


def test_settings_are_compared_within_themselves():
    """Each setting has its own baseline; the family of intervals and p values is that of the whole study."""
    one = runs(relu=[0.80, 0.90, 0.85], tanh=[0.82, 0.93, 0.86])
    better = one.assign(
        setting="adam", test_accuracy=one["test_accuracy"] + [0.01, 0.0, 0.02, 0.05, 0.03, 0.06]
    )
    both = pd.concat([one, better])
    rows = {
        (row["activation"], row["setting"]): row
        for row in comparisons.comparison(both, "relu", 0.01, N_IMAGES)
    }
    assert len(rows) == 4 and rows["relu", "adam"]["verdict"] == "baseline"
    assert rows["tanh", "default"]["difference"] == pytest.approx((0.02 + 0.03 + 0.01) / 3)
    differences = [0.02 + 0.04, 0.03 + 0.03, 0.01 + 0.04]
    assert rows["tanh", "adam"]["difference"] == pytest.approx(sum(differences) / 3)
    low, high = statistics.t_interval(differences, 1 - 0.05 / 2)
    assert rows["tanh", "adam"]["difference_low"] == pytest.approx(low)
    assert rows["tanh", "adam"]["difference_high"] == pytest.approx(high)
    pairs = comparisons.pairs(both, 0.01, N_IMAGES)
    assert [(row["activation"], row["other"], row["setting"]) for row in pairs] == [
        ("relu", "tanh", "adam"),
        ("relu", "tanh", "default"),
    ]
    assert pairs[0]["difference"] == pytest.approx(-sum(differences) / 3)


def test_pairs_are_of_the_seeds_that_both_cells_have_whatever_their_order():
    one = pd.DataFrame({"seed": [3, 1, 2], "test_accuracy": [0.3, 0.1, 0.2], "trained": [True, True, False]})
    other = pd.DataFrame({"seed": [2, 4, 3, 1], "test_accuracy": [0.0, 0.9, 0.1, 0.1], "trained": True})
    first, second = comparisons.of_shared_seeds(one, other)
    assert first["test_accuracy"].tolist() == [0.1, 0.2, 0.3]
    assert first["trained"].tolist() == [True, False, True]
    assert second["test_accuracy"].tolist() == [0.1, 0.0, 0.1]
    assert comparisons.differences(one, other).tolist() == pytest.approx([0.0, 0.2])
    assert comparisons.differences(one, other[:0]).tolist() == []
