"""Sentences on the recipe, each with data of which it must say something, and of which it must not."""

import pandas as pd
import pytest
from actbench.report import recipe_sentences as sentences
from actbench.report.numbers import NBSP

pytestmark = pytest.mark.fault(
    "sentences on the recipe",
    "results of which a sentence on settings or tuning would be false: one setting, one seed, nothing decided, no "
    "choice at the edge, fixed rates, settings that changed only some seeds",
    "it does not appear, or says what holds",
)

LABELS = {"relu": "ReLU", "tanh": "tanh", "elu": "ELU", "sigmoid": "sigmoid"}


def setting(rate=0.05, grid=(0.01, 0.1), seeds=3, epochs=None, **network):
    return {
        "network": {"initialisation": "default", "norm": "none", "residual": False} | network,
        "training": {"optimizer": "sgd", "learning_rate": rate, "max_epochs": 40},
        "tuning": {"learning_rate": list(grid), "seeds": seeds, "max_epochs": epochs},
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            setting(),
            "SGD at learning rate 0.05, PyTorch's default initialisation, no normalisation of layers",
        ),
        (
            setting("tuned", initialisation="critical", norm="layer", residual=True),
            "SGD at a tuned learning rate, critical initialisation, layer normalisation, residual connections",
        ),
    ],
)
def test_a_recipe_in_words(given, words):
    assert sentences.recipe(given["network"], given["training"]) == words


def test_networks_in_words():
    plain = setting()["network"] | {"family": "mlp"}
    assert sentences.networks(plain) == "a multilayer perceptron with PyTorch's default initialisation"
    assert sentences.networks(plain | {"norm": "batch", "residual": True}) == (
        "a multilayer perceptron with PyTorch's default initialisation, batch normalisation and residual connections"
    )
    assert sentences.networks({"family": "dropout", "rate": 0.1}) == "of the family dropout"


def test_a_family_without_these_keys_is_not_given_them():
    training = {"optimizer": "adamw", "learning_rate": 0.001}
    assert sentences.recipe({"family": "cnn"}, training) == "AdamW at learning rate 0.001"
    assert sentences.recipe({"norm": "group"}, training).endswith("norm “group”")


@pytest.mark.parametrize(
    ("network", "training", "words"),
    [
        ({}, {"schedule": "cosine", "warmup_epochs": 1}, "0.05, cosine schedule, 1 epoch of warm-up"),
        ({}, {"warmup_epochs": 2, "weight_decay": 0.01}, "0.05, 2 epochs of warm-up, weight decay 0.01"),
        ({"initialisation": "orthogonal", "gain": 1.4}, {}, "orthogonal initialisation of gain 1.4"),
        ({"hidden_sizes": [[16, 16], [16] * 4]}, {}, "16 units a hidden layer"),
        ({"hidden_sizes": [[64, 32]]}, {}, "32 and 64 units a hidden layer"),
    ],
)
def test_what_changes_training_is_in_the_recipe(network, training, words):
    given = {"optimizer": "sgd", "learning_rate": 0.05} | training
    assert sentences.recipe(network, given).endswith(words)


def test_what_changes_nothing_is_not_in_the_recipe():
    given = {"optimizer": "sgd", "learning_rate": 0.05, "schedule": "constant", "warmup_epochs": 0}
    network = {"initialisation": "he", "gain": 1.4, "residual": False}
    assert sentences.recipe(network, given | {"weight_decay": 0.0}) == (
        "SGD at learning rate 0.05, He's initialisation"
    )


def test_one_setting_is_said_to_hold_for_itself_only_and_how_to_widen_it():
    text = sentences.only_this_recipe({"default": setting()})
    assert text.startswith("All this holds for one recipe only: SGD at learning rate 0.05, PyTorch's default")
    for words in ("“training.learning_rate: tuned”", "“settings:”", "studies/fair.yaml"):
        assert words in text


def test_a_tuned_study_of_one_setting_is_not_told_to_tune():
    text = sentences.only_this_recipe({"default": setting("tuned")})
    assert "a tuned learning rate" in text and "“settings:”" in text
    assert "learning_rate: tuned" not in text


def test_several_settings_are_no_recipe_of_their_own():
    assert sentences.only_this_recipe({"default": setting(), "he": setting(initialisation="he")}) == ""


def test_several_settings_of_fixed_rates_are_told_to_tune():
    same = sentences.untuned({"default": setting(), "he": setting()})
    assert same.startswith(
        "All activations have the same learning rate, 0.05; “training.learning_rate: tuned”"
    )
    different = sentences.untuned({"default": setting(), "he": setting(0.1)})
    assert different.startswith("All activations of a setting have the same learning rate; ")
    part = sentences.untuned({"default": setting("tuned"), "he": setting(0.1)})
    assert part.startswith("All activations have the same learning rate with “he”, 0.1; ")
    assert sentences.untuned({"default": setting("tuned"), "he": setting("tuned")}) == ""
    assert sentences.untuned({"default": setting()}) == ""


def test_one_candidate_is_a_fixed_rate():
    one = setting("tuned", grid=(0.1,))
    assert "SGD at learning rate 0.1," in sentences.only_this_recipe({"default": one})
    assert sentences.untuned({"default": one, "he": setting("tuned")}).startswith(
        "All activations have the same learning rate with “default”, 0.1;"
    )
    assert tuned(rates(True, True), {"default": one}) == ""


def tuned(table, settings):
    return sentences.tuned(table, settings, {f"a{number}": f"a{number}" for number in range(3)})


def rates(*at_edge, settings=("default",), folds=1, n_trained=3):
    """A choice an activation and setting."""
    rows = [
        {"activation": f"a{number}", "depth": 2, "setting": name, "fold": fold, "at_edge": edge}
        for number, edge in enumerate(at_edge)
        for name in settings
        for fold in range(folds)
    ]
    return pd.DataFrame(rows).assign(n_trials=6, epochs_spent=100, n_trained=n_trained, learning_rate=0.1)


@pytest.mark.parametrize(
    ("at_edge", "words"),
    [
        ((False, False), "none of the 2 choices lies at the edge of the grid."),
        ((True, False), "1 of the 2 choices lies at the edge of the grid (a0, 0.1)."),
        ((True, True), "2 of the 2 choices lie at the edge of the grid (a0 0.1 and a1 0.1)."),
        ((True,), "; the choice lies at the edge of the grid (a0, 0.1)."),
        ((False,), "; the choice does not lie at the edge of the grid."),
    ],
)
def test_choices_at_the_edge_are_counted(at_edge, words):
    text = tuned(rates(*at_edge), {"default": setting("tuned")})
    assert text.startswith(
        "Learning rates are tuned for each activation and depth, over 2 candidates (0.01 to 0.1)"
    )
    assert "with 3 tuning seeds" in text and text.endswith(words)


@pytest.mark.parametrize(
    ("n_trained", "words"),
    [
        (
            [0, 3, 1],
            "in 1 of the 3 searches no network with the chosen rate trained within 40 epochs; 1 of the other 2 choices lies at",
        ),
        (
            [3, 3, 0],
            "in 1 of the 3 searches no network with the chosen rate trained within 40 epochs; 2 of the other 2 choices lie at",
        ),
        (
            [0, 3, 0],
            "in 2 of the 3 searches no network with the chosen rate trained within 40 epochs; the other choice lies at",
        ),
        (
            [0, 0, 3],
            "in 2 of the 3 searches no network with the chosen rate trained within 40 epochs; the other choice does not lie at",
        ),
        (
            [0, 0, 0],
            "with 3 tuning seeds; in none of the 3 searches did a network with the chosen rate train within 40 epochs.",
        ),
    ],
)
def test_searches_that_found_nothing_are_said_and_are_not_among_the_edges(n_trained, words):
    table = rates(True, True, False).assign(n_trained=n_trained)
    assert words in tuned(table, {"default": setting("tuned")})


def test_one_search_that_found_nothing():
    text = tuned(rates(True, n_trained=0), {"default": setting("tuned")})
    assert text.endswith("; no network with the chosen rate trained within 40 epochs.")


def test_what_was_tuned_names_settings_and_grids_only_as_they_are():
    both = {"default": setting("tuned"), "adam": setting("tuned", grid=(0.1, 1, 10), seeds=1)}
    text = tuned(rates(False, settings=("default", "adam")), both)
    assert "for each activation, depth and setting, over 2 or 3 candidates with 1 or 3 tuning seeds" in text
    one = {"default": setting("tuned", seeds=1), "adam": setting(0.1)}
    assert (
        "are tuned with “default” for each activation and depth, over 2 candidates (0.01 to 0.1) with 1 tuning seed;"
        in (tuned(rates(False), one))
    )
    assert "activation, depth and fold" in tuned(rates(False, folds=2), {"default": setting("tuned")})


def test_the_budget_is_that_of_the_search():
    text = sentences.budget(rates(False, True), {"default": setting("tuned")}, 90)
    assert text == (
        "Budget, the same for every activation at each depth: 2 candidates × 3 tuning seeds = 6 networks of at most "
        "40 epochs. In all 12 networks and 200 epochs, beside the 90 networks evaluated; no evaluated network took "
        "part in the choice."
    )
    settings = {"default": setting("tuned", epochs=10), "adam": setting("tuned", grid=(1, 2, 3), epochs=20)}
    text = sentences.budget(rates(False, settings=("default", "adam")), settings, 90)
    assert "depth and setting: 6 or 9 networks of at most 10 or 20 epochs" in text


def test_a_budget_of_one_is_in_the_singular_and_of_one_setting_names_it():
    settings = {"default": setting("tuned", grid=(0.1,), seeds=1, epochs=1), "he": setting()}
    text = sentences.budget(rates(False).assign(n_trials=1, epochs_spent=1), settings, 1)
    assert text.startswith(
        "Budget with “default”, the same for every activation at each depth: 1 candidate × 1 tuning seed = 1 network of "
        "at most 1 epoch. In all 1 network and 1 epoch, beside the 1 network evaluated;"
    )


def test_networks_that_trained_are_counted_by_setting():
    runs = pd.DataFrame({"setting": ["a"] * 3 + ["b"] * 3, "trained": [True, False, False, True, True, True]})
    runs["seed"] = [0, 1, 2] * 2
    assert sentences.trained_by_setting(runs, ["a", "b"]) == (
        f"Of 3 networks in each setting (n{NBSP}={NBSP}3 seeds), 1 trained with “a” and 3 with “b”."
    )
    assert sentences.trained_by_setting(runs[:3], ["a"]) == ""
    assert sentences.trained_by_setting(runs[2:4], ["a", "b"]).startswith(
        f"Of 1 network in each setting (n{NBSP}={NBSP}2 seeds), 0 trained"
    )


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
