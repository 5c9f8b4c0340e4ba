import pytest
from actbench.report import compared_sentences as sentences

LABELS = {"relu": "ReLU", "tanh": "Tanh"}
NAMES = ("a", "b")


def row(verdict, n_pairs=5, difference=0.02, activation="relu", setting="default", trained=(5, 4)):
    sides = {
        side: {"n_trained": n, "n_seeds": 5} for side, n in zip(("first", "second"), trained, strict=True)
    }
    place = {"activation": activation, "depth": 4, "setting": setting}
    half = 0.5 if verdict == "inconclusive" else 0.01
    ends = {"difference_low": difference - half, "difference_high": difference + half}
    return place | sides | ends | {"verdict": verdict, "n_pairs": n_pairs, "difference": difference}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "a and b have no activation and depth in common"),
        ([row("inconclusive", 1)], "a and b cannot be compared: no cell has two pairs of seeds that trained"),
        ([row("inconclusive")], "b and a cannot be told apart in any of the one cell"),
        ([row("inconclusive")] * 2, "b and a cannot be told apart in any of 2 cells"),
        ([row("better"), row("worse"), row("worse")], "Compared with a, b is better in 1 and worse in 2 of 3 cells"),
        ([row("equivalent")] * 2, "Compared with a, b is equivalent in 2 of 2 cells"),
        (
            [row("better"), row("equivalent"), row("inconclusive"), row("inconclusive", 1)],
            "Compared with a, b is better in 1 of 4 cells, equivalent in 1; 1 cannot be told apart; 1 has fewer than two "
            "pairs of seeds",
        ),
    ],
)  # fmt: skip
def test_the_headline_counts_what_is_decided_and_what_is_not(rows, words):
    assert sentences.headline(rows, NAMES)[0] == words


def test_an_interval_without_0_is_told_apart():
    slight = row("inconclusive") | {"difference_low": -0.0747, "difference_high": -0.0065}
    apart = row("inconclusive") | {"difference": None, "difference_low": None, "difference_high": None}
    open_ = "but whether by more than the margin is open"
    assert (
        sentences.headline([slight], NAMES)[0] == f"Compared with a, b is worse in 1 of the one cell, {open_}"
    )
    assert sentences.headline([slight, row("better"), apart], NAMES)[0] == (
        f"Compared with a, b is better in 1 of 3 cells; worse in 1, {open_}; 1 has no mean difference, as runs lie too far "
        "apart"
    )
    assert sentences.headline([apart, apart], NAMES)[0] == (
        "b and a cannot be told apart in any of 2 cells; 2 have no mean difference, as runs lie too far apart"
    )


def test_the_cells_that_the_headline_counts_are_named():
    rows = [row("worse"), row("inconclusive", activation="tanh"), row("worse", activation="tanh")]
    assert sentences.differing(rows, LABELS, NAMES) == (
        "Against a, b is worse for ReLU (depth 4) and Tanh (depth 4)."
    )
    two = [row("inconclusive"), row("better", setting="adam"), row("equivalent", setting="adam")]
    assert sentences.differing(two, LABELS, NAMES) == (
        "Against a, b is better for ReLU (depth 4, adam); equivalent for ReLU (depth 4, adam)."
    )
    assert sentences.differing([row("inconclusive")], LABELS, NAMES).startswith("No cell has a verdict")
    assert sentences.differing([], LABELS, NAMES) == ""


def test_the_headline_says_what_it_rests_on():
    assert sentences.headline([row("better")], NAMES)[1] == "paired by the seeds that trained in both"
    assert sentences.headline([row("better")] * 3, NAMES)[1].endswith("in both, for all 3 cells at once")
    assert sentences.headline([], NAMES)[1] == ""


def test_findings_name_the_largest_difference_that_is_sure():
    rows = [row("better"), row("worse", 4, -0.03, "tanh"), row("inconclusive", 5, 0.5), row("better", 1, 0.9)]
    assert sentences.findings_of_two(rows, LABELS, NAMES) == [
        ("Trained", "Networks that trained in the cells of both: 20 of 20 in a and 16 of 20 in b."),
        (
            "Largest",
            "The largest of the sure differences is −3.00 points (−4.00 to −2.00; n = 4): Tanh, 4 hidden layers.",
        ),
    ]
    two = [row("better", setting="adam"), row("inconclusive")]
    assert dict(sentences.findings_of_two(two, LABELS, NAMES))["Largest"].endswith("4 hidden layers, adam.")
    assert [name for name, _ in sentences.findings_of_two([row("equivalent")], LABELS, NAMES)] == ["Trained"]
    assert sentences.findings_of_two([], LABELS, NAMES) == []


def test_what_was_set_otherwise():
    assert sentences.changed([]) == "Nothing was set otherwise but the names."
    assert sentences.changed([("network.width", "64", "128")]) == "1 key differs: network.width (64 / 128)."
    assert sentences.changed([("activations", "a" * 40, "b")]) == "1 key differs: activations."
    many = [(key, "1", "–", "2") for key in "abcde"]
    assert sentences.changed(many) == (
        "5 keys differ: a (1 / – / 2), b (1 / – / 2), c (1 / – / 2) and 2 more; which of them made a difference is not "
        "tested."
    )


def test_who_is_the_best():
    rows = [{"activation": "relu", "n_best": 2}, {"activation": "tanh", "n_best": 2}]
    assert sentences.best(rows, LABELS, 5) == (
        "ReLU and Tanh have the highest mean accuracy in 2 of 5 cells each; means are not tested here."
    )
    assert sentences.best(rows[:1], LABELS, 1).startswith(
        "ReLU has the highest mean accuracy in the one cell;"
    )
    assert sentences.best([], LABELS, 0) == ""
