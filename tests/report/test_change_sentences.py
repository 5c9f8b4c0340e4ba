"""Sentences on what a setting changed, each with data of which it must say something, and of which it must not."""

import pandas as pd
import pytest
from actbench.report import change_sentences as sentences

pytestmark = pytest.mark.fault(
    "sentences on what a setting changed",
    "results of which a sentence on settings would be false: one setting, one seed, nothing decided, settings "
    "that changed only some seeds",
    "it does not appear, or says what holds",
)

LABELS = {"relu": "ReLU", "tanh": "tanh", "elu": "ELU", "sigmoid": "sigmoid"}


def compared(*cells, n_seeds=5):
    """Cells of activation, depth, and seeds that trained in the settings a, b and so on."""
    rows = [
        {"activation": key, "depth": depth, "setting": "abc"[place], "n_trained": n, "n_seeds": n_seeds}
        for key, depth, *counts in cells
        for place, n in enumerate(counts)
    ]
    return pd.DataFrame(rows)


def turned(*cells, n_seeds=5):
    table = compared(*cells, n_seeds=n_seeds)
    return sentences.turned(table, {key: LABELS[key] for key, *_ in cells}, sorted(set(table["setting"])))


def alone(*settings):
    return (
        f": so these failures with {' and '.join(settings)} are not due to the activation alone (not tested)."
    )


def test_cells_that_the_setting_turned_are_named():
    cells = [("sigmoid", 4, 0, 5), ("sigmoid", 8, 0, 5), ("elu", 4, 5, 5), ("elu", 8, 0, 5)]
    assert turned(*cells) == (
        "With “b” instead of “a”, sigmoid (depth 4 and 8) and ELU (depth 8) trained from all 5 seeds instead of none"
        + alone("“a”")
    )


@pytest.mark.parametrize("counts", [(0, 4), (1, 5), (5, 5), (0, 0), (4, 0), (5, 1)])
def test_cells_that_changed_in_part_are_not_said_to_be_turned(counts):
    assert turned(("sigmoid", 4, *counts)) == ""


def test_a_setting_that_keeps_networks_from_training_is_named_too():
    assert turned(("elu", 8, 5, 0), ("sigmoid", 8, 0, 5)) == (
        "With “b” instead of “a”, ELU (depth 8) trained from no seed instead of all 5 seeds; with “b” instead of “a”, "
        "sigmoid (depth 8) trained from all 5 seeds instead of none" + alone("“b”", "“a”")
    )
    assert turned(("elu", 8, 5, 0, 3)).endswith("trained from no seed instead of all 5 seeds" + alone("“b”"))
    assert turned(("elu", 8, 5, 0, 0)).endswith(alone("“b”", "“c”"))


def test_settings_are_told_apart():
    assert "With each other setting instead of “a”, sigmoid" in turned(("sigmoid", 4, 0, 5, 5))
    assert "With “c” instead of “a”, sigmoid" in turned(("sigmoid", 4, 0, 3, 5))


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (1, "from the one seed instead of none."),
        (2, "from both seeds instead of none."),
        (3, "alone (not tested)."),
    ],
)
def test_two_seeds_are_counted_and_excuse_no_activation(n, words):
    assert turned(("sigmoid", 4, 0, n), n_seeds=n).endswith(words)


def test_one_setting_turns_nothing():
    assert sentences.turned(compared(("sigmoid", 4, 0)), {"sigmoid": "sigmoid"}, ["a"]) == ""


def attribution(*rows, n_depths=3):
    """Rows of activation, setting, n, ends of the interval, required seeds and verdict, over depths."""
    names = ("activation", "setting", "n", "difference_low", "difference_high", "required_seeds", "verdict")
    table = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows], columns=names)
    return table.astype(dict.fromkeys(names[3:6], float)).assign(depth=float("nan"), n_depths=n_depths)


def verdicts(n_seeds=5, **words):
    """Cells of three depths and two settings with the verdict of their activation."""
    rows = [
        {"activation": key, "depth": depth, "setting": name, "verdict": words.get(key, "inconclusive")}
        for key in LABELS
        for depth in (2, 4, 8)
        for name in "ab"
    ]
    return pd.DataFrame(rows).assign(n_seeds=n_seeds)


def attributed(*rows, n_depths=3, **words):
    table = attribution(*rows, n_depths=n_depths)
    return sentences.attributed(table, verdicts(**words), LABELS, "ReLU", 0.01)


OPEN = ("inconclusive",)


def test_what_changes_with_the_setting_and_what_does_not_is_named():
    rows = [
        ("sigmoid", "b", 5, 0.02, 0.04, None, "setting"),
        ("tanh", "b", 5, -0.005, 0.005, None, "activation"),
        ("elu", "b", 5, -0.03, 0.02, None, *OPEN),
    ]
    assert attributed(*rows, tanh="worse") == (
        "The difference to ReLU changes with the setting by more than 1 point for sigmoid; it stays within 1 point, with "
        "the same verdict (worse) in every setting, for tanh. Whether it changes with the setting is inconclusive for "
        "ELU, n = 5."
    )


def test_settings_are_named_where_there_are_several():
    rows = [
        (key, name, 5, 0.02, 0.04, None, "setting")
        for key, name in (("sigmoid", "b"), ("tanh", "c"), ("sigmoid", "c"))
    ]
    assert attributed(*rows) == (
        "The difference to ReLU changes with the setting by more than 1 point for sigmoid (in each other setting) and "
        "tanh (“c”)."
    )
    assert "sigmoid (in each other setting at 2 of 3 depths)" in attributed(*rows, n_depths=2)
    more = [*rows, ("elu", "a", 5, 0.02, 0.04, None, "setting")]
    assert "for sigmoid (“b” and “c”), tanh (“c”) and ELU (“a”)." in attributed(*more)
    assert "sigmoid (“b” at 2 of 3 depths and “c” at 2 of 3 depths)" in attributed(*more, n_depths=2)


def required(*rows):
    return sentences.required_seeds(attribution(*rows), LABELS, 0.01)


def test_verdicts_that_stay_are_told_apart():
    rows = [(key, "b", 5, -0.005, 0.005, None, "activation") for key in ("tanh", "elu", "sigmoid")]
    text = attributed(*rows, tanh="better", elu="equivalent", sigmoid="better")
    assert text == (
        "The difference to ReLU stays within 1 point, with the same verdict (better) in every setting, for tanh and "
        "sigmoid; it stays within 1 point, with the same verdict (equivalent) in every setting, for ELU."
    )


def test_nothing_decided_is_said_and_no_verdict_is_named():
    text = attributed(("tanh", "b", 5, -0.03, 0.02, 12, *OPEN), ("elu", "b", 3, -0.03, 0.02, 40, *OPEN))
    assert text == (
        "Whether the difference to ReLU changes with the setting is inconclusive for tanh and ELU, n = 3 and 5."
    )


def test_seeds_are_asked_for_only_where_a_change_was_measured():
    text = required(("tanh", "b", 5, -0.05, 0.02, 12, *OPEN), ("elu", "b", 5, -0.02, 0.02, None, *OPEN))
    assert text == (
        "Were difference and spread as measured, 12 seeds that train in all four cells would show a change of more than 1 "
        "point with 80\N{NO-BREAK SPACE}% probability for tanh."
    )
    assert required(("elu", "b", 5, -0.02, 0.02, None, *OPEN)) == ""
    assert required(("elu", "b", 5, 0.02, 0.04, 12, "setting")) == ""


def test_depths_are_said_where_not_all_are_averaged():
    table = attribution(*[(key, "b", 5, -0.03, 0.02, None, *OPEN) for key in ("tanh", "sigmoid", "elu")])
    table["n_depths"] = [2, 1, 2]
    text = sentences.attributed(table, verdicts(), LABELS, "ReLU", 0.01)
    assert "for tanh and ELU (2 of 3 depths each), and sigmoid (1 of 3 depths), n = 5." in text
    table["n_depths"] = [3, 1, 2]
    text = sentences.attributed(table, verdicts(), LABELS, "ReLU", 0.01)
    assert "for tanh, sigmoid (1 of 3 depths) and ELU (2 of 3 depths), n = 5." in text


def test_too_few_seeds_say_why():
    few = attributed(("sigmoid", "b", 1, None, None, None, *OPEN), n_depths=2)
    assert few == (
        "Whether the difference to ReLU changes with the setting cannot be said for sigmoid (2 of 3 depths): fewer than two "
        "seeds trained in all four cells at every depth that is averaged."
    )
    none = attributed(("sigmoid", "b", 0, None, None, None, *OPEN), n_depths=0)
    assert none.endswith("cannot be said for sigmoid: no depth could be averaged.")


def test_one_seed_says_so():
    table = attribution(("sigmoid", "b", 1, None, None, None, *OPEN))
    assert sentences.attributed(table, verdicts(n_seeds=1), LABELS, "ReLU", 0.01) == (
        "One seed cannot say whether the difference to ReLU changes with the setting."
    )


def test_a_difference_that_stays_but_is_not_decided_asks_for_no_seeds():
    text = attributed(("tanh", "b", 5, -0.01, 0.01, None, *OPEN))
    assert text == (
        "The difference to ReLU stays within 1 point for tanh, but without one decided verdict at all depths and equally "
        "many trained networks in every setting."
    )
    assert "inconclusive for tanh, n = 2." in attributed(("tanh", "b", 2, -0.01, 0.01, None, *OPEN))


def test_the_baseline_alone_has_no_differences():
    assert attributed() == ""


def test_rows_of_single_depths_are_not_counted():
    rows = attribution(("tanh", "b", 5, 0.02, 0.04, None, "setting"))
    table = pd.concat([rows, rows.assign(depth=4, verdict="inconclusive")])
    text = sentences.attributed(table, verdicts(), LABELS, "ReLU", 0.0025)
    assert text == "The difference to ReLU changes with the setting by more than 0.25 points for tanh."
