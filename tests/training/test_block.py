import dataclasses

import pytest
import torch
from actbench.activations import registry
from actbench.data import acquire, prepared
from actbench.training import block, scoring
from conftest import NETWORK
from own_activations import Annealed, SquaredReLU, own
from test_fitting import SETTINGS


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "digits.safetensors"
    acquire.prepare("digits", "nowhere", path)
    return prepared.read(path)


def train(
    images,
    activation,
    seeds,
    folds=2,
    validation=None,
    hidden=(8,),
    log=lambda line: None,
    network=(),
    epochs=(),
    **training,
):
    params = {
        "activation": activation,
        "evaluation": {"folds": folds, "validation": validation, "split_seed": 0},
        "hidden_sizes": list(hidden),
        "network": NETWORK | dict(network),
        "normalisation": "symmetric",
        "probe_epochs": list(epochs),
        "seeds": list(seeds),
        "training": dataclasses.asdict(SETTINGS) | training,
    }
    return block.train("mine", params, images, "cpu", log)


@pytest.mark.parametrize("cls", [SquaredReLU, Annealed])
def test_an_own_activation_trains_in_every_fold(digits, cls):
    """Fresh networks are compared on the same images before and after, whatever fold those are of."""
    done = train(digits, own(cls), [0, 1], validation=0, max_epochs=1, keep="last")
    assert [(row["seed"], row["fold"]) for row in done.runs] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert done.states.keys() == {(0, 0), (1, 0), (0, 1), (1, 1)}


EARLY = {"patience": 1, "max_epochs": 12, "learning_rate": 0.2, "histograms": True}
RECIPES = {
    "early stops": ("relu", {"hidden": (64, 64), **EARLY}),
    "learnt slopes": (
        "prelu",
        {"hidden": (32, 16), "optimizer": "adam", "learning_rate": 0.01, "max_epochs": 3},
    ),
    "batch norm": (
        "tanh",
        {"hidden": (32, 32), "network": NETWORK | {"norm": "batch", "residual": True}, **EARLY},
    ),
    "divergence": (
        "leakyrelu",
        {"hidden": (16, 16), "learning_rate": 0.3, "max_epochs": 3, "folds": None, "validation": 250},
    ),
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_seeds_per_job_changes_no_byte(digits, one_thread, recipe):
    """One, five and ten seeds a job: the same rows and weights, run for run, and they do train together."""
    name, how = RECIPES[recipe]
    spec = registry.named(name)
    lines = []
    ten = train(digits, spec, range(10), log=lines.append, **how)
    assert any(line.startswith("seeds [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], fold") for line in lines)
    assert not any("one by one" in line for line in lines)
    for size in (1, 5):
        parts = [train(digits, spec, range(first, first + size), **how) for first in range(0, 10, size)]
        for kind in ("runs", "history", "histograms"):
            rows = [row for part in parts for row in getattr(part, kind)]
            assert _sorted(rows) == _sorted(getattr(ten, kind)) and (rows or kind == "histograms")
        states = {key: state for part in parts for key, state in part.states.items()}
        assert states.keys() == ten.states.keys()
        for key, state in states.items():
            assert all(torch.equal(kept, ten.states[key][name]) for name, kept in state.items())
    statuses = {row["status"] for row in ten.runs}
    assert statuses == ({"ok", "diverged"} if recipe == "divergence" else {"ok"})
    assert len({row["epochs_run"] for row in ten.runs}) > 1 or recipe == "learnt slopes"


def _sorted(rows):
    return sorted(rows, key=lambda row: (row["fold"], row["seed"], row.get("epoch", 0)))


def test_the_statistics_of_a_fold_are_its_own(digits):
    done = train(digits, registry.named("relu"), [0], network=NETWORK | {"norm": "batch"}, max_epochs=2)
    means = [done.states[0, fold]["norms.0.running_mean"] for fold in (0, 1)]
    assert not torch.equal(*means)
    for run in done.runs:
        network, data = done.network(0, run["fold"]), done.data
        assert run["trained"] and torch.equal(network.norms[0].running_mean, means[run["fold"]])
    logits = done.network(0)(data.test.x)
    assert done.runs[0]["test_accuracy"] == (logits.argmax(dim=1) == data.test.y).double().mean().item()


def test_an_own_activation_trains_in_a_normalised_network(digits):
    """Its state is compared with what is stored, and so are the running statistics."""
    network = NETWORK | {"norm": "batch", "residual": True}
    done = train(digits, own(Annealed), [0], hidden=(8, 8), network=network, max_epochs=1)
    assert [run["status"] for run in done.runs] == ["ok", "ok"]


def test_weights_of_epochs_are_kept_by_run_and_epoch(digits):
    done = train(digits, registry.named("relu"), [3, 4], epochs=[1, 3], max_epochs=3, keep="last")
    places = {(seed, fold, epoch) for seed in (3, 4) for fold in (0, 1) for epoch in (1, 3)}
    assert done.snapshots.keys() == places
    first, last, kept = done.network(4, 1, epoch=1), done.network(4, 1, epoch=3), done.network(4, 1)
    assert torch.equal(last.linears[0].weight, kept.linears[0].weight)
    assert not torch.equal(first.linears[0].weight, kept.linears[0].weight) and not first.training
    with pytest.raises(KeyError):
        done.network(4, 1, epoch=2)


def test_a_run_that_its_scores_call_diverged_leaves_out_its_last_epoch(digits, monkeypatch):
    """Its history is of finite losses only: what must be stored can be told from the table of runs."""

    def overflowing(network, data, result):
        result.status = "diverged"
        return score(network, data, result)

    score = scoring.score
    monkeypatch.setattr(scoring, "score", overflowing)
    how = {"folds": None, "validation": 250, "max_epochs": 3}
    done = train(digits, registry.named("relu"), [0], epochs=[1, 2, 3], **how)
    (run,) = done.runs
    assert (run["status"], run["epochs_run"]) == ("diverged", 3)
    assert done.snapshots.keys() == {(0, 0, 1), (0, 0, 2)}
