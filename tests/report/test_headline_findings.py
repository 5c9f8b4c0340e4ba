"""The findings below the headline, of known tables: what they say, and that they say no more."""

import re

import made_up
import pandas as pd
from actbench.report import headline
from test_headline import LABELS


def cell(activation, n_trained=5, mean=0.97, verdict="inconclusive", depth=2, **others):
    n_pairs = 0 if verdict == "baseline" else n_trained
    return {
        "activation": activation,
        "depth": depth,
        "setting": "default",
        "n_seeds": 5,
        "n_trained": n_trained,
        "n_diverged": 0,
        "difference": 0.0 if n_pairs > 1 else None,
        "difference_low": -0.1,
        "difference_high": 0.1,
        "mean": mean if n_trained > 1 else None,
        "median": mean if n_trained else None,
        "baseline": "relu",
        "verdict": verdict,
        "n_pairs": n_pairs,
        "n_improving": 0,
    } | others


def trained(*cells, folds=1, history=None):
    return headline.trained(pd.DataFrame(cells), LABELS, folds, history)


def test_who_trained():
    assert trained(cell("relu"), cell("tanh")) == "All 10 networks trained."
    assert trained(cell("relu", 0), cell("tanh", 0, n_diverged=2)) == (
        "0 of 10 networks trained; 2 diverged."
    )
    assert trained(cell("relu", 3), cell("tanh"), cell("elu", 0)) == (
        "8 of 15 networks trained; none of ELU; some of ReLU."
    )
    assert trained(cell("relu", n_seeds=1, n_trained=1)) == "The one network trained."
    assert trained(cell("relu", 1), folds=3) == "1 of 5 sets of 3 folds trained."


def test_who_did_not_train_is_named_with_its_depths_if_there_are_few():
    deep = [cell("sigmoid", 0, depth=4), cell("sigmoid", 0, depth=8), cell("swish", 0, depth=8)]
    some = [cell("relu", 4, depth=8), cell("elu", 3, depth=8)]
    assert trained(cell("tanh"), *deep, *some) == (
        "12 of 30 networks trained; none of sigmoid (depth 4 and 8) and swish (depth 8); some of ReLU and ELU (depth 8)."
    )
    many = [cell(key, 0, depth=d) for d, key in enumerate(LABELS)]
    assert trained(cell("relu", depth=9), *many) == "5 of 35 networks trained; none of 6 activations."


def test_what_diverged_is_told_with_what_it_had_reached():
    history = pd.DataFrame(
        {
            "activation": "elu",
            "depth": 2,
            "seed": [0, 0, 1, 1],
            "fold": 0,
            "val_accuracy": [0.62, 0.3, 0.577, None],
        }
    )
    history = pd.concat([history, history.assign(activation="tanh", val_accuracy=0.99)])
    lost = cell("elu", 0, n_diverged=5)
    assert trained(cell("tanh"), lost, history=history).replace("\N{NO-BREAK SPACE}", " ") == (
        "5 of 10 networks trained; ELU: all 5 diverged (best validation accuracy before: 58 to 62 %)."
    )
    assert trained(cell("tanh"), lost) == "5 of 10 networks trained; ELU: all 5 diverged."
    assert trained(cell("tanh"), lost, history=history.assign(val_accuracy=float("nan"))).endswith(
        "diverged."
    )
    assert trained(lost) == "0 of 5 networks trained; all 5 diverged."
    assert trained(cell("tanh"), cell("relu", 3, n_diverged=2)) == (
        "8 of 10 networks trained; some of ReLU; 2 diverged."
    )


def accuracy(*cells):
    text = headline.accuracy(pd.DataFrame(cells).astype({"mean": float}), LABELS)
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_how_well_at_the_ends_of_depth_and_how_many_verdicts():
    cells = [
        cell("relu", verdict="baseline", mean=0.9),
        cell("tanh", verdict="better", mean=0.98),
        cell("relu", verdict="baseline", mean=0.7, depth=4),
        cell("tanh", verdict="worse", mean=0.2, depth=4),
        cell("relu", verdict="baseline", mean=0.8, depth=8),
        cell("tanh", 0, depth=8),
    ]
    assert accuracy(*cells) == (
        "Mean test accuracy: 90.0 to 98.0 % at depth 2, 80.0 % at depth 8; against ReLU: "
        "1 better, 1 worse, 1 not comparable (failed)."
    )
    assert accuracy(*cells[:1]) == "Mean test accuracy: 90.0 % at depth 2."


def test_a_difference_that_is_not_0_but_may_be_within_the_margin_is_counted_by_itself():
    cells = [cell("relu", verdict="baseline"), cell("tanh", difference_low=0.001), cell("elu", n_pairs=1)]
    assert accuracy(*cells, cell("swish")).endswith(
        "; against ReLU: 1 better?, 1 inconclusive, 1 not comparable (failed)."
    )


def test_where_nothing_trained_there_is_no_accuracy():
    assert accuracy(cell("relu", 0, verdict="baseline")) == ""
    nothing = accuracy(cell("relu", 0, verdict="baseline"), cell("tanh", 0))
    assert nothing == "Against ReLU: 1 not comparable (failed)."


def test_what_has_no_mean_is_named_and_its_comparisons_are_not_inconclusive():
    cells = [
        cell("relu", 4, verdict="baseline", runs_disagree=True) | {"mean": None, "min": 0.45, "max": 0.74},
        cell("tanh", difference=None),
    ]
    assert accuracy(*cells, cell("elu")) == (
        "Mean accuracy: 97.0 % at depth 2 (ReLU 45 to 74 %); against ReLU: 1 inconclusive, 1 not comparable (runs disagree)."
    )
    deep = [one | {"depth": 8} for one in (*cells, cell("elu"))]
    assert accuracy(cell("relu", verdict="baseline"), cell("tanh"), *deep) == (
        "Mean accuracy: 97.0 % at depth 2, 97.0 % at depth 8 (ReLU 45 to 74 %); against ReLU: 2 inconclusive, 1 not comparable (runs disagree)."
    )


def test_one_seed_has_accuracies_and_no_verdict():
    one = {"n_seeds": 1, "n_trained": 1}
    text = accuracy(cell("relu", verdict="baseline", **one), cell("tanh", mean=0.5, **one))
    assert text == "Test accuracy: 50.0 to 97.0 % at depth 2."


def decides(settings=("default",), rate="tuned", keys=("sigmoid", "tanh", "relu"), **changes):
    config = made_up.config(settings, rate, depths=(2, 4), keys=keys, **changes)
    tables = made_up.tables(config)
    return headline.recipe(tables["comparison"], tables.get("rates"), config["settings"], made_up.LABELS)


def test_the_recipe_of_one_setting_is_how_rates_were_chosen():
    assert re.fullmatch(
        r"Rates tuned for each activation and depth \(0.003 to 0.3; 20 of 40 epochs; edge: sigmoid, 0.003\); "
        r"1 chosen rate trained none in tuning\.",
        decides(),
    )
    assert decides(rate=0.05) == (
        "One learning rate (0.05) for all activations; tuned for each, they may rank otherwise."
    )


def test_the_recipe_of_several_settings_is_who_trained_with_which():
    assert decides(("default", "critical")) == (
        "With “critical” sigmoid (depth 4) trained (5 of 5); in 1 cell of “default” no network with the chosen rate "
        "trained in tuning (20 of 40 epochs)."
    )
    assert decides(("default", "critical", "layer"), rate=0.1) == (
        "With any other setting sigmoid (depth 4) trained (5 of 5); learning rates are not tuned."
    )
    assert decides(("default", "critical"), keys=("tanh", "relu")) == (
        "Of 20 networks, 20 with “default” and 20 with “critical” trained; learning rates are tuned."
    )
    assert decides(tuple(made_up.OVERRIDES), keys=("tanh", "relu")).startswith(
        "Of 20 networks, 20 with each of 5 settings trained"
    )


def test_the_limits():
    cells = pd.DataFrame([cell("relu", n_improving=2), cell("tanh", 3)])
    text = headline.limits(made_up.config(("default",), depths=(2,)), cells)
    assert text.replace("\N{NO-BREAK SPACE}", " ") == (
        "One data set, one test set, one recipe (SGD, PyTorch's default initialisation), 64 units a layer, n = 5 seeds; "
        "2 of 8 still improving."
    )
    deep = pd.DataFrame(
        [cell("relu", depth=8, n_improving=3), cell("tanh", depth=8), *[cell("elu", n_improving=1)] * 3]
    )
    assert headline.limits(made_up.config(), deep).endswith("6 of 25 trained networks still improving.")
    deep["n_improving"] = [5, 3, 1, 0, 0]
    assert headline.limits(made_up.config(), deep).endswith(
        " still improving, 8 of them among the 10 at depth 8."
    )
    folded = made_up.config() | {"evaluation": {"folds": 5}}
    assert headline.limits(folded, deep).startswith("One data set, 64 units")
    several = headline.limits(made_up.config(n_seeds=1), cells[1:])
    assert several.replace("\N{NO-BREAK SPACE}", " ") == (
        "One data set, one test set, 64 units a layer, n = 1 seed, which gives no interval."
    )


def test_a_setting_in_which_less_trains_is_told_from_the_other_end():
    made = made_up.tables(
        made_up.config(("default", "critical"), depths=(2, 4), keys=("sigmoid", "tanh", "relu"))
    )
    config = made_up.config(("critical", "default"), 0.1, depths=(2, 4))
    text = headline.recipe(made["comparison"], None, config["settings"], made_up.LABELS)
    assert text.startswith("With “critical” sigmoid (depth 4) trained (5 of 5), with “default” not;")


def test_settings_in_which_the_same_trains_are_counted_if_they_are_not_all():
    made = made_up.tables(made_up.config(("default", "critical", "he", "xavier"), depths=(4,)))["comparison"]
    fails = (made["setting"] == "he") & (made["activation"] == "sigmoid")
    made.loc[fails, "n_trained"] = 2
    settings = made_up.config(("default", "critical", "he", "xavier"), 0.1)["settings"]
    text = headline.recipe(made, None, settings, made_up.LABELS)
    assert text.startswith("With each of 2 others sigmoid trained (5 of 5);")
