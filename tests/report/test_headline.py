"""The headline of known tables: what it says, and that it says no more."""

import pandas as pd
import pytest
from actbench.analysis import trends
from actbench.report import headline
from made_up_cells import runs

LABELS = {
    "relu": "ReLU",
    "tanh": "tanh",
    "elu": "ELU",
    "sigmoid": "sigmoid",
    "swish": "swish",
    "gelu": "GELU",
}
BETTER = [0.95, 0.951, 0.952, 0.953, 0.954]
WORSE = [0.90, 0.901, 0.902, 0.903, 0.904]
MIXED = [0.99, 0.85, 0.99, 0.85, 0.99]


def leaders(frame, *differences):
    """Of those that always trained, by average rank and these differences of accuracies."""
    rows = pd.DataFrame(differences) if differences else None
    return [key for key, leads in trends.leading(frame, rows).items() if leads]


APART = "told apart by average rank at depth 2 or an accuracy interval"


def said(frame, setting="", labels=LABELS):
    claim, basis = headline.headline(frame, labels, leaders(frame), setting)
    return f"{claim} ({basis})".replace("\N{NO-BREAK SPACE}", " ")


def test_a_winner_beats_each_of_the_others():
    assert said(runs(tanh=BETTER, relu=WORSE, elu=[0.8] * 5)) == (
        f"tanh has the best average rank of 3 activations ({APART}, n = 5 seeds)"
    )


def test_ties_are_said_of_the_first_and_nothing_of_the_others():
    """elu and relu are second and third by turns; sigmoid is last with every seed."""
    frame = runs(tanh=BETTER, elu=MIXED, relu=MIXED[::-1], sigmoid=[0.6] * 5)
    text = said(pd.concat([frame, frame.assign(depth=8)]))
    assert text == (
        "ELU cannot be told apart from ReLU and tanh (told apart by average rank over 2 depths or an accuracy "
        "interval, n = 5 seeds)"
    )
    assert "equal" not in text and "best" not in text


def test_a_setting_is_named_where_there_are_several():
    tie = runs(tanh=BETTER, elu=MIXED)
    assert said(tie, "he") == (
        "With “he”, ELU cannot be told apart from tanh (by average rank at depth 2 and accuracy intervals, "
        "n = 5 seeds)"
    )
    assert said(runs(tanh=BETTER, relu=[0.1] * 5), "he").startswith("With “he”, only tanh always trained (at")
    assert said(runs(tanh=[0.9], elu=[0.9]), "he").startswith("With “he”, one seed cannot say")
    named = said(tie, "setting of a long name " * 3)
    assert named.startswith(
        "ELU cannot be told apart from tanh (by average rank at depth 2 and accuracy intervals, setting “setting of"
    )


def test_of_many_ties_the_number_is_given():
    level = {key: [0.9, 0.91, 0.92, 0.93, 0.94] for key in LABELS}
    assert said(runs(**level)).startswith("ELU cannot be told apart from any of the 5 others (")
    last = said(runs(**level, sigmoid2=[0.6, 0.61, 0.62, 0.63, 0.64]), labels=LABELS | {"sigmoid2": "hard"})
    assert last.startswith("ELU cannot be told apart from 5 of the 6 others (")
    assert len(last.partition(" (")[0]) < headline.LINE


def test_two_seeds_crown_nothing():
    assert said(runs(tanh=BETTER[:2], relu=WORSE[:2])).startswith("tanh cannot be told apart from ReLU (")


def test_one_seed_claims_nothing():
    text = said(runs(tanh=[0.95], relu=[0.9]))
    assert text == "One seed cannot say which of 2 activations is best (n = 1 seed)"


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ([0.9, 0.9, 0.9], "All 3 networks of ReLU trained (at depth 2, n = 3 seeds)"),
        ([0.9, 0.1, None], "1 of 3 networks of ReLU trained (at depth 2, n = 3 seeds)"),
        ([0.1, 0.1], "None of the 2 networks of ReLU trained (at depth 2, n = 2 seeds)"),
        ([0.9], "The one network of ReLU trained (at depth 2, n = 1 seed)"),
        ([None], "The one network of ReLU did not train (at depth 2, n = 1 seed)"),
    ],
)
def test_of_one_activation_it_is_said_whether_it_trained(accuracies, expected):
    assert said(runs(relu=accuracies)) == expected


def test_where_nothing_trained_no_rank_is_given():
    frame = runs(relu=[0.1, 0.1, None], tanh=[0.1, 0.1, 0.1])
    assert said(frame) == "None of the 6 networks trained (at depth 2, n = 3 seeds)"
    assert said(frame[frame["seed"] == 0]) == "None of the 2 networks trained (at depth 2, n = 1 seed)"


def test_what_did_not_train_is_no_leader():
    frame = runs(tanh=BETTER, relu=[0.1] * 5, elu=[None] * 5)
    assert said(frame) == "Only tanh always trained (at depth 2, n = 5 seeds)"


def test_reliability_comes_before_accuracy():
    """relu is better than all others where it trained; swish trained at one depth."""
    frame = runs(tanh=BETTER, elu=MIXED, relu=[0.999] * 5, swish=BETTER, sigmoid=[None] * 5)
    deep = runs(
        depth=8, tanh=BETTER, elu=MIXED[::-1], relu=[0.999] * 4 + [0.1], swish=[0.1] * 5, sigmoid=BETTER
    )
    text = said(pd.concat([frame, deep]))
    assert text == (
        "Only tanh and ELU always trained, and they cannot be told apart (by average rank over 2 depths and "
        "accuracy intervals, n = 5 seeds)"
    )
    second = pd.concat([frame, deep]).query("activation != 'elu'")
    assert said(second) == "Only tanh always trained (over 2 depths, n = 5 seeds)"


def test_of_the_few_that_always_trained_the_best_is_named():
    lost = {"sigmoid": [0.1] * 5}
    assert said(runs(tanh=BETTER, relu=WORSE, **lost)).startswith(
        f"Only ReLU and tanh always trained, of which tanh ranks best ({APART}, "
    )
    assert said(runs(tanh=BETTER, elu=MIXED, relu=[0.8] * 5, **lost)).startswith(
        "Of 3 activations that always trained, ELU cannot be told apart from tanh (told apart by average rank at"
    )
    assert said(runs(tanh=MIXED, elu=MIXED, relu=MIXED, **lost)).startswith(
        "Of 3 activations that always trained, ELU cannot be told apart from any other ("
    )


MANY = {key: [0.6 + place / 100 + seed / 1000 for seed in range(6)] for place, key in enumerate(LABELS)}


def test_where_all_but_few_trained_they_are_counted():
    lost, labels = {"prelu": [None] * 6}, LABELS | {"prelu": "PReLU"}
    assert said(runs(**MANY, **lost), labels=labels) == (
        f"Of 6 activations that always trained, GELU has the best average rank ({APART}, n = 6 seeds)"
    )
    tied = MANY | {"swish": [0.99, 0.6, 0.99, 0.6, 0.99, 0.6]}
    assert said(runs(**tied, **lost), labels=labels).startswith(
        "GELU ranks best of 6, and only swish cannot be told apart from it (of 6 activations that always trained, "
        f"{APART}, n = 6 seeds)"
    )


def test_where_none_always_trained_who_did_most_often_is_a_count():
    frame = pd.concat(
        [runs(tanh=BETTER, relu=WORSE), runs(depth=8, tanh=[*BETTER[:3], 0.1, 0.1], relu=[0.1] * 5)]
    )
    assert said(frame) == (
        "No activation always trained; tanh trained most often (8 of 10) (over 2 depths, n = 5 seeds)"
    )
    both = runs(tanh=[0.9, 0.1], relu=[0.1, 0.9])
    assert said(both).startswith(
        "No activation always trained; ReLU and tanh trained most often (1 of 2 each) ("
    )


def difference(activation, other, low, high, depth=2):
    return {
        "activation": activation,
        "other": other,
        "depth": depth,
        "n_pairs": 5,
        "verdict": "inconclusive",
        "difference_low": low,
        "difference_high": high,
    }


@pytest.mark.parametrize(
    ("low", "high", "apart"),
    [(-0.08, -0.01, True), (0.01, 0.08, True), (-0.08, 0.0, False), (None, None, False)],
)
def test_what_an_interval_of_accuracies_tells_apart_is_told_apart(low, high, apart):
    frame = runs(tanh=BETTER, elu=MIXED)
    for row in (difference("elu", "tanh", low, high), difference("tanh", "elu", low, high)):
        claim, basis = headline.headline(frame, LABELS, leaders(frame, row))
        assert ("cannot be told apart" not in claim) is apart
        assert basis.startswith(APART if apart else "by average rank at depth 2 and accuracy intervals")


def test_those_not_told_apart_that_are_not_next_in_rank_are_the_only_ones():
    """elu is first, relu and tanh are second and third by turns; an interval tells relu apart."""
    frame = runs(tanh=BETTER, elu=MIXED, relu=MIXED[::-1], sigmoid=[0.6] * 5)
    leading = leaders(frame, difference("relu", "elu", -0.1, -0.01))
    claim, basis = headline.headline(frame, LABELS, leading)
    assert claim == "ELU ranks best of 4, and only tanh cannot be told apart from it"
    assert basis.startswith(APART)


def folded(**accuracies):
    """Two folds a seed, of the same mean and 4 points apart."""
    frame = runs(**accuracies)
    return pd.concat(
        frame.assign(fold=fold, test_accuracy=frame["test_accuracy"] + shift)
        for fold, shift in ((0, 0.02), (1, -0.02))
    )


def test_folds_are_no_seeds():
    assert said(folded(tanh=[0.95], relu=[0.9])).startswith("One seed cannot say")
    text = said(folded(tanh=BETTER, relu=WORSE))
    assert text == f"tanh has the best average rank of 2 activations ({APART}, n = 5 seeds)"
    partly = folded(tanh=BETTER, relu=WORSE)
    text = said(partly.assign(trained=partly["fold"] == 0))
    assert text == "10 of 20 networks trained, none in all folds (at depth 2, n = 5 seeds)"
