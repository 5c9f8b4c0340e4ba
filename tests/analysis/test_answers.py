"""What a study says of claims: by hand, and the same as its other tables say."""

import math

import numpy as np
import pandas as pd
import pytest
from actbench.analysis import claims, comparisons, shares
from actbench.storage import parquet
from actbench.study.relations import TRAINS

MARGIN, N_IMAGES = 0.01, 1000
RELATIONS = [">", "<", "="]


def runs(settings=("default",), **accuracies):
    """Rows of runs at depth 8, the same in each setting: below 0.5 one that did not train."""
    return pd.DataFrame(
        {
            "activation": name,
            "depth": 8,
            "setting": setting,
            "seed": seed,
            "fold": 0,
            "status": "ok",
            "trained": value >= 0.5,
            "test_accuracy": value,
        }
        for setting in settings
        for name, values in accuracies.items()
        for seed, value in enumerate(values)
    )


def claim(activation, relation, other, setting="default"):
    return {"activation": activation, "relation": relation, "other": other, "depth": 8, "setting": setting}


def answered(table, *claimed, baseline="relu", trials=None):
    compared = comparisons.comparison(table, baseline, MARGIN, N_IMAGES)
    tables = {
        "runs": table,
        "comparison": pd.DataFrame(compared).assign(n_improving=2),
        "shares": pd.DataFrame(shares.shares(table, baseline, N_IMAGES, 0.1)),
    }
    tables |= {} if trials is None else {"tuning": trials}
    rows = claims.claims(claimed, tables, baseline, MARGIN, N_IMAGES, 0.1)
    return parquet.table(rows, claims.SCHEMA, claims.ORDER).to_pylist()


HIGH, LOW = [0.95, 0.96, 0.97, 0.96, 0.95], [0.90, 0.911, 0.92, 0.909, 0.901]
NEAR = [0.951, 0.959, 0.971, 0.959, 0.95]
WIDE = [0.90, 0.98, 0.95, 0.99, 0.93]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (HIGH, LOW, ["holds", "does not hold", "does not hold"]),
        (LOW, HIGH, ["does not hold", "holds", "does not hold"]),
        (HIGH, NEAR, ["does not hold", "does not hold", "holds"]),
        (HIGH, WIDE, ["inconclusive"] * 3),
    ],
    ids=["better", "worse", "equivalent", "inconclusive"],
)
def test_the_answer_follows_the_verdict(first, second, expected):
    found = answered(runs(tanh=first, relu=second), *(claim("tanh", one, "relu") for one in RELATIONS))
    assert [row["answer"] for row in found] == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.02, 0.03, ("holds", "does not hold", "does not hold")),
        (0.0, 0.03, ("inconclusive", "does not hold", "inconclusive")),
        (-0.01, 0.03, ("inconclusive", "does not hold", "inconclusive")),
        (-0.011, 0.03, ("inconclusive", "inconclusive", "inconclusive")),
        (-0.03, 0.01, ("does not hold", "inconclusive", "inconclusive")),
        (-0.01, 0.01, ("does not hold", "does not hold", "holds")),
        (-0.03, -0.02, ("does not hold", "holds", "does not hold")),
        (None, None, ("inconclusive", "inconclusive", "inconclusive")),
    ],
)
def test_an_interval_that_excludes_what_is_claimed_refutes_it(low, high, expected):
    verdict = "inconclusive" if low is None else comparisons.verdict(low, high, MARGIN)
    row = {"verdict": verdict, "difference_low": low, "difference_high": high}
    assert tuple(claims.answer(relation, row, MARGIN) for relation in (">", "<", "=")) == expected


def test_a_difference_by_hand():
    """Differences of 50, 49, 50, 51 and 49 images: mean 49.8, s² = 0.7, t of 4 degrees 2.776445."""
    (row,) = answered(runs(tanh=HIGH, relu=LOW), claim("tanh", ">", "relu"))
    half = 2.776445 * math.sqrt(0.7 / 5) / 1000
    assert row["difference"] == pytest.approx(0.0498)
    assert row["difference_low"] == pytest.approx(0.0498 - half, rel=1e-5)
    assert row["difference_high"] == pytest.approx(0.0498 + half, rel=1e-5)
    assert (row["n_seeds"], row["n_pairs"], row["family"]) == (5, 5, 1)
    assert (row["wins"], row["ties"], row["losses"]) == (5, 0, 0)
    assert row["p"] == 2 / 2**5 and (row["n_improving"], row["n_improving_other"]) == (2, 2)
    assert row["test_error"] == pytest.approx(math.sqrt(0.958 * 0.042 / 1000))
    assert (row["required_low"], row["required_high"], row["n_rates"]) == (None, None, None)


@pytest.mark.parametrize("baseline", ["tanh", "relu", "elu"])
@pytest.mark.parametrize("relation", [*RELATIONS, TRAINS])
def test_the_other_way_round_is_the_same_comparison(baseline, relation):
    table = runs(tanh=[*HIGH, 0.1, 0.9], relu=[*WIDE, 0.9, 0.91], elu=[*LOW, 0.2, 0.3])
    one, other = answered(
        table, claim("tanh", relation, "relu"), claim("relu", relation, "tanh"), baseline=baseline
    )
    assert one["difference"] == -other["difference"] and one["difference_low"] == -other["difference_high"]
    assert (one["p"], one["p_holm"], one["family"]) == (other["p"], other["p_holm"], other["family"])
    assert (one["wins"], one["losses"]) == (other["losses"], other["wins"])
    assert (
        (one["n_trained"], one["n_trained_other"]) == (other["n_trained_other"], other["n_trained"]) == (6, 7)
    )
    assert one["family"] == (3 if baseline == "elu" else 2)


def test_a_pair_without_the_baseline_is_that_of_all_pairs():
    table = runs(tanh=WIDE, relu=HIGH, elu=LOW)
    (row,) = answered(table, claim("tanh", ">", "elu"))
    found = {(one["activation"], one["other"]): one for one in comparisons.pairs(table, MARGIN, N_IMAGES)}
    expected = found["elu", "tanh"]
    assert row["difference"] == pytest.approx(-expected["difference"]) and row["family"] == 3
    assert row["difference_low"] == pytest.approx(-expected["difference_high"])
    assert row["p_holm"] == pytest.approx(expected["p_holm"])


def test_who_trains_is_decided_by_mcnemar():
    """All of seven discordant seeds on one side: 2 / 2^7; with 5 seeds no outcome decides."""
    table = runs(tanh=[0.9] * 9, relu=[0.1] * 7 + [0.9] * 2)
    for pair, answer in ((("tanh", "relu"), "holds"), (("relu", "tanh"), "does not hold")):
        (row,) = answered(table, claim(pair[0], TRAINS, pair[1]))
        assert (row["answer"], row["p"], row["n_pairs"]) == (answer, 0.015625, 9)
        assert abs(row["difference"]) == pytest.approx(7 / 9)
    (row,) = answered(runs(tanh=[0.9] * 5, relu=[0.1] * 5), claim("tanh", TRAINS, "relu"))
    assert (row["answer"], row["verdict"], row["required_low"]) == ("inconclusive", "cannot decide", 6)


def test_mcnemar_of_all_pairs_is_adjusted_for_them_by_hand():
    """Of three pairs two have p = 2/2^9, the third 1: Holm multiplies by 3 and 2, and keeps the order."""
    rows = shares.pairs(runs(tanh=[0.9] * 9, relu=[0.1] * 9, elu=[0.8] * 9), N_IMAGES, 0.1)
    found = {
        (row["activation"], row["other"]): (row["p_mcnemar"], row["p_holm"], row["verdict"]) for row in rows
    }
    p = 2 / 2**9
    assert found == {
        ("elu", "relu"): (p, 3 * p, "more"),
        ("elu", "tanh"): (1.0, 1.0, "inconclusive"),
        ("relu", "tanh"): (p, 3 * p, "fewer"),
    }
    assert rows[0]["required_n"] == shares.required_n(3)


def test_where_too_few_train_there_is_no_answer_and_no_number():
    (row,) = answered(runs(tanh=HIGH, relu=[0.1] * 5), claim("tanh", ">", "relu"))
    assert (row["answer"], row["n_pairs"], row["n_trained"], row["n_trained_other"]) == (
        "inconclusive",
        0,
        5,
        0,
    )
    assert row["difference"] is row["required_low"] is row["test_error_other"] is None
    assert row["wins"] == 5


def test_runs_that_disagree_have_no_answer():
    (row,) = answered(runs(tanh=HIGH, relu=[0.95, 0.6, 0.95, 0.6, 0.95]), claim("tanh", ">", "relu"))
    assert (row["answer"], row["runs_disagree"], row["difference"]) == ("inconclusive", True, None)


def test_required_seeds_are_a_range_between_the_ends_of_the_spread():
    """χ² of 4 degrees has the quantiles 0.484419 and 11.143287: s lies within 0.5991 and 2.8736 of itself."""
    rule = comparisons.Rule(MARGIN, N_IMAGES)
    values = np.array([0.0, 0.01, 0.02, 0.03, 0.04])
    std = values.std(ddof=1)
    expected = tuple(
        comparisons.required_seeds(0.02, std * math.sqrt(4 / quantile), rule)
        for quantile in (11.143287, 0.484419)
    )
    assert claims.required(values, rule) == expected
    assert expected[0] < comparisons.required_seeds(0.02, std, rule) < expected[1]
    assert claims.required(values[:1], rule) == (None, None)
    assert claims.required([0.0, 0.02], rule)[1] is None


def test_an_undecided_claim_says_its_range():
    (row,) = answered(runs(tanh=HIGH, relu=WIDE), claim("tanh", ">", "relu"))
    low, high = row["required_low"], row["required_high"]
    assert low >= 2 and (high is None or low < high)


def test_every_setting_has_its_row_and_the_claims_own_is_marked():
    table = pd.concat([runs(tanh=HIGH, relu=LOW), runs(("he",), tanh=LOW, relu=HIGH)])
    found = answered(table, claim("tanh", ">", "relu", "he"), claim("tanh", "<", "relu"))
    assert [(row["claim"], row["setting"], row["claimed"], row["answer"]) for row in found] == [
        (1, "default", False, "holds"),
        (1, "he", True, "does not hold"),
        (2, "default", True, "does not hold"),
        (2, "he", False, "holds"),
    ]
    assert {row["family"] for row in found} == {2}


def test_rates_at_which_the_mean_scores_are_as_claimed():
    scores = {0.1: (0.9, 0.8), 0.3: (0.9, 0.895), 0.01: (0.5, 0.6)}
    trials = pd.DataFrame(
        {"activation": name, "depth": 8, "setting": "default", "learning_rate": rate, "score": score + change}
        for rate, pair in scores.items()
        for name, score in zip(("tanh", "relu"), pair, strict=True)
        for change in (-0.05, 0.05)
    )
    expected = {">": [0.1], "=": [0.3], "<": [0.01]}
    for relation, rates in expected.items():
        assert claims.rates(trials, "tanh", relation, "relu", MARGIN) == (rates, 3)
    (row,) = answered(runs(tanh=HIGH, relu=LOW), claim("tanh", ">", "relu"), trials=trials)
    assert (row["n_rates"], row["rates_as_claimed"]) == (3, "0.1")
    others = trials.assign(setting="he")
    (row,) = answered(runs(tanh=HIGH, relu=LOW), claim("tanh", ">", "relu"), trials=others)
    assert (row["n_rates"], row["rates_as_claimed"]) == (None, None)
