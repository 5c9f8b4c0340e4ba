import numpy as np
import pandas as pd
import pytest
from actbench.analysis import endings
from scipy import stats

CELL = ("relu", 2, "default")


def ended(
    *curves, trained=True, best_epoch=1, status="ok", setting="default", folds=(0,), val=True, budget=20
):
    """Counts of one cell: a run, or fold of seed 0, for each curve of accuracies by epoch."""
    seeds = [0] * len(folds) if len(folds) > 1 else range(len(curves))
    folds = folds if len(folds) > 1 else [0] * len(curves)
    keys = [
        {"activation": "relu", "depth": 2, "setting": setting, "seed": seed, "fold": fold}
        for seed, fold in zip(seeds, folds, strict=True)
    ]

    def each(value):
        return value if isinstance(value, list) else [value] * len(keys)

    runs = pd.DataFrame(keys).assign(trained=each(trained), status=each(status))
    runs["best_epoch"] = pd.array(each(best_epoch), dtype="Int32")
    history = pd.DataFrame(
        key
        | {"epoch": epoch, "val_accuracy": value if val else np.nan, "train_accuracy": 0.9 if val else value}
        for key, curve in zip(keys, curves, strict=True)
        for epoch, value in enumerate(curve, 1)
    )
    return endings.counts(runs, history, {setting: budget}, 0.1, 250)["relu", 2, setting]


@pytest.mark.parametrize(("best_epoch", "late"), [(20, 1), (19, 1), (18, 0), (1, 0), (None, 0)])
def test_a_network_whose_best_epoch_is_in_the_last_tenth_was_still_improving(best_epoch, late):
    """Of 20 epochs the last tenth are 19 and 20; of one that did not train nothing is said."""
    curves = [[0.9]] * 3
    found = ended(*curves, trained=[True, True, False], best_epoch=[best_epoch, 5, 20])
    assert found["n_improving"] == late


def test_every_setting_has_its_own_budget():
    assert ended([0.9], best_epoch=18, budget=18)["n_improving"] == 1


def test_the_bound_is_a_binomial_quantile():
    """38 of 250 images: of a guess with p = .1 after ten epochs, more have less than .005, as many or more not."""
    assert endings.chance_bound(0.1, 250, 10) == 38 / 250
    assert stats.binom.sf(38, 250, 0.1) <= 0.005 < stats.binom.sf(37, 250, 0.1)


@pytest.mark.parametrize(
    ("curve", "never"), [([0.1] * 10, 1), ([0.1] * 9 + [0.152], 1), ([0.1] * 9 + [0.156], 0)]
)
def test_one_epoch_beyond_the_bound_is_not_chance(curve, never):
    assert ended(curve)["n_at_chance"] == never


def test_a_run_that_learned_and_forgot_has_left_chance():
    assert ended([0.9] + [0.1] * 9, [0.1] * 10)["n_at_chance"] == 1


def test_a_diverged_run_is_not_said_to_be_at_chance():
    assert ended([0.1, 0.1], [0.1, 0.1], status=["diverged", "ok"])["n_at_chance"] == 1
    assert ended([np.nan, np.nan], [0.1, 0.1], status=["diverged", "ok"])["n_at_chance"] == 1


def test_without_validation_images_the_training_accuracy_judges():
    assert ended([0.1] * 10, [0.5] * 10, val=False)["n_at_chance"] == 1


def test_a_seed_is_one_whatever_its_folds():
    chance, learned = [0.1] * 10, [0.9] * 10
    assert ended(chance, chance, folds=(0, 1), trained=False)["n_at_chance"] == 1
    assert ended(chance, learned, folds=(0, 1), trained=[False, True])["n_at_chance"] == 0
    assert ended(learned, learned, folds=(0, 1), best_epoch=[20, 1])["n_improving"] == 1
    assert (
        ended(learned, learned, folds=(0, 1), best_epoch=[20, 1], trained=[True, False])["n_improving"] == 0
    )


@pytest.mark.parametrize("apart", [True, False])
def test_guessing_is_rarely_called_more(apart):
    """Answers for each image apart, or the same for all, of 250 images with ten classes, for 40 epochs."""
    rng, n_runs, n_epochs = np.random.default_rng(0), 1000, 40
    bound = endings.chance_bound(0.1, 250, n_epochs)
    if apart:
        accuracies = rng.binomial(250, 0.1, (n_runs, n_epochs)) / 250
    else:
        classes = rng.multinomial(250, [0.1] * 10, n_runs) / 250
        accuracies = np.take_along_axis(classes, rng.integers(0, 10, (n_runs, n_epochs)), axis=1)
    assert (accuracies.max(axis=1) > bound).mean() <= 0.05
