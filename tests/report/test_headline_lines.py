"""A headline takes one line of a wide screen where names are not too long, and leaves out nothing that it rests on."""

import made_up
import pytest
from actbench.report import headline, search_sentences
from made_up_cells import runs
from test_headline import BETTER, LABELS, MIXED, difference, leaders, said

LONG = {key: f"{label} of a long name" for key, label in LABELS.items()}


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        (
            {"tanh": BETTER, "elu": MIXED, "relu": MIXED[::-1], "sigmoid": [0.6] * 5},
            "ELU of a long name cannot be told apart from 2 of the 3 others told apart by average rank at",
        ),
        (dict.fromkeys(LABELS, BETTER), " cannot be told apart from any of the 5 others by average rank at"),
        (
            {"tanh": MIXED, "elu": MIXED, "relu": MIXED[::-1], "sigmoid": [0.1] * 5},
            "Of 3 that always trained, ELU of a long name cannot be told apart from any other by average rank at",
        ),
        (
            {key: [0.9, 0.1] for key in LABELS},
            "No activation always trained; 6 of 6 trained most often (1 of 2 each) at depth 2",
        ),
    ],
    ids=["some tied", "all tied", "one never trained", "none always trained"],
)
def test_long_names_are_counted_so_that_a_headline_takes_one_line(accuracies, expected):
    claim, basis = headline.headline(runs(**accuracies), LONG, leaders(runs(**accuracies)))
    assert expected in f"{claim} {basis}" and len(claim) <= headline.LINE


def test_who_is_compared_is_said_below_a_headline_that_has_no_room_for_it():
    frame = runs(tanh=BETTER, elu=MIXED, relu=MIXED[::-1], sigmoid=[0.6] * 5, swish=[0.1] * 5)
    leading = leaders(frame, difference("relu", "elu", -0.1, -0.01))
    claim, basis = headline.headline(
        frame, LABELS | {"elu": "exponential", "tanh": "hyperbolic"}, leading, "he"
    )
    assert claim == "exponential ranks best of 4, and only hyperbolic cannot be told apart from it"
    by = "told apart by average rank at depth 2 or an accuracy interval"
    assert basis.startswith(f"of 4 activations that always trained, {by}, setting")
    short, below = headline.headline(frame, {**LABELS, "elu": "E", "tanh": "t"}, leading)
    assert short == "Of 4 that always trained, E ranks best, and only t cannot be told apart from it"
    assert below.startswith(by)


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ([("sigmoid", 4), ("sigmoid", 8), ("swish", 8)], "; 3 chosen rates trained none in tuning."),
        ([("tanh", 2)], "; 1 chosen rate trained none in tuning."),
        ([], "; learning rates are tuned."),
    ],
)
def test_cells_of_which_the_search_trained_nothing_are_counted(lost, words):
    config = made_up.config(("default", "critical"))
    tables = made_up.tables(config)
    rates = tables["rates"].assign(n_trained=1)
    own = [place in lost for place in zip(rates["activation"].astype(str), rates["depth"], strict=True)]
    rates.loc[own, "n_trained"] = 0
    found = headline.recipe(tables["comparison"], rates, config["settings"], made_up.LABELS)
    turned = (
        "With “critical” sigmoid (depth 4 and 8) and swish (depth 8) trained (5 of 5), ELU (depth 8) 3 of 5"
    )
    assert found == f"{turned}{words}" and len(found) <= headline.FINDING
    long = search_sentences.failing(rates, config["settings"])
    cells = f"; in {len(lost)} cell{'s' if len(lost) > 1 else ''} of “default” no network with the chosen rate trained"
    assert long == (f"{cells} in tuning (20 of 40 epochs)" if lost else "")


def test_four_ties_are_named():
    level = {key: [0.9, 0.91, 0.92] for key in list(LABELS)[:5]}
    assert said(runs(**level)).startswith(
        "ELU cannot be told apart from ReLU, sigmoid, swish and tanh (by average"
    )
