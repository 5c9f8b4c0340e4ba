import dataclasses
import math

import pytest
import torch
from actbench.data import subsets
from actbench.errors import UserError
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.storage import histograms, parquet
from actbench.training import fitting, scoring
from own_activations import (
    RANDOM,
    STATEFUL,
    Annealed,
    CappedByBuffer,
    Learnt,
    SlowGrowth,
    SlowList,
    SlowTensor,
    own,
)

SETTINGS = fitting.Settings(
    optimizer="sgd",
    learning_rate=0.1,
    momentum=0.9,
    weight_decay=0.0,
    batch_size=32,
    max_epochs=5,
    patience=None,
    keep="best",
    test_each_epoch=False,
    histograms=False,
    precision="highest",
    threads=1,
)


def fit(data, spec, seed=0, **changes):
    network = mlp.build(Recipe([4, 16, 4], spec), seeds.generator(seed, "weights"))
    settings = dataclasses.replace(SETTINGS, **changes)
    return network, *fitting.fit([network], data, settings, [seeds.generator(seed, "batches")])


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_learns_and_scores_the_kept_weights(toy, spec, optimizer):
    changes = {"learning_rate": 0.01} if optimizer == "adam" else {}
    network, result = fit(toy, spec("relu"), optimizer=optimizer, max_epochs=15, **changes)
    row = scoring.score(network, toy, result)
    assert row["status"] == "ok" and row["trained"] and row["test_accuracy"] > 0.85
    best = max(result.history, key=lambda r: r["val_accuracy"])
    assert row["val_accuracy"] == best["val_accuracy"] and row["best_epoch"] == best["epoch"]
    assert [r["is_best"] for r in result.history].count(True) == 1
    assert row["n_parameters"] == 4 * 16 + 16 + 16 * 4 + 4


def test_keeping_the_last_weights(toy, spec):
    network, result = fit(toy, spec("relu"), keep="last")
    last = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    assert all(torch.equal(result.state[name], last[name]) for name in last)


@pytest.fixture
def unvalidated(toy):
    """The toy problem with all of its images for training but those that test."""
    return dataclasses.replace(toy, validation=subsets.Subset(toy.train.x[:0], toy.train.y[:0]))


def test_without_validation_images_training_accuracy_judges(unvalidated, spec):
    network, result = fit(unvalidated, spec("relu"), keep="last", max_epochs=15, test_each_epoch=True)
    assert result.best_epoch is None and not any(row["is_best"] for row in result.history)
    assert (
        {row["val_loss"] for row in result.history}
        == {row["val_accuracy"] for row in result.history}
        == {None}
    )
    row = scoring.score(network, unvalidated, result)
    assert row["trained"] and row["val_accuracy"] is None and row["train_accuracy"] > 0.85
    assert result.history[-1]["test_accuracy"] == row["test_accuracy"]


def test_a_network_at_chance_has_not_trained_without_validation_either(unvalidated, spec):
    network, result = fit(unvalidated, spec("relu"), keep="last", learning_rate=1e-12)
    assert not scoring.score(network, unvalidated, result)["trained"]


def test_relu_written_by_hand_trains_to_the_same_weights(toy, spec):
    by_torch, by_hand = (fit(toy, spec(name))[1] for name in ("relu", "relu_autograd"))
    assert all(torch.equal(by_torch.state[name], by_hand.state[name]) for name in by_torch.state)
    assert by_torch.history == by_hand.history


def test_early_stop_after_patience_epochs_without_a_better_one(toy, spec):
    _, result = fit(toy, spec("relu"), learning_rate=1e-9, patience=3, max_epochs=50)
    assert len(result.history) == result.best_epoch + 3 < 50


def test_an_incomplete_batch_is_dropped(toy, spec):
    """With one whole batch an epoch, no image beyond it may be seen."""
    poisoned = subsets.Subset(toy.train.x.clone(), toy.train.y)
    order = torch.randperm(256, generator=seeds.generator(0, "batches"))
    poisoned.x[order[200:]] = math.nan
    data = dataclasses.replace(toy, train=poisoned)
    _, result = fit(data, spec("relu"), batch_size=200, max_epochs=1)
    assert result.status == "ok"


@pytest.mark.fault(
    "scores of what overflows",
    "kept weights that give the training, validation or test images no finite loss; a last step that overflows without validation images",
    "the run has diverged, and has no accuracy",
)
@pytest.mark.parametrize("subset", ["train", "validation", "test"])
def test_kept_weights_without_a_finite_loss_have_diverged(toy, spec, subset):
    """Argmax of logits that overflow is a number, and means nothing."""
    network, result = fit(toy, spec("relu"), max_epochs=1)
    far = dataclasses.replace(getattr(toy, subset), x=getattr(toy, subset).x * 1e38)
    assert result.status == "ok"
    row = scoring.score(network, dataclasses.replace(toy, **{subset: far}), result)
    assert row["status"] == result.status == "diverged" and not row["trained"]
    assert [row[f"{name}_{kind}"] for name in scoring.SUBSETS for kind in ("loss", "accuracy")] == [None] * 6


@pytest.mark.fault(
    "scores of what overflows",
    "kept weights that give the training, validation or test images no finite loss; a last step that overflows without validation images",
    "the run has diverged, and has no accuracy",
)
def test_a_last_step_that_overflows_has_diverged_without_validation_images(toy, spec):
    """The losses seen on the way are all finite: the last step's comes after it."""
    batch = {"batch_size": len(toy.train.y), "learning_rate": 1e38, "max_epochs": 1}
    data = dataclasses.replace(toy, validation=subsets.Subset(toy.train.x[:0], toy.train.y[:0]))
    network, result = fit(data, spec("relu"), keep="last", **batch)
    assert all(math.isfinite(row["train_loss"]) for row in result.history)
    row = scoring.score(network, data, result)
    assert row["status"] == "diverged" and row["test_accuracy"] is None


def test_divergence_ends_the_run_and_keeps_finite_weights(toy, spec):
    network, result = fit(toy, spec("identity"), learning_rate=1e12, max_epochs=20)
    assert result.status == "diverged" and len(result.history) < 20
    last = result.history[-1]
    assert [last[key] for key in fitting.ACCURACIES] == [None] * 3 and not last["is_best"]
    assert all(row["val_accuracy"] is not None for row in result.history[:-1])
    assert all(torch.isfinite(tensor).all() for tensor in result.state.values())
    row = scoring.score(network, toy, result)
    assert row["status"] == "diverged" and row["test_accuracy"] is None and not row["trained"]
    table = parquet.table(
        [
            {"activation": "a", "depth": 1, "setting": "default", "seed": 0, "fold": 0}
            | {"learning_rate": 1e12}
            | row
        ],
        scoring.RUNS,
        ["seed"],
    )
    assert table["test_loss"].to_pylist() == [None]


def test_a_run_does_not_depend_on_runs_before_it(toy, spec):
    _, alone = fit(toy, spec("tanh"), seed=1)
    fit(toy, spec("relu"), seed=0)
    torch.manual_seed(9)
    _, after = fit(toy, spec("tanh"), seed=1)
    assert alone.history == after.history
    assert all(torch.equal(alone.state[name], after.state[name]) for name in alone.state)


def test_test_accuracy_each_epoch_only_when_asked(toy, spec):
    _, without = fit(toy, spec("relu"))
    _, with_it = fit(toy, spec("relu"), test_each_epoch=True)
    assert {row["test_accuracy"] for row in without.history} == {None}
    assert all(0 <= row["test_accuracy"] <= 1 for row in with_it.history)
    assert [r["val_loss"] for r in without.history] == [r["val_loss"] for r in with_it.history]


def test_histograms_of_first_and_last_layer_every_epoch(toy, spec):
    _, result = fit(toy, spec("relu"), histograms=True)
    assert len(result.histograms) == 5 * 2 * 2
    sizes = {(row["layer"], sum(row["counts"])) for row in result.histograms}
    assert sizes == {(0, 4 * 16), (1, 16 * 4)}
    keys = {"activation": "a", "depth": 1, "setting": "default", "seed": 0, "fold": 0}
    parquet.table([keys | row for row in result.histograms], histograms.SCHEMA, ["epoch"])


def test_trained_means_a_quarter_of_the_way_from_chance():
    labels = torch.tensor([0] * 6 + [1] * 4)
    assert scoring.trained_threshold(labels) == pytest.approx(0.6 + 0.25 * 0.4)


def test_a_line_an_epoch(toy, spec):
    lines = []
    network = mlp.build(Recipe([4, 16, 4], spec("relu")), seeds.generator(0, "weights"))
    fitting.fit([network], toy, SETTINGS, [seeds.generator(0, "batches")], lines.append)
    assert len(lines) == 5 and lines[0].startswith("epoch   1") and "val_accuracy" in lines[0]


@pytest.fixture
def as_in_a_job():
    """torch as the training job sets it."""
    threads = torch.get_num_threads()
    fitting.prepare_torch(SETTINGS)
    yield
    torch.set_deterministic_debug_mode("default")
    torch.set_flush_denormal(False)
    torch.set_num_threads(threads)


def test_nondeterministic_operations_raise(as_in_a_job):
    with pytest.raises(RuntimeError, match="deterministic"):
        torch.zeros(3).put_(torch.tensor([0, 0]), torch.tensor([1.0, 2.0]))


def test_summary_says_what_came_out():
    ok = {"status": "ok", "trained": True, "test_accuracy": 0.97}
    low = {"status": "ok", "trained": False, "test_accuracy": 0.1}
    bad = {"status": "diverged", "trained": False, "test_accuracy": None}
    assert scoring.summary("x", [ok]) == "x: test accuracy 97.0 %, 1 of 1 trained"
    assert scoring.summary("x", [ok, low, bad]) == (
        "x: test accuracy 10.0–97.0 %, 1 of 3 trained, 1 diverged"
    )
    assert scoring.summary("x", [bad]) == "x: all 1 diverged"


def rebuilt(spec, seed=0):
    return mlp.build(Recipe([4, 16, 4], spec), seeds.generator(seed, "weights"))


OWN = [*RANDOM, *STATEFUL, CappedByBuffer, Learnt]


@pytest.mark.parametrize(
    ("cls", "keep"),
    [*((cls, "best") for cls in OWN), *((cls, "last") for cls in (RANDOM[0], Annealed, Learnt))],
)
def test_what_is_scored_is_what_is_stored(toy, cls, keep):
    """The kept epoch's score again, and once more by a network rebuilt from what is stored."""
    network, result = fit(toy, own(cls), keep=keep, max_epochs=8, learning_rate=0.3)
    row = scoring.score(network, toy, result)
    kept = result.history[-1] if keep == "last" else result.history[result.best_epoch - 1]
    assert row["val_accuracy"] == kept["val_accuracy"] and row["val_loss"] == kept["val_loss"]
    stored = rebuilt(own(cls))
    scoring.check_stored(network, stored, toy, result, own(cls))
    assert scoring.score(stored, toy, result) == row


def test_numbers_of_the_best_epoch_are_kept(toy):
    network, result = fit(toy, own(Annealed), max_epochs=8, learning_rate=0.3)
    assert result.best_epoch < 8
    assert result.state["activations.0.#calls"] == result.best_epoch * 8
    assert network.activations[0].calls == 8 * 8
    scoring.score(network, toy, result)
    assert network.activations[0].calls == result.best_epoch * 8


@pytest.mark.parametrize("without_validation", [False, True])
@pytest.mark.parametrize("cls", [SlowList, SlowGrowth, SlowTensor])
def test_a_state_that_is_not_stored_is_one_sentence(toy, unvalidated, cls, without_validation):
    """The few steps before training do not show it."""
    data = unvalidated if without_validation else toy
    network, result = fit(data, own(cls), keep="last")
    scoring.score(network, data, result)
    words = r"^activations: mine \(import: own_activations:\w+\) keeps a state that is not stored.*float or bool \(.*own_activations\.py:\d+\)\.$"
    with pytest.raises(UserError, match=words):
        scoring.check_stored(network, rebuilt(own(cls)), data, result, own(cls))


def test_a_diverged_network_is_not_compared(toy):
    network, result = fit(toy, own(SlowList), learning_rate=1e30)
    assert result.status == "diverged"
    scoring.check_stored(network, rebuilt(own(SlowList)), toy, result, own(SlowList))
