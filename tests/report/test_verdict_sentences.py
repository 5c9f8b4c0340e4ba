"""Sentences beside verdicts, each with data of which it must say something, and must not."""

import pandas as pd
import pytest
from actbench.report import verdict_sentences as sentences

pytestmark = pytest.mark.fault(
    "sentences beside verdicts",
    "a verdict beside a p value that says otherwise, and one on networks that were still improving",
    "the page says so, and why",
)

LABELS = {
    "relu": "ReLU",
    "tanh": "tanh",
    "elu": "ELU",
    "swish": "swish",
    "sigmoid": "sigmoid",
    "gelu": "GELU",
}


def row(activation, verdict, p_holm, n_pairs=5, depth=8, **others):
    found = {
        "activation": activation,
        "depth": depth,
        "verdict": verdict,
        "p_holm": p_holm,
        "n_pairs": n_pairs,
    }
    return found | {"difference": -0.03, "difference_low": -0.07, "difference_high": 0.01} | others


BASELINE = row("relu", "baseline", None, 0)


def test_a_verdict_beside_a_large_p_has_a_word():
    """Of 5 pairs p is at least 2 / 2^5 = .0625, fifteen times that .94."""
    assert sentences.beside_p([BASELINE, row("tanh", "worse", 0.94)], LABELS, 15) == (
        "† A verdict although p (Holm) is above 0.05 for tanh: sign flips of 5 pairs give no p below 0.063, which is then "
        "adjusted for 15 comparisons."
    )
    alone = sentences.beside_p([row("tanh", "better", 0.0625)], LABELS, 1)
    assert alone.endswith("give no p below 0.063.")


def test_where_p_could_have_been_small_the_two_tests_differ():
    """Of 12 pairs p can be .0005."""
    text = sentences.beside_p([row("tanh", "worse", 0.07, 12), row("tanh", "worse", 0.01, 12, 2)], LABELS, 2)
    assert text == (
        "† A verdict although p (Holm) is above 0.05 for tanh (depth 8): the interval takes the differences as normal, "
        "the sign flip does not."
    )


def test_a_small_p_without_a_verdict_has_a_word_too():
    rows = [row("tanh", "inconclusive", 0.01, 12), row("elu", "inconclusive", 0.02, 12, difference=None)]
    assert sentences.beside_p(rows, LABELS, 2) == (
        "† No verdict although p (Holm) is at most 0.05 for tanh: the interval takes the differences as normal, the sign "
        "flip does not, and Bonferroni is stricter than Holm; no verdict although p (Holm) is at most 0.05 for ELU: runs lie too far apart for a difference of "
        "means."
    )


def test_pairs_name_both_and_many_are_counted():
    rows = [row(key, "worse", 0.6, 10, other="relu") for key in list(LABELS)[1:]]
    text = sentences.beside_p([*rows, row("elu", "better", 0.01, 10, other="tanh")], LABELS, 300)
    assert "for tanh against ReLU, ELU against ReLU, swish against ReLU and 2 more: sign flips of 10" in text


def test_where_every_verdict_is_marked_it_is_said_once():
    rows = [row(key, "worse", 0.6, 10, other="relu") for key in list(LABELS)[1:]]
    assert "although p (Holm) is above 0.05 for all 5 of these: sign" in sentences.beside_p(rows, LABELS, 300)


def test_an_interval_without_0_beside_a_large_p_is_no_verdict():
    rows = [row("tanh", "inconclusive", 0.59, 10, difference_high=-0.0065)]
    assert sentences.beside_p(rows, LABELS, 300) == (
        "† An interval without 0 although p (Holm) is above 0.05 for tanh: sign flips of 10 pairs give no p below 0.002, "
        "which is then adjusted for 300 comparisons."
    )


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [BASELINE],
        [row("tanh", "equivalent", 0.94), row("elu", "equivalent", 0.01)],
        [row("tanh", "inconclusive", 0.94), row("elu", "worse", 0.05)],
        [row("tanh", "inconclusive", None, 1)],
    ],
)
def test_where_they_agree_nothing_is_said(rows):
    assert sentences.beside_p(rows, LABELS, 15) == ""


def cells(*rows):
    names = ["activation", "verdict", "n_trained", "n_improving"]
    return pd.DataFrame(rows, columns=names)


def test_verdicts_on_networks_that_were_still_improving_say_so():
    table = cells(("relu", "baseline", 10, 5), ("sigmoid", "worse", 10, 10), ("tanh", "worse", 10, 4))
    assert sentences.unfinished(table, LABELS) == (
        "Longer training may change these verdicts: still improving were networks of ReLU (5 of 10) and sigmoid (10 of "
        "10)."
    )


@pytest.mark.parametrize(
    "rows",
    [
        [("relu", "baseline", 10, 4), ("sigmoid", "worse", 10, 4)],
        [("relu", "baseline", 10, 10), ("sigmoid", "inconclusive", 10, 10)],
        [("relu", "baseline", 10, 0), ("sigmoid", "inconclusive", 0, 0), ("elu", "better", 10, 0)],
    ],
)
def test_without_a_verdict_or_with_few_of_them_nothing_is_said(rows):
    assert sentences.unfinished(cells(*rows), LABELS) == ""


def test_a_legend_has_each_sign_that_occurs_and_no_other():
    assert sentences.legend(["inconclusive", "better", "worse?"], 0.01) == (
        "▲ better, ▼? worse, but not surely by more than 1 point, ? inconclusive"
    )
    assert sentences.legend(
        ["runs disagree", "equivalent", "better?", "worse?", "baseline", "–"], 0.0025
    ) == (
        "▲? ▼? better or worse, but not surely by more than 0.25 points, ≈ equivalent, "
        "∗ runs disagree (no mean difference)"
    )
    assert sentences.legend(["baseline"], 0.01) == ""


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("worse", "worse than ReLU"),
        ("better?", "better than ReLU, but not surely by more than 1 point"),
        ("equivalent", "equivalent to ReLU"),
        ("inconclusive", "inconclusive against ReLU"),
        ("runs disagree", "no mean difference to ReLU (runs disagree)"),
        ("baseline", "baseline"),
        ("–", ""),
    ],
)
def test_a_sign_says_its_verdict_in_words(word, text):
    assert sentences.in_words(word, 0.01, "ReLU") == text
