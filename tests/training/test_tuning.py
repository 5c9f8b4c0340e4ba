"""The search for a learning rate: what is tried, and which candidate is chosen."""

import dataclasses
import math

import pytest
import torch
from actbench.activations import registry
from actbench.data import acquire, prepared, splits
from actbench.networks import family
from actbench.runtime import seeds
from actbench.storage import choices, parquet
from actbench.training import block, fitting, optimizers, scoring, tuning, tuning_job
from actbench.training import trials as tables
from own_activations import SquaredReLU, own
from test_fitting import SETTINGS

RATES = [0.003, 0.05, 0.3]


def trials(scores, losses=None, seeds=1):
    """Rows of one fold: a score for each rate, and a validation loss (None where it diverged)."""
    losses = losses or dict.fromkeys(scores, 1.0)
    return [
        {
            "learning_rate": rate,
            "seed": seed,
            "score": score,
            "val_accuracy": None if losses[rate] is None else score,
            "val_loss": losses[rate],
            "epochs_run": 4,
        }
        for rate, score in scores.items()
        for seed in range(seeds)
    ]


def chosen(*given, threshold=0.3, **more):
    return tuning.choose(trials(*given, **more), threshold)


def after_descent(rate, curvature, steps=1):
    """Where gradient descent from 1 on h w² / 2 ends: (1 - rate h) ** steps."""
    w = torch.ones(1)
    update = optimizers.SGD([w], rate, 0.0, 0.0)
    for _ in range(steps):
        update.step([curvature * w])
    return abs(w.item())


@pytest.mark.parametrize("curvature", [0.5, 2.0, 10.0])
def test_the_best_rate_of_a_quadratic_is_found(curvature):
    """It is one over the curvature: descent is there in a step; from twice that on it diverges."""
    grid = [factor / curvature for factor in (0.25, 0.5, 1, 1.5, 1.9, 4)]
    left = {rate: after_descent(rate, curvature, steps=3) for rate in grid}
    assert left[grid[-1]] == 27 and left[grid[0]] == pytest.approx(0.75**3)
    found = chosen({rate: 1 - min(w, 1) for rate, w in left.items()})
    assert found["learning_rate"] == 1 / curvature and found["score"] == 1 and not found["at_edge"]


@pytest.mark.parametrize(("outside", "edge"), [([0.1, 0.2, 0.4], 0.4), ([1.2, 1.5, 1.9], 1.2)])
def test_a_best_rate_outside_of_the_grid_is_chosen_at_its_edge(outside, edge):
    found = chosen({rate: 1 - after_descent(rate, 1.0, steps=3) for rate in outside})
    assert found["learning_rate"] == edge and found["at_edge"]


def test_the_mean_over_seeds_counts():
    rows = trials({0.1: 0.9, 1.0: 0.5}) + trials({0.1: 0.3, 1.0: 0.8})
    found = tuning.choose(rows, 0.6)
    assert found == {
        "learning_rate": 1.0,
        "score": 0.65,
        "at_edge": True,
        "n_trials": 4,
        "epochs_spent": 16,
        "n_trained": 1,
    }


def test_of_equal_scores_the_lower_loss_is_chosen_then_the_smaller_rate():
    assert chosen({0.1: 0.9, 1.0: 0.9, 10.0: 0.8}, {0.1: 2.0, 1.0: 1.0, 10.0: 0.5})["learning_rate"] == 1.0
    assert chosen({1.0: 0.9, 0.1: 0.9})["learning_rate"] == 0.1


def test_scores_that_are_equal_in_images_are_equal():
    """0.1 + 0.2 and 0.3 + 0.0 of two seeds: the same number of images, not the same bits."""
    assert (0.1 + 0.2) / 2 != (0.3 + 0.0) / 2
    rows = [
        row | {"score": s}
        for row, s in zip(trials({0.1: 0, 1.0: 0}, seeds=2), (0.3, 0, 0.1, 0.2), strict=True)
    ]
    assert tuning.choose(rows, 0.5)["learning_rate"] == 0.1


def test_all_at_chance_is_a_tie():
    assert chosen({0.1: 0.1, 1.0: 0.1}, {0.1: 2.31, 1.0: 2.30}) == {
        "learning_rate": 1.0,
        "score": 0.1,
        "at_edge": True,
        "n_trials": 2,
        "epochs_spent": 8,
        "n_trained": 0,
    }


def test_a_diverged_candidate_loses_a_tie_and_if_all_did_the_smallest_is_chosen():
    assert chosen({0.1: 0.1, 1.0: 0.1}, {0.1: None, 1.0: 9.0})["learning_rate"] == 1.0
    found = chosen({1.0: 0.1, 0.1: 0.1}, {1.0: None, 0.1: None})
    assert found["learning_rate"] == 0.1 and found["n_trained"] == 0


@pytest.mark.parametrize("accuracy", [0.05, 0.1, 0.2])
def test_a_rate_at_which_all_diverge_is_the_last_choice(accuracy):
    """Also before one at which networks stay below the largest class's share."""
    row = {"epoch": 1, "val_accuracy": accuracy, "val_loss": 2.3}
    stayed = tuning.outcome(fitting.Fit({}, "ok", 1, [row]), 0.12)
    diverged = tuning.outcome(fitting.Fit({}, "diverged", None, [row]), 0.12)
    assert stayed["score"] == accuracy and diverged["score"] == 0.12
    kept = [{"learning_rate": 1e-4} | stayed, {"learning_rate": 1e20} | diverged]
    assert tuning.choose(kept, 0.3)["learning_rate"] == 1e-4


def test_a_single_candidate_is_at_both_edges():
    found = chosen({0.1: 0.9}, seeds=3)
    assert found["at_edge"] and found["n_trials"] == found["n_trained"] == 3


def test_two_candidates_are_edges_and_of_three_the_middle_is_not():
    assert chosen({0.1: 0.9, 1.0: 0.2})["at_edge"] and chosen({0.1: 0.1, 1.0: 0.2})["at_edge"]
    assert not chosen({0.1: 0.1, 1.0: 0.2, 10.0: 0.1})["at_edge"]


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "digits.safetensors"
    acquire.prepare("digits", "nowhere", path)
    return prepared.read(path)


def params(activation="tanh", rates=RATES, n_seeds=2, folds=None, hidden=(32,), max_epochs=2, **training):
    of_block = {
        "activation": registry.named(activation) if isinstance(activation, str) else activation,
        "evaluation": {"folds": folds, "validation": None if folds else 250, "split_seed": 0},
        "hidden_sizes": list(hidden),
        "network": {"family": "mlp"},
        "normalisation": "symmetric",
        "training": dataclasses.asdict(SETTINGS) | {"learning_rate": "tuned", "histograms": True} | training,
        "tuning": {"learning_rate": rates, "seeds": n_seeds, "max_epochs": max_epochs},
    }
    return choices.search_params(of_block)


def searched(images, *given, log=lambda line: None, **more):
    return tuning.search("mine", params(*given, **more), images, "cpu", log)


def written(found):
    """The tables of a search as they are written."""
    return parquet.table(found.trials, tables.TRIALS, tables.TRIAL)


def test_every_candidate_is_tried_with_every_seed(digits):
    found = searched(digits)
    keys = [(row["learning_rate"], row["seed"]) for row in found.trials]
    assert keys == [(rate, seed) for rate in RATES for seed in (0, 1)]
    assert {row["epochs_run"] for row in found.trials} == {2} and len(found.cost) == 6
    (choice,) = found.chosen
    assert (
        choice["n_trials"] == 6 and choice["epochs_spent"] == 12 and found.rates == [choice["learning_rate"]]
    )
    assert choice["score"] == max(
        tables.mean_score([row for row in found.trials if row["learning_rate"] == rate]) for rate in RATES
    )
    flops = 64 * 32 + 32 * 10
    assert {row["n_images"] for row in found.cost} == {2 * 1216}
    assert {row["flops"] for row in found.cost} == {2 * (1216 * (6 * flops - 2 * 64 * 32) + 250 * 2 * flops)}


def test_the_same_bytes_twice_and_in_any_order(digits):
    one = searched(digits)
    assert written(one).equals(written(searched(digits)))
    assert written(one).equals(written(searched(digits, rates=RATES[::-1])))


@pytest.mark.parametrize("activation", ["tanh", "prelu", own(SquaredReLU)], ids=str)
def test_together_each_network_has_what_it_has_alone(digits, one_thread, activation):
    """Of a user's own activation, too, whose networks train one by one."""
    lines = []
    found = searched(digits, activation, log=lines.append, patience=1, max_epochs=4)
    assert not any("other bits" in line for line in lines)
    for rate in RATES:
        alone = searched(digits, activation, rates=[rate], n_seeds=2, patience=1, max_epochs=4)
        assert alone.trials == [row for row in found.trials if row["learning_rate"] == rate]
        assert alone.chosen[0]["at_edge"]


def test_a_search_trains_as_a_block_does_but_with_other_networks(digits):
    """With the generators of evaluation it would have its numbers; with its own it has others."""
    found = searched(digits, rates=[0.05], n_seeds=3, max_epochs=2)
    of_block = params(max_epochs=2) | {"seeds": [0, 1, 2]}
    of_block["training"] = of_block["training"] | {"learning_rate": 0.05, "max_epochs": 2}
    evaluated = block.train("mine", of_block, digits, "cpu", lambda line: None).runs
    scores = [[row["val_loss"] for row in rows] for rows in (found.trials, evaluated)]
    assert not set(scores[0]) & set(scores[1])
    recipe = family.Recipe([64, 32, 10], "tanh")
    weights = [
        family.build(recipe, seeds.generator(seed, use)).linears[0].weight
        for seed in range(5)
        for use in ("weights", "tuning-weights")
    ]
    assert len({tuple(weight.flatten().tolist()) for weight in weights}) == 10


def test_with_the_generators_of_evaluation_it_would_have_its_numbers(digits, monkeypatch):
    draw = seeds.generator
    monkeypatch.setattr(seeds, "generator", lambda seed, use: draw(seed, use.removeprefix("tuning-")))
    found = searched(digits, rates=[0.05], n_seeds=2, max_epochs=2)
    of_block = params() | {"seeds": [0, 1]}
    of_block["training"] = of_block["training"] | {"max_epochs": 2}
    evaluated = block.train("mine", of_block, digits, "cpu", lambda line: None, rates=[0.05]).runs
    assert {row["learning_rate"] for row in evaluated} == {0.05}
    for row, run in zip(found.trials, evaluated, strict=True):
        assert (row["val_loss"], row["best_epoch"]) == (
            pytest.approx(run["val_loss"], rel=1e-6),
            run["best_epoch"],
        )
        assert row["val_accuracy"] == run["val_accuracy"]


def test_images_that_test_take_no_part(digits, monkeypatch):
    found, split = searched(digits), splits.split

    def poisoned(*given):
        data = split(*given)
        data.test.x.fill_(math.nan)
        data.test.y.fill_(0)
        return data

    monkeypatch.setattr(splits, "split", poisoned)
    again = searched(digits, test_each_epoch=True)
    assert again.trials == found.trials and again.chosen == found.chosen


def test_each_fold_chooses_by_its_own_images(digits):
    found = searched(digits, folds=3, n_seeds=1)
    assert [choice["fold"] for choice in found.chosen] == [0, 1, 2] and len(found.trials) == 9
    for fold, choice in enumerate(found.chosen):
        rows = [row for row in found.trials if row["fold"] == fold]
        data = splits.split(digits, params(folds=3)["evaluation"], "symmetric", fold)
        threshold = scoring.trained_threshold(data.validation.y)
        assert choice == {"fold": fold} | tuning.choose(rows, threshold)
    rates = [0.3, 0.05, 0.003]
    of_block = params(folds=3) | {"seeds": [0, 1]}
    runs = block.train("mine", of_block, digits, "cpu", lambda line: None, rates=rates).runs
    assert [(run["fold"], run["learning_rate"]) for run in runs] == [
        (fold, rate) for fold, rate in enumerate(rates) for _ in range(2)
    ]


def test_a_candidate_that_diverges_scores_chance_and_leaves_the_others_alone(digits):
    found = searched(digits, "relu", rates=[0.05, 1e12], hidden=(16, 16))
    calm, wild = ([row for row in found.trials if row["learning_rate"] == rate] for rate in (0.05, 1e12))
    assert {row["status"] for row in wild} == {"diverged"} and {row["status"] for row in calm} == {"ok"}
    data = splits.split(digits, params()["evaluation"], "symmetric", 0)
    chance = torch.bincount(data.validation.y).max().item() / 250
    assert {(row["score"], row["val_loss"], row["val_accuracy"]) for row in wild} == {(chance, None, None)}
    assert calm == searched(digits, "relu", rates=[0.05], hidden=(16, 16)).trials
    assert found.rates == [0.05] and written(found).num_rows == 4


def test_the_line_on_the_terminal():
    folds = [{"learning_rate": rate, "score": 0.9, "at_edge": rate > 0.1} for rate in (0.5, 0.05, 0.5)]
    text = tuning_job.summary("tuned relu, depth 4", folds, 5)
    assert (
        text == "tuned relu, depth 4: 0.05 and 0.5 of 5 rates, 90.0 % (validation), at the edge of the grid"
    )
