import pandas as pd
import pytest
from actbench.report import quotes
from actbench.report.quotes import About

LABELS = {"relu": "ReLU", "tanh": "tanh"}
KNOWN = About("study", "digits", "ReLU", "", 5, 1, 15, 0.01, 300)
BASE = {"depth": 4, "n_trained": 5, "n_seeds": 5, "n_improving": 0, "n_diverged": 0}
COMPARED = BASE | {
    "activation": "tanh",
    "n_pairs": 5,
    "difference": -0.0323,
    "difference_low": -0.052,
    "difference_high": -0.0126,
    "p_sign_flip": 0.0625,
    "p_holm": 0.94,
    "verdict": "worse",
}
SHARE = {
    "activation": "tanh",
    "depth": 4,
    "n_seeds": 5,
    "difference": -0.8,
    "difference_low": -0.98,
    "difference_high": 0.08,
    "p_mcnemar": 0.125,
    "p_holm": 1.0,
    "verdict": "cannot decide",
    "required_n": 11,
    "wins": 5,
    "losses": 0,
}


def quote(known=KNOWN, base=None, shares=None, rates=None, **changes):
    baseline = BASE | {"activation": "relu", "verdict": "baseline", "n_pairs": 0} | (base or {})
    table = pd.DataFrame([baseline, COMPARED | changes])
    (found,) = quotes.of(table, LABELS, known, shares, rates)
    return found


def test_a_verdict_is_quoted_with_difference_interval_n_p_and_correction():
    assert quote(p_holm=0.02) == (
        "With 4 hidden layers on digits, tanh was worse than ReLU by more than 1 point: mean difference in test "
        "accuracy −3.23 points (95 % interval −5.20 to −1.26, Bonferroni for 15 comparisons; n = 5 paired "
        "seeds on the same 300 test examples; exact sign-flip p = 0.063, Holm-adjusted 0.02)."
    )


def test_a_verdict_that_p_does_not_support_says_so():
    text = quote()
    assert "Holm-adjusted 0.94)" in text
    assert text.endswith(
        "The words follow the interval, and p does not support this: sign flips of 5 pairs give no p below 0.063, which is "
        "then adjusted for 15 comparisons."
    )


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("better", "tanh was better than ReLU by more than 1 point"),
        ("equivalent", "tanh was equivalent to ReLU within ±1 point"),
        ("inconclusive", "tanh and ReLU could not be told apart"),
    ],
)
def test_each_verdict_has_its_words(verdict, words):
    assert words in quote(verdict=verdict, **({"difference_high": 0.01} if verdict == "inconclusive" else {}))


@pytest.mark.parametrize(
    ("low", "high", "p_holm", "words"),
    [
        (-0.0747, -0.0065, 0.047, "tanh was worse than ReLU, but whether by more than 1 point is open: mean"),
        (-0.0747, -0.0065, 0.59, "is open: mean"),
        (0.0065, 0.0747, 0.047, "tanh was better than ReLU, but whether by more than 1 point is open: mean"),
        (-0.0747, 0.0001, 0.59, "tanh and ReLU could not be told apart: mean"),
    ],
)
def test_nothing_is_not_told_apart_beside_an_interval_without_0(low, high, p_holm, words):
    text = quote(verdict="inconclusive", difference_low=low, difference_high=high, p_holm=p_holm)
    assert words in text and ("told apart" in text) is (low < 0 < high)
    assert ("p does not support this" in text) is (p_holm > 0.05 and not low < 0 < high)


def test_a_small_p_of_what_is_not_told_apart_has_its_reason():
    text = quote(verdict="inconclusive", difference_high=0.0001, p_holm=0.047)
    assert text.endswith(
        "and p is small although nothing is decided: the interval takes the differences as normal, the sign flip does "
        "not, and Bonferroni is stricter than Holm."
    )


def test_two_pairs_have_no_interval_unless_they_decide():
    two = {"n_pairs": 2, "difference_low": -0.69, "difference_high": 0.77}
    text = quote(verdict="inconclusive", **two)
    assert "(too few pairs for an interval; n = 2" in text and "69" not in text
    assert "95 % interval −5.20 to −1.26" in quote(n_pairs=2)


def test_one_seed_or_one_activation_has_nothing_to_quote():
    table = pd.DataFrame([BASE | {"activation": "relu", "verdict": "baseline"}])
    assert quotes.of(table, LABELS, KNOWN) == []
    both = pd.concat([table, pd.DataFrame([COMPARED])])
    assert (
        quotes.of(both, LABELS, KNOWN._replace(n_seeds=1)) == [] and len(quotes.of(both, LABELS, KNOWN)) == 1
    )


def test_one_comparison_needs_no_correction():
    text = quote(KNOWN._replace(n_comparisons=1), p_holm=0.0625)
    assert "Bonferroni" not in text and "Holm" not in text and "−5.20 to −1.26; n = 5" in text


def test_many_pairs_have_no_exact_p():
    assert "; sign-flip p =" in quote(n_pairs=30)


def test_an_interval_beyond_100_points_is_none():
    assert "no interval within ±100 points" in quote(verdict="inconclusive", difference_low=-1.2)


def test_folds_and_setting_are_named():
    text = quote(KNOWN._replace(n_folds=5, setting="adam"))
    assert (
        "on digits (setting adam), " in text
        and "n = 5 paired seeds, each the mean of 5 folds on the same 300 test" in text
    )


def test_seeds_that_did_not_train_and_networks_that_still_improve_are_said():
    text = quote(n_trained=3, n_pairs=3, n_improving=2, p_holm=0.01, n_seeds=5)
    assert "Only seeds that trained count (of 5: tanh 3). Still improving at the end: tanh 2 of 3." in text
    assert "improving" not in quote(n_improving=2)


def test_what_did_not_train_is_compared_by_who_trained():
    shares = pd.DataFrame([SHARE])
    nothing = {"difference": None, "difference_low": None, "difference_high": None, "verdict": "inconclusive"}
    text = quote(n_trained=0, n_pairs=0, shares=shares, **nothing)
    assert "tanh trained with 0 of 5 seeds and ReLU with 5 of 5; no seed trained in both" in text
    assert "share that trained: −80 points (Newcombe's 95 % interval −98 to +8, Bonferroni for 15" in text
    assert (
        "exact McNemar p = 0.13, Holm-adjusted 1). 5 seeds cannot decide who trains more often: the" in text
    )
    apart = quote(shares=shares, **nothing)
    assert (
        "runs of one of them lie more than 25 points apart. tanh was ahead in 5 of 5 seeds and ReLU in 0, "
        "trained or not, by accuracy on the same 300 test examples. D"
        in apart
        and "McNemar" in apart
    )
    assert "McNemar" not in quote(shares=shares)


NOTHING = {
    "difference": None,
    "difference_low": None,
    "difference_high": None,
    "verdict": "inconclusive",
    "n_trained": 0,
    "n_pairs": 0,
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"difference_high": -0.06, "p_mcnemar": 0.0625},
            "p = 0.063, Holm-adjusted 1). Although the interval leaves out 0, 5 seeds cannot decide who trains "
            "more often: the exact test needs 11.",
        ),
        ({}, "Holm-adjusted 1). 5 seeds cannot decide who trains more often: the exact test needs 11."),
        ({"verdict": "inconclusive"}, "adjusted 1). The exact test does not decide who trains more often."),
        (
            {"verdict": "inconclusive", "difference_high": -0.06},
            "Although the interval leaves out 0, the exact test does not decide who trains more often.",
        ),
        (
            {"verdict": "fewer", "difference_high": -0.06, "p_holm": 0.01},
            "not compared. tanh trained less often than ReLU: difference in the share that trained: −80 points",
        ),
    ],
)
def test_an_interval_of_shares_decides_nothing_that_its_test_leaves_open(changes, words):
    text = quote(shares=pd.DataFrame([SHARE | changes]), **NOTHING)
    assert words in text and ("cannot decide" in text) is (changes.get("verdict") is None)


def test_all_that_diverged_are_said_to_have():
    text = quote(n_diverged=5, **NOTHING)
    assert "tanh trained with 0 of 5 seeds (all 5 networks diverged) and ReLU with 5 of 5; no seed" in text
    assert "diverged" not in quote(n_diverged=4, **NOTHING)


def test_where_a_rate_comes_from_is_said_if_it_is_at_an_edge_or_trained_nothing():
    chosen = {"depth": 4, "learning_rate": 0.3, "n_trained": 3, "at_edge": False}
    rates = pd.DataFrame([chosen | {"activation": key} for key in LABELS])
    assert "learning rate" not in quote(rates=rates)
    rates.loc[rates["activation"] == "relu", "at_edge"] = True
    text = quote(rates=rates)
    assert text.endswith(" The chosen learning rate lies at the edge of the grid: ReLU (0.3).")
    rates.loc[rates["activation"] == "tanh", ["n_trained", "at_edge"]] = [0, True]
    assert quote(rates=rates).endswith(
        " No network of the search trained with the chosen learning rate: tanh (0.3). The chosen learning rate lies "
        "at the edge of the grid: ReLU (0.3)."
    )
    other = pd.concat([rates.assign(fold=0), rates.assign(fold=1, learning_rate=0.003)])
    assert "chosen learning rate: tanh (0.003 and 0.3). The" in quote(rates=other)
