"""Sentences on the recipe, each with data of which it must say something, and of which it must not."""

import pandas as pd
import pytest
from actbench.report import recipe_sentences as sentences
from actbench.report.numbers import NBSP

pytestmark = pytest.mark.fault(
    "sentences on the recipe",
    "results of which a sentence on settings or tuning would be false: one setting, no choice at the edge, fixed rates",
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
