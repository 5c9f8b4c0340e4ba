"""The search for learning rates beside training: how much shorter it is, its edges and ties, and who diverged later."""

import made_up
import pandas as pd
import pytest
from actbench.report import headline, quotes, search_sentences
from actbench.report.search_sentences import Later

LABELS = {"prelu": "PReLU", "relu": "ReLU", "tanh": "tanh"}
SETTING = {
    "training": {"learning_rate": "tuned", "max_epochs": 50},
    "tuning": {"learning_rate": [0.01, 0.03, 0.1], "seeds": 2, "max_epochs": 20},
}
SETTINGS = {"default": SETTING}
CELL = {"activation": "prelu", "depth": 2, "setting": "default", "fold": 0}


def rates(**changes):
    return pd.DataFrame([CELL | {"learning_rate": 0.1, "at_edge": True, "n_trained": 2} | changes])


def tuning(*scores):
    """Two seeds' scores of each candidate, of equal sum where the given means are equal."""
    rows = [
        CELL | {"learning_rate": rate, "seed": seed, "score": mean + (0.1 + rate) * (-1) ** seed}
        for rate, mean in zip(SETTING["tuning"]["learning_rate"], scores, strict=True)
        for seed in (0, 1)
    ]
    return pd.DataFrame(rows)


def runs(*epochs, n=4, **changes):
    """The first networks diverged in these epochs."""
    ended = [*epochs, *[50] * (n - len(epochs))]
    return pd.DataFrame(
        CELL
        | {"seed": seed, "epochs_run": run, "status": "diverged" if seed < len(epochs) else "ok", **changes}
        for seed, run in enumerate(ended)
    )


def test_networks_that_diverged_with_a_rate_that_trained_in_tuning_are_told():
    found = search_sentences.later(runs(46, 29, n=2), rates(), SETTINGS, tuning(0.3, 0.6, 0.6))
    assert found == {("prelu", 2, "default"): Later((0.1,), (0.03,), (2, 2), 20, 50, 2, 2, (46, 29))}
    assert search_sentences.diverged(found, LABELS) == (
        "PReLU (depth 2) was tuned for 20 epochs and trained for up to 50: with the chosen rate, 0.1 (tied with 0.03), "
        "2 of 2 networks trained in tuning, and 2 of 2 then diverged in epochs 29 to 46. This says nothing of other rates."
    )
    one = search_sentences.later(runs(29), rates(n_trained=1), SETTINGS)
    text = search_sentences.diverged(one, LABELS, several=True)
    assert text.startswith("PReLU (depth 2, “default”) was tuned") and "(tied" not in text
    assert "1 of 2 networks trained in tuning, and 1 of 4 then diverged in epoch 29." in text


@pytest.mark.parametrize(
    ("made", "chosen", "settings"),
    [
        (runs(), rates(), SETTINGS),
        (runs(29), rates(n_trained=0), SETTINGS),
        (runs(29), None, SETTINGS),
        (runs(29), rates(), {"default": SETTING | {"tuning": SETTING["tuning"] | {"learning_rate": [0.1]}}}),
    ],
    ids=["none diverged", "rate failed in tuning", "no search", "one candidate"],
)
def test_nothing_is_said_of_what_tuning_did_not_promise(made, chosen, settings):
    assert search_sentences.later(made, chosen, settings) == {}
    assert search_sentences.diverged({}, LABELS) == ""


def test_several_cells_are_listed_with_their_epochs():
    one = search_sentences.later(runs(29, 31), rates(), SETTINGS)[("prelu", 2, "default")]
    text = search_sentences.diverged({("prelu", 2, "default"): one, ("tanh", 4, "default"): one}, LABELS)
    assert text == (
        "Tuned for 20 epochs and trained for up to 50, networks of 2 cells diverged with a rate that had trained in "
        "tuning: PReLU at depth 2 (2 of 4, epochs 29 to 31) and tanh at depth 4 (2 of 4, epochs 29 to 31). This says "
        "nothing of other rates."
    )


def test_it_stands_in_the_sentence_to_quote():
    known = quotes.About("study", "digits", "ReLU", "", 5, 1, 15, 0.01, 300, {("PReLU", 4, ""): "PReLU was."})
    row = {
        "activation": "prelu",
        "depth": 4,
        "n_seeds": 5,
        "n_trained": 0,
        "n_pairs": 0,
        "verdict": "inconclusive",
    }
    base = row | {"activation": "relu", "verdict": "baseline", "n_trained": 5}
    rows = pd.DataFrame([row | {"depth": depth} for depth in (2, 4)] + [base | {"depth": d} for d in (2, 4)])
    rows = rows.assign(p_sign_flip=None, n_improving=0, n_diverged=0)
    shallow, deep = quotes.of(rows, LABELS, known)
    assert deep.endswith("are not compared. PReLU was.") and "PReLU was." not in shallow


def test_ties_are_of_the_best_score_and_exact():
    assert search_sentences.ties(tuning(0.6, 0.3, 0.6), rates()) == {("prelu", 2, "default", 0): [0.01]}
    assert search_sentences.ties(tuning(0.6 - 1e-9, 0.3, 0.6), rates()) == {}
    assert search_sentences.ties(tuning(0.5, 0.5, 0.6), rates()) == {}


def test_edges_are_named_with_their_rate():
    table = pd.concat([rates(depth=depth) for depth in (2, 4, 8)])
    assert search_sentences.edges(table, LABELS) == "PReLU, 0.1"
    more = pd.concat(
        [table, rates(activation="tanh", learning_rate=0.01), rates(activation="relu", n_trained=0)]
    )
    assert search_sentences.edges(more, LABELS) == "PReLU 0.1 in 3 and tanh 0.01"
    assert search_sentences.edges(rates(at_edge=False), LABELS) == ""


def test_a_search_that_is_as_long_as_training_is_not_shorter():
    assert search_sentences.shorter(SETTINGS) == "20 of 50"
    whole = SETTING | {"tuning": SETTING["tuning"] | {"max_epochs": None}}
    fixed = SETTING | {"training": {"learning_rate": 0.1, "max_epochs": 50}}
    assert search_sentences.shorter({"a": whole, "b": fixed}) == ""


def test_a_cell_whose_search_saw_no_training_may_train():
    cells = pd.DataFrame([CELL | {"n_trained": 3, "n_seeds": 5}])
    text = search_sentences.untrained(cells, rates(n_trained=0), SETTINGS, LABELS)
    assert text == (
        "The search is shorter than training (20 of 50 epochs): that no network with the chosen rate trained in it in "
        "1 cell says no more than that. In training some did there: PReLU at depth 2 (3 of 5)."
    )
    none = search_sentences.untrained(cells.assign(n_trained=0), rates(n_trained=0), SETTINGS, LABELS)
    assert none.endswith("says no more than that.")
    assert search_sentences.untrained(cells, rates(), SETTINGS, LABELS) == ""


def test_a_setting_with_a_given_rate_beside_a_tuned_one_has_no_search():
    """Its grid is None, as the schema has it."""
    fixed = {"training": {"learning_rate": 0.1, "max_epochs": 50}, "tuning": {"learning_rate": None}}
    assert search_sentences.candidates(fixed) == []
    assert search_sentences.failing(rates(n_trained=0), {"default": fixed}) == ""
    assert search_sentences.shorter({"default": fixed}) == ""
    assert search_sentences.chosen(None, {"default": fixed}, LABELS).startswith(
        "one learning rate (0.1) for all"
    )


def test_a_made_up_study_has_its_edges_on_the_first_screen_too():
    config = made_up.config(("default", "critical"))
    tables = made_up.tables(config)
    text = headline.limits(config, tables["comparison"], tables["rates"], made_up.LABELS)
    assert "; rates tuned for 20 of 40 epochs (edge: " in text
