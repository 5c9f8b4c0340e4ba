"""What another setting changes in part, and what the table of changes leaves out."""

import pandas as pd
import pytest
from actbench.report import partly_sentences
from actbench.report.numbers import NBSP

LABELS = {"relu": "ReLU", "swish": "swish", "tanh": "tanh"}
SETTINGS = ["default", "critical"]


def cell(key, setting, n_trained, mean=0.97, depth=8, **changes):
    row = {"activation": key, "depth": depth, "setting": setting, "n_trained": n_trained, "n_seeds": 5}
    return row | {"mean": mean, "min": 0.45, "max": 0.74, "runs_disagree": mean is None} | changes


def said(*rows, settings=SETTINGS):
    return partly_sentences.changed(pd.DataFrame(rows), LABELS, settings).replace(NBSP, " ")


def test_gains_and_costs_are_told_with_accuracies():
    rows = [cell("relu", "default", 4, None), cell("relu", "critical", 5)]
    rows += [cell("swish", "default", 5, depth=4), cell("swish", "critical", 4, 0.975, depth=4)]
    assert said(*rows) == (
        "With “critical” instead of “default”, ReLU at depth 8 (5 of 5 at 97.0 % instead of 4 of 5 at 45.0 to 74.0 %) "
        "trained from more seeds; swish at depth 4 (4 of 5 at 97.5 % instead of 5 of 5 at 97.0 %) trained from fewer "
        "seeds."
    )


@pytest.mark.parametrize(("after", "text"), [(4, ""), (3, "swish (depth 4) 3 of 5"), (0, "")])
def test_one_network_less_is_no_finding_of_the_first_screen(after, text):
    rows = [cell("relu", "default", 4, None), cell("relu", "critical", 5)]
    rows += [cell("swish", "default", 5, depth=4), cell("swish", "critical", after, 0.975, depth=4)]
    assert partly_sentences.fewer(pd.DataFrame(rows), LABELS, *SETTINGS[:1], SETTINGS[1:]) == text


@pytest.mark.parametrize(("before", "after"), [(0, 5), (5, 0), (3, 3), (5, 5)])
def test_what_turned_as_a_whole_or_not_at_all_is_no_part(before, after):
    assert said(cell("relu", "default", before), cell("relu", "critical", after)) == ""


@pytest.mark.parametrize(("before", "after", "word"), [(0, 1, "more"), (1, 0, "fewer"), (4, 5, "more")])
def test_any_other_change_is_told(before, after, word):
    text = said(cell("relu", "default", before), cell("relu", "critical", after))
    assert f"trained from {word} seeds" in text


def test_one_setting_changes_nothing():
    assert said(cell("relu", "default", 3), settings=["default"]) == ""


def left_out(rows, cells):
    table = pd.DataFrame(
        {"activation": key, "depth": depth, "setting": "critical", "n": n, "n_left_out": 5 - n}
        for key, depth, n in rows
    )
    return partly_sentences.left_out(table, pd.DataFrame(cells), LABELS, SETTINGS, "relu")


def test_depths_that_are_left_out_have_their_reason():
    cells = [cell("relu", "default", 4, None), cell("swish", "default", 5), cell("tanh", "default", 5)]
    assert left_out([("swish", 8, 0), ("tanh", 8, 0), ("tanh", 4, 2), ("swish", 4, 3)], cells) == (
        "Left out of the changes over depths: depth 8 of all 2 activations (runs of ReLU with “default” disagree); "
        "depth 4 of tanh (too few seeds trained in all four networks); the numbers of who trained hold there too."
    )
    assert left_out([("swish", 4, 3), ("tanh", None, 0)], cells) == ""
