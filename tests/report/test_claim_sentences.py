"""The words on the card of a claim: they claim no more than the test, and stand alone."""

import pandas as pd
import pytest
from actbench.report import claim_sentences
from actbench.report.claim_sentences import Beside
from actbench.report.lead import Lead, Search
from actbench.report.numbers import NBSP
from actbench.report.quotes import About
from actbench.study.relations import TRAINS

LABELS = {"mine": "mine", "relu": "ReLU"}
ROW = {
    "activation": "mine",
    "relation": ">",
    "other": "relu",
    "depth": 8,
    "setting": "default",
    "answer": "holds",
    "verdict": "better",
    "family": 30,
    "n_seeds": 5,
    "n_pairs": 4,
    "wins": 4,
    "ties": 1,
    "losses": 0,
    "n_trained": 5,
    "n_trained_other": 4,
    "n_improving": 2,
    "n_improving_other": 1,
    "runs_disagree": False,
    "difference": 0.03,
    "difference_low": 0.02,
    "difference_high": 0.04,
    "p": 0.125,
    "p_holm": 0.5,
    "required_low": None,
    "required_high": None,
    "test_error": 0.0123,
    "test_error_other": 0.0234,
}
SEARCH = Search((0.01,), (0.1, 0.3), (), -1, 20)
LEAD = Lead(1, 22, 50, 4, 0.044, 0.007)


KNOWN = About("study", "digits", "ReLU", "", 5, 1, 15, 0.01, 300)


def quoted(known=KNOWN, **changes):
    return claim_sentences.quote(ROW | changes, LABELS, known).replace(NBSP, " ")


def test_a_claim_is_quoted_as_the_comparison_that_it_is():
    assert quoted(p_holm=0.01) == (
        "With 8 hidden layers on digits, mine was better than ReLU by more than 1 point: mean difference in test accuracy "
        "+3.00 points (95 % interval +2.00 to +4.00, Bonferroni for 30 comparisons; n = 4 paired seeds on the same 300 test "
        "examples; exact sign-flip p = 0.13, Holm-adjusted 0.01). Only seeds that trained count (of 5: ReLU 4)."
    )


OPENED = {"answer": "inconclusive", "verdict": "inconclusive"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"family": 1}, "(95 % interval +2.00 to +4.00; n = 4 paired seeds on the same 300 test examples;"),
        ({"answer": "does not hold", "verdict": "worse"}, "mine was worse than ReLU by more than 1 point:"),
        ({"relation": "=", "verdict": "equivalent"}, "mine was equivalent to ReLU within ±1 point:"),
        (
            OPENED | {"answer": "does not hold", "difference_low": -0.04, "difference_high": 0.005},
            "mine was not better than ReLU by more than 1 point:",
        ),
        (
            OPENED | {"answer": "does not hold", "difference_low": -0.005, "relation": "<"},
            "mine was not worse than ReLU by more than 1 point:",
        ),
        (
            OPENED | {"answer": "does not hold", "difference_low": -0.04, "difference_high": -0.005},
            "mine was worse than ReLU, but whether by more than 1 point is open:",
        ),
        (OPENED, "mine was better than ReLU, but whether by more than 1 point is open:"),
        (OPENED | {"difference_low": -0.01}, "mine and ReLU could not be told apart:"),
        (
            OPENED | {"n_pairs": 1, "n_trained_other": 1},
            "mine trained with 5 of 5 seeds and ReLU with 1 of 5; only one seed trained in both, so their",
        ),
        (
            OPENED | {"difference": None},
            "runs of one of them lie more than 25 points apart. mine was ahead in 4 of 5 seeds and ReLU in 0,",
        ),
        (OPENED | {"difference_low": -0.7, "difference_high": 1.2}, "(no interval within ±100 points;"),
        (
            OPENED | {"n_pairs": 2, "difference_high": 0.9},
            "(too few pairs for an interval; n = 2 paired seeds",
        ),
        ({"n_pairs": 2}, "(95 % interval +2.00 to +4.00, Bonferroni"),
        (
            {"p_holm": 0.5},
            "p does not support this: sign flips of 4 pairs give no p below 0.13, which is then",
        ),
        ({"n_improving": 4}, "Still improving at the end: mine 4 of 5."),
        ({"n_improving": 3, "n_improving_other": 2}, "at the end: mine 3 of 5 and ReLU 2 of 4."),
    ],
)
def test_the_sentence_follows_the_test(changes, words):
    assert words in quoted(**changes)


def test_setting_folds_and_margin_are_the_study_s():
    known = KNOWN._replace(setting="he", n_folds=5, margin=0.005)
    text = quoted(known)
    assert text.startswith(
        "With 8 hidden layers on digits (setting he), mine was better than ReLU by more than 0.5 points:"
    )
    assert "n = 4 paired seeds, each the mean of 5 folds on the same 300 test" in text


TRAINED = ROW | {"relation": TRAINS, "n_seeds": 9, "n_trained": 9, "n_trained_other": 2, "p": 0.015625}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"verdict": "more", "family": 1},
            "mine trained from 9 and ReLU from 2 of 9 seeds: mine trains more often than ReLU (exact McNemar test, "
            "p = 0.016).",
        ),
        (
            {"verdict": "fewer", "answer": "does not hold"},
            "ReLU trains more often than mine (exact McNemar test, p = 0.016, adjusted for 30 comparisons 0.5).",
        ),
        (
            {"verdict": "inconclusive", "answer": "inconclusive"},
            "of 9 seeds, which does not decide who trains more often (exact",
        ),
        (
            {"verdict": "cannot decide", "answer": "inconclusive", "required_low": 10.0},
            "of 9 seeds; a verdict on who trains more often needs at least 10 seeds.",
        ),
    ],
)
def test_who_trains_is_said_with_its_test(changes, words):
    text = claim_sentences.quote(TRAINED | changes, LABELS, KNOWN)
    assert text.startswith("With 8 hidden layers on digits, mine trained from 9") and words in text
    assert "accura" not in text


def test_the_card_has_every_line_by_hand():
    others = pd.DataFrame(
        {
            "setting": ["he", "adam", "norm", "deep"],
            "answer": ["holds", "does not hold", "holds", "inconclusive"],
        }
    )
    found = dict(claim_sentences.facts(ROW, others, LABELS, 0.01, Beside(SEARCH, LEAD)))
    assert {name: text.replace(NBSP, " ") for name, text in found.items()} == {
        "Difference": "+3.00 points in test accuracy, interval +2.00 to +4.00",
        "Margin": "±1 point",
        "Paired seeds": "4 of 5",
        "Wins": "mine 4, ReLU 0, ties 1; trained or not",
        "Trained": "mine 5 of 5, ReLU 4 of 5",
        "Still improving": "mine 2 of 5, ReLU 1 of 4 that trained",
        "By epoch": "mine stays ahead of ReLU from epoch 22 of 50 on (best validation accuracy so far, mean of 4 seeds); at "
        "the end +4.40 points by each network's best epoch, +0.70 by its last",
        "Test set error": "mine ±1.23, ReLU ±2.34 points",
        "Other settings": "holds in he and norm; does not hold in adam; inconclusive in deep",
        "Learning rates": "in the 20-epoch search mine was above ReLU at 1 of 3 rates (rate 0.01) and below it at 2 (rates 0.1 and 0.3), "
        "with one rate for both (mean validation accuracy; not tested)",
        "Seeds needed": "decided with these",
    }


def test_without_validation_nobody_is_said_to_have_finished():
    row = ROW | {"n_improving": 0, "n_improving_other": 0}
    found = dict(
        claim_sentences.facts(
            row, pd.DataFrame({"setting": [], "answer": []}), LABELS, 0.01, Beside(validated=False)
        )
    )
    never = dict(
        claim_sentences.facts(
            row | {"n_trained_other": 0}, pd.DataFrame({"setting": [], "answer": []}), LABELS, 0.01, Beside()
        )
    )
    assert never["Still improving"] == "mine 0 of 5, ReLU none that trained"
    assert found["Still improving"] == "not known: without validation examples no epoch is the best"


def test_an_interval_that_no_difference_can_have_is_not_a_dash():
    none = pd.DataFrame({"setting": [], "answer": []})
    row = ROW | {"difference_low": -0.6994, "difference_high": 1.1878, "verdict": "inconclusive"}
    assert dict(claim_sentences.facts(row, none, LABELS, 0.01, Beside()))["Difference"] == (
        "+3.00 points in test accuracy, interval beyond ±100 points"
    )
    two = dict(claim_sentences.facts(row | {"n_pairs": 2}, none, LABELS, 0.01, Beside()))
    assert two["Difference"] == "+3.00 points in test accuracy, too few seeds for an interval"


def test_what_a_claim_has_nothing_of_is_left_out():
    none = pd.DataFrame({"setting": [], "answer": []})
    row = ROW | {"difference": None, "test_error": None, "test_error_other": float("nan")}
    found = dict(claim_sentences.facts(row, none, LABELS, 0.01, Beside()))
    assert found["Difference"] == "none"
    assert found.keys().isdisjoint({"Test set error", "Other settings", "Learning rates", "By epoch"})
    trains = dict(claim_sentences.facts(TRAINED, none, LABELS, 0.01, Beside()))
    assert trains["Difference"] == (
        "+3 points in the share that trained, interval +2 to +4 (Newcombe's, which is approximate: the exact test decides)"
    )
    assert trains.keys().isdisjoint({"Margin", "Test set error"})


NONE = pd.DataFrame({"setting": [], "answer": []})


def test_the_test_set_error_of_a_difference_is_that_of_independent_failures():
    def said(beside=None, **changes):
        row = (
            ROW | {"n_trained_other": 5, "n_pairs": 5, "test_error": 0.03, "test_error_other": 0.04} | changes
        )
        return dict(claim_sentences.facts(row, NONE, LABELS, 0.01, beside or Beside()))["Test set error"]

    both = "mine ±3.00, ReLU ±4.00 points"
    assert said() == f"{both}; of the difference at most ±5.00, unless their errors are negatively correlated"
    assert said(n_pairs=4) == said(n_trained=4) == both  # means and differences are not of the same seeds
    assert said(Beside(same=True)) == both


BEHIND = Search((), (0.01, 0.1, 0.3), (), -1, 20)


@pytest.mark.parametrize(
    ("changes", "beside", "outcome", "but"),
    [
        ({}, Beside(BEHIND), "holds", "but behind at all 3 rates in the 20-epoch search"),
        ({}, Beside(SEARCH), "holds", "but behind in the 20-epoch search, each at its best rate"),
        ({}, Beside(SEARCH._replace(best=1)), "holds", ""),
        ({"verdict": "worse", "answer": "does not hold", "difference": -0.03}, Beside(BEHIND), "does not hold", ""),
        ({"verdict": "inconclusive", "answer": "inconclusive"}, Beside(BEHIND), "inconclusive", ""),
        ({}, Beside(), "holds", ""),
        ({"relation": "="}, Beside(same=True), "no finding", "no finding: the runs are identical"),
    ],
)  # fmt: skip
def test_the_closed_line_says_what_speaks_against_the_answer(changes, beside, outcome, but):
    row = ROW | changes
    assert (claim_sentences.outcome(row, beside), claim_sentences.but(row, beside)) == (outcome, but)


def test_what_identical_runs_say_is_no_finding():
    known = KNOWN._replace(same={(8, ""): [("mine", "other", "ReLU")]})
    text = quoted(known, relation="=", verdict="equivalent", difference=0.0, n_trained_other=5)
    assert text.endswith(
        " No finding: the runs of both are the same in every loss and accuracy, as those of one function; the interval is "
        "that of rounding to whole examples."
    )
    assert "No finding" not in quoted(known._replace(same={(4, ""): [("mine", "ReLU")]}))
    assert "No finding" not in quoted(known._replace(setting="he"))
    trains = claim_sentences.quote(TRAINED | OPENED, LABELS, known)
    assert trains.endswith(
        " No finding: the runs of both are the same in every loss and accuracy, as those of one function."
    )
    found = dict(claim_sentences.facts(ROW | {"relation": "="}, NONE, LABELS, 0.01, Beside(same=True)))
    assert found["Difference"].endswith("interval +2.00 to +4.00, that of rounding to whole examples")


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (7.0, 46.0, "7 to 46 that train with both"),
        (7.0, None, "7 to more than 1,000 that train with both"),
        (None, None, "more than 1,000 that train with both"),
        (2.0, 2.0, "2 that train with both"),
    ],
)
def test_seeds_needed_are_a_range(low, high, text):
    row = ROW | {"answer": "inconclusive", "required_low": low, "required_high": high}
    assert claim_sentences.required(row) == text
    assert claim_sentences.required(row | {"difference_low": None}) == "not known: no interval"
