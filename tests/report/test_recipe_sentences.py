"""Sentences on the recipe, each with data of which it must say something, and of which it must not."""

import pandas as pd
import pytest
from actbench.report import recipe_sentences as sentences

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


def rates(*at_edge, settings=("default",), folds=1):
    """A choice an activation and setting."""
    rows = [
        {"activation": f"a{number}", "depth": 2, "setting": name, "fold": fold, "at_edge": edge}
        for number, edge in enumerate(at_edge)
        for name in settings
        for fold in range(folds)
    ]
    return pd.DataFrame(rows).assign(n_trials=6, epochs_spent=100)


@pytest.mark.parametrize(
    ("at_edge", "words"),
    [
        ((False, False), "none of the 2 choices lies at the edge of the grid."),
        ((True, False), "1 of the 2 choices lies at the edge of the grid."),
        ((True, True), "2 of the 2 choices lie at the edge of the grid."),
        ((True,), "; the choice lies at the edge of the grid."),
        ((False,), "; the choice does not lie at the edge of the grid."),
    ],
)
def test_choices_at_the_edge_are_counted(at_edge, words):
    text = sentences.tuned(rates(*at_edge), {"default": setting("tuned")})
    assert text.startswith(
        "Learning rates are tuned for each activation and depth, over 2 candidates (0.01 to 0.1)"
    )
    assert "with 3 tuning seeds" in text and text.endswith(words)


def test_what_was_tuned_names_settings_and_grids_only_as_they_are():
    both = {"default": setting("tuned"), "adam": setting("tuned", grid=(0.1, 1, 10), seeds=1)}
    text = sentences.tuned(rates(False, settings=("default", "adam")), both)
    assert "for each activation, depth and setting, over 2 to 3 candidates with 1 to 3 tuning seeds" in text
    one = {"default": setting("tuned", seeds=1), "adam": setting(0.1)}
    assert (
        "for each activation, depth and setting with “default”, over 2 candidates (0.01 to 0.1) with 1 tuning seed;"
        in (sentences.tuned(rates(False), one))
    )
    assert "activation, depth and fold" in sentences.tuned(
        rates(False, folds=2), {"default": setting("tuned")}
    )


def test_the_budget_is_that_of_the_search():
    text = sentences.budget(rates(False, True), {"default": setting("tuned")}, 90)
    assert text == (
        "Budget, the same for every activation at each depth: 2 candidates × 3 tuning seeds = 6 networks of at most "
        "40 epochs. In all 12 networks and 200 epochs, beside the 90 networks that are evaluated; none of these took "
        "part in the choice."
    )
    settings = {"default": setting("tuned", epochs=10), "adam": setting("tuned", grid=(1, 2, 3), epochs=20)}
    text = sentences.budget(rates(False, settings=("default", "adam")), settings, 90)
    assert "depth and setting: 6 to 9 networks of at most 10 to 20 epochs" in text


def test_networks_that_trained_are_counted_by_setting():
    runs = pd.DataFrame({"setting": ["a"] * 3 + ["b"] * 3, "trained": [True, False, False, True, True, True]})
    assert sentences.trained_by_setting(runs, ["a", "b"]) == (
        "Of 3 networks a setting, 1 trained with “a” and 3 with “b”."
    )
    assert sentences.trained_by_setting(runs[:3], ["a"]) == ""


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


DECIDED = ": there the setting decided who trained, not the activation alone."


def test_cells_that_the_setting_turned_are_named():
    cells = [("sigmoid", 4, 0, 5), ("sigmoid", 8, 0, 5), ("elu", 4, 5, 5), ("elu", 8, 0, 5)]
    assert turned(*cells) == (
        "With “b” instead of “a”, sigmoid (depth 4 and 8) and ELU (depth 8) trained from 5 of 5 seeds instead of 0"
        + DECIDED
    )


@pytest.mark.parametrize("counts", [(0, 4), (1, 5), (5, 5), (0, 0), (4, 0), (5, 1)])
def test_cells_that_changed_in_part_are_not_said_to_be_turned(counts):
    assert turned(("sigmoid", 4, *counts)) == ""


def test_a_setting_that_keeps_networks_from_training_is_named_too():
    assert turned(("elu", 8, 5, 0), ("sigmoid", 8, 0, 5)) == (
        "With “b” instead of “a”, ELU (depth 8) trained from 0 of 5 seeds instead of 5; with “b” instead of “a”, sigmoid "
        "(depth 8) trained from 5 of 5 seeds instead of 0" + DECIDED
    )


def test_settings_are_told_apart():
    assert "With each other setting instead of “a”, sigmoid" in turned(("sigmoid", 4, 0, 5, 5))
    assert "With “c” instead of “a”, sigmoid" in turned(("sigmoid", 4, 0, 3, 5))


def test_two_seeds_are_counted_and_decide_nothing():
    text = turned(("sigmoid", 4, 0, 2), n_seeds=2)
    assert text.endswith("trained from 2 of 2 seeds instead of 0.")


def test_one_setting_turns_nothing():
    assert sentences.turned(compared(("sigmoid", 4, 0)), {"sigmoid": "sigmoid"}, ["a"]) == ""


def attribution(*rows):
    """Rows of activation, setting, n, ends of the interval, required seeds and verdict, over depths."""
    names = ("activation", "setting", "n", "difference_low", "difference_high", "required_seeds", "verdict")
    table = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows], columns=names)
    return table.astype(dict.fromkeys(names[3:6], float)).assign(depth=float("nan"))


def attributed(*rows):
    return sentences.attributed(attribution(*rows), LABELS, "ReLU", "a", 0.01)


OPEN = ("inconclusive",)


def test_what_setting_and_activation_decide_is_named():
    rows = [
        ("sigmoid", "b", 5, 0.02, 0.04, None, "setting"),
        ("tanh", "b", 5, -0.005, 0.005, None, "activation"),
        ("elu", "b", 5, -0.03, 0.02, 40, *OPEN),
    ]
    assert attributed(*rows) == (
        "Of the 3 differences to ReLU, the setting decides 1: sigmoid; the activation 1: tanh; 1 is inconclusive at "
        "n = 5 (about 40 seeds would decide)."
    )
    again = [(key, "c", *rest) for key, _, *rest in rows[:1]]
    assert attributed(*rows, *again).startswith(
        "Of the 4 differences to ReLU, in each other setting against “a”, the setting decides 2: sigmoid (“b” and “c”);"
    )


def test_nothing_decided_is_said_and_no_verdict_is_named():
    text = attributed(("tanh", "b", 5, -0.03, 0.02, 12, *OPEN), ("elu", "b", 4, -0.03, 0.02, 40, *OPEN))
    assert text == (
        "Of the 2 differences to ReLU, neither the setting nor the activation surely decides any; 2 are inconclusive at "
        "n = 4 to 5 (about 12 to 40 seeds would decide)."
    )


@pytest.mark.parametrize(
    ("required", "words"),
    [
        ((12, None), "(about 12 seeds would decide 1, no number up to 1,000 the other)"),
        ((12, None, None), "(about 12 seeds would decide 1, no number up to 1,000 the other 2)"),
        ((None,), "(no number of seeds up to 1,000 would decide)"),
    ],
)
def test_seeds_that_no_study_has_are_not_asked_for(required, words):
    assert words in attributed(*[("tanh", "b", 5, -0.3, 0.2, n, *OPEN) for n in required])


def test_too_few_seeds_are_open_and_ask_for_none():
    text = attributed(("sigmoid", "b", 1, None, None, None, *OPEN), ("elu", "b", 0, None, None, None, *OPEN))
    assert "2 are open: fewer than two seeds trained in all four cells" in text
    assert "would decide" not in text and "inconclusive at" not in text


def test_a_difference_that_stays_but_is_not_decided_asks_for_no_seeds():
    text = attributed(("tanh", "b", 5, -0.01, 0.01, None, *OPEN))
    assert "1 is the same, but not decided alike in every setting" in text and "would decide" not in text


def test_the_baseline_alone_has_no_differences():
    assert attributed() == ""


def test_rows_of_single_depths_are_not_counted():
    rows = attribution(("tanh", "b", 5, 0.02, 0.04, None, "setting"))
    table = pd.concat([rows, rows.assign(depth=4)])
    assert sentences.attributed(table, LABELS, "ReLU", "a", 0.01).startswith(
        "Of the one difference to ReLU, the setting"
    )
