"""Sentences on who trained and how runs ended, each with data of which it must say something, and must not."""

import pandas as pd
import pytest
from actbench.report import share_sentences as sentences

LABELS = {"relu": "ReLU", "tanh": "tanh", "elu": "ELU"}
NBSP = "\N{NO-BREAK SPACE}"

pytestmark = pytest.mark.fault(
    "sentences on who trained",
    "results of which a sentence on trained shares would be false: too few seeds to decide, nothing decided, runs that "
    "agree, no run at chance or still improving",
    "it does not appear, or says what holds",
)


def shares(*verdicts, n_seeds=5, required_n=11):
    rows = [{"activation": key, "depth": depth, "verdict": word} for key, depth, word in verdicts]
    return pd.DataFrame(rows).assign(baseline="relu", n_seeds=n_seeds, required_n=required_n)


def test_too_few_seeds_decide_nothing_and_the_number_is_said():
    text = sentences.decided(shares(("tanh", 2, "cannot decide"), ("elu", 2, "cannot decide")), LABELS, 15)
    assert text == (
        "5 seeds cannot decide who trains more often than ReLU: the exact test of 15 comparisons at once needs at least 11."
    )
    one = sentences.decided(shares(("tanh", 2, "cannot decide"), n_seeds=1, required_n=6), LABELS, 1)
    assert one.startswith("1 seed cannot decide") and "of the one comparison needs at least 6." in one


def test_verdicts_on_shares_are_named_by_kind():
    rows = [("tanh", 2, "inconclusive"), ("tanh", 4, "fewer"), ("tanh", 8, "fewer"), ("elu", 8, "more")]
    assert sentences.decided(shares(*rows, n_seeds=20), LABELS, 4) == (
        "ELU (depth 8) trained more often than ReLU; tanh (depth 4 and 8) trained less often than ReLU (exact McNemar test, "
        "Holm)."
    )


def test_nothing_decided_with_enough_seeds_is_said_and_blamed_on_no_number():
    text = sentences.decided(shares(("tanh", 2, "inconclusive"), n_seeds=20), LABELS, 1)
    assert (
        text == "No activation trained significantly more or less often than ReLU (exact McNemar test, Holm)."
    )
    assert sentences.decided(pd.DataFrame(), LABELS, 0) == ""


@pytest.mark.parametrize(
    ("word", "start"),
    [
        ("cannot decide", "5 seeds cannot decide"),
        ("fewer", "tanh (depth 2) trained less often"),
        ("inconclusive", "no activation trained significantly"),
    ],
)
def test_the_setting_is_named_where_it_is_one_of_several(word, start):
    text = sentences.decided(shares(("tanh", 2, word)), LABELS, 1, "critical")
    assert text.startswith(f"With the setting “critical”, {start}")


def cells(*rows):
    names = ["activation", "n_seeds", "n_trained", "n_at_chance", "n_improving", "runs_disagree"]
    return pd.DataFrame(rows, columns=names).assign(depth=4)


def runs(**accuracies):
    rows = [(key, value) for key, values in accuracies.items() for value in values]
    return pd.DataFrame(rows, columns=["activation", "test_accuracy"]).assign(depth=4, trained=True)


def test_runs_that_disagree_are_listed_in_order_and_others_are_not():
    table = cells(("relu", 3, 3, 0, 0, False), ("elu", 3, 3, 0, 0, True))
    found = sentences.of_runs(table, runs(relu=[0.9, 0.91, 0.92], elu=[0.971, 0.38, 0.613]))
    assert found == {"elu": f"38.0, 61.3, 97.1{NBSP}%"}
    assert sentences.apart(found, LABELS) == f"Runs too far apart for a mean: ELU 38.0, 61.3, 97.1{NBSP}%."
    assert sentences.apart({}, LABELS) == ""


def test_runs_that_did_not_train_are_not_among_them_and_many_are_a_range():
    table = cells(("elu", 9, 8, 0, 0, True))
    given = runs(elu=[0.1 * number for number in range(1, 10)])
    given.loc[0, "trained"] = False
    assert sentences.of_runs(table, given, digits=0) == {"elu": f"20–90{NBSP}%"}


def test_how_runs_ended_is_counted_where_it_happened():
    table = cells(("relu", 5, 5, 0, 2, False), ("elu", 5, 1, 3, 0, False), ("tanh", 5, 4, 0, 1, False))
    assert sentences.ended(table, LABELS) == (
        f"Stayed at chance (accuracy after every epoch within what guessing gives in 95{NBSP}% of runs): ELU (3 of 5). Still "
        "improving in the last tenth of the epochs: ReLU (2 of 5) and tanh (1 of 4)."
    )
    assert sentences.ended(cells(("relu", 5, 0, 0, 0, False)), LABELS) == ""


def test_of_many_those_are_named_of_which_most_were_still_improving():
    labels = {key: key for key in "abcdef"}
    table = cells(*((key, 9, 9, 0, n, False) for key, n in zip("abcdef", (1, 2, 9, 4, 5, 3), strict=True)))
    assert sentences.ended(table, labels) == (
        "Still improving in the last tenth of the epochs: c (9 of 9), e (5 of 9), d (4 of 9) and 3 more."
    )


def test_verdicts_in_place_of_those_of_means():
    table = shares(("tanh", 2, "more"), ("elu", 4, "cannot decide")).assign(wins=5)
    cells = [("relu", 2, True), ("tanh", 2, False), ("relu", 4, True), ("elu", 4, True), ("elu", 8, False)]
    cells = pd.DataFrame(cells, columns=["activation", "depth", "runs_disagree"])
    assert sentences.verdicts(table, cells, LABELS) == {
        ("tanh", 2): "runs of ReLU disagree; more trained",
        ("elu", 4): "runs of ReLU and ELU disagree; ahead in 5 of 5",
    }


@pytest.mark.parametrize(
    ("low", "high", "p_holm", "parted"),
    [
        (-1.0, -0.06, 0.94, True),
        (0.06, 1.0, 0.94, True),
        (-1.0, 0.06, 0.94, False),
        (-1.0, -0.06, 0.03, False),
    ],
)
def test_an_interval_without_0_beside_a_large_p_has_its_reason(low, high, p_holm, parted):
    table = shares(("tanh", 8, "cannot decide")).assign(
        difference_low=low, difference_high=high, p_holm=p_holm
    )
    assert sentences.disagrees(table.iloc[0]) is parted
    text = sentences.beside_p(table, 15)
    assert bool(text) is parted
    if parted:
        assert (
            "no p below 0.063 for 5 seeds, or below 0.94 after adjustment for 15 comparisons. The word follows"
            in text
        )
        assert "adjusted" not in sentences.beside_p(table, 1)
