import dataclasses

import own_activations as mine
import pytest
import torch
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.training import fitting
from actbench.training.stack import Stack
from own_activations import own
from test_fitting import SETTINGS

SIZES = [4, 16, 8, 4]
SEEDS = [0, 1, 2]


OWN, SAFE = own(mine.Learnt), own(mine.Safe)
KINDS = ["relu", "tanh", "gelu", "relu_autograd", "prelu", OWN, SAFE]


def members(activation, of=SEEDS):
    return [mlp.build(Recipe(SIZES, activation), seeds.generator(seed, "weights")) for seed in of]


def fit(toy, activation, of=SEEDS, **changes):
    together = members(activation, of)
    settings = dataclasses.replace(SETTINGS, **changes)
    return together, fitting.fit(together, toy, settings, [seeds.generator(s, "batches") for s in of])


@pytest.mark.parametrize("activation", KINDS, ids=str)
def test_logits_are_those_of_each_network(activation):
    apart, x = members(activation), torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0))
    expected = torch.stack([network(own) for network, own in zip(apart, x, strict=True)])
    stack = Stack(members(activation))
    torch.testing.assert_close(stack(x), expected)


def test_a_network_alone_is_computed_as_it_is():
    (network,), x = members("tanh", [0]), torch.randn(1, 5, 4)
    assert torch.equal(Stack([network])(x)[0], network(x[0]))


def test_initial_weights_do_not_depend_on_neighbours():
    joined = members("relu")
    Stack(joined)
    for network, alone in zip(joined, members("relu"), strict=True):
        for name, tensor in alone.state_dict().items():
            assert torch.equal(network.state_dict()[name], tensor)


@pytest.mark.parametrize("activation", KINDS, ids=str)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_agrees_with_training_one_after_another(toy, activation, optimizer):
    """To 1e-4 of each number after five epochs; float32 carries 6e-8, and training multiplies it."""
    changes = {"optimizer": optimizer, "learning_rate": 0.01, "keep": "last", "histograms": True}
    together, stacked = fit(toy, activation, **changes)
    for seed, network, result in zip(SEEDS, together, stacked, strict=True):
        (alone,), (expected,) = fit(toy, activation, [seed], **changes)
        for name, tensor in expected.state.items():
            torch.testing.assert_close(result.state[name], tensor, rtol=1e-4, atol=1e-5)
            assert torch.equal(network.state_dict()[name], result.state[name])
        for row, one in zip(result.history, expected.history, strict=True):
            assert row["train_loss"] == pytest.approx(one["train_loss"], rel=1e-4)
            assert row["val_loss"] == pytest.approx(one["val_loss"], rel=1e-4)
        ours, theirs = fitting.score(network, toy, result), fitting.score(alone, toy, expected)
        assert ours["test_accuracy"] == pytest.approx(theirs["test_accuracy"], abs=1 / 64)
        assert len(result.histograms) == len(expected.histograms)
        for row, one in zip(result.histograms, expected.histograms, strict=True):
            assert row["low"] == pytest.approx(one["low"], rel=1e-3, abs=1e-6)


def test_each_network_stops_by_itself(toy):
    _, stacked = fit(toy, "relu", patience=2, max_epochs=40, learning_rate=0.02)
    alone = [fit(toy, "relu", [seed], patience=2, max_epochs=40, learning_rate=0.02)[1][0] for seed in SEEDS]
    assert [len(result.history) for result in stacked] == [len(result.history) for result in alone]
    assert len({len(result.history) for result in stacked}) > 1
    for result, expected in zip(stacked, alone, strict=True):
        assert result.best_epoch == expected.best_epoch
        torch.testing.assert_close(result.state, expected.state, rtol=1e-3, atol=1e-4)


def test_a_network_that_diverges_leaves_its_neighbours_alone(toy):
    together = members("identity")
    with torch.no_grad():
        together[1].linears[0].weight.mul_(1e30)
    batches = [seeds.generator(seed, "batches") for seed in SEEDS]
    results = fitting.fit(together, toy, SETTINGS, batches)
    assert [result.status for result in results] == ["ok", "diverged", "ok"]
    assert len(results[1].history) == 1 and len(results[0].history) == SETTINGS.max_epochs
    _, (expected,) = fit(toy, "identity", [2])
    torch.testing.assert_close(results[2].state, expected.state, rtol=1e-4, atol=1e-5)


def test_what_activations_learn_is_each_networks_own(toy):
    _, stacked = fit(toy, "prelu", keep="last", learning_rate=0.1)
    slopes = {result.state["activations.0.weight"].item() for result in stacked}
    assert len(slopes) == len(SEEDS) and 0.25 not in slopes


def test_lines_say_whose_epoch_it_is(toy):
    lines = []
    batches = [seeds.generator(seed, "batches") for seed in SEEDS]
    fitting.fit(members("relu"), toy, SETTINGS, batches, lines.append)
    assert lines[1].startswith("network 2 of 3, epoch   1")


@pytest.mark.parametrize("cls", [*mine.RANDOM, *mine.STATEFUL, mine.Learnt], ids=lambda cls: cls.__name__)
def test_an_own_activation_has_the_same_bytes_in_any_block(toy, cls, chaos):
    """Also with a look at the test images in between, and whatever else the process has drawn."""
    if not chaos and cls not in (*mine.RANDOM[:3], *mine.STATEFUL[:3], mine.Learnt):
        pytest.skip("only with --chaos")
    together, stacked = fit(toy, own(cls), test_each_epoch=True)
    scores = [fitting.score(*one) for one in zip(together, [toy] * len(SEEDS), stacked, strict=True)]
    assert len({row["train_loss"] for row in scores}) == len(SEEDS)
    for seed, result, expected in zip(SEEDS, stacked, scores, strict=True):
        seeds.restart(seed + 100)
        (alone,), (one,) = fit(toy, own(cls), [seed])
        assert fitting.score(alone, toy, one) == expected
        assert [row | {"test_accuracy": None} for row in result.history] == one.history
        assert result.state.keys() == one.state.keys()
        assert all(torch.equal(result.state[name], one.state[name]) for name in one.state)


@pytest.mark.parametrize("cls", [mine.NoisyLeak, mine.Dropping, mine.NumpyNoise, mine.PythonNoise])
def test_draws_matter_and_leave_the_global_generators_alone(toy, cls, monkeypatch):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    _, (first,) = fit(toy, own(cls), [0])
    assert torch.equal(torch.rand(3), expected)
    draws = seeds.generator
    monkeypatch.setattr(seeds, "generator", lambda seed, use: draws(seed + (use == "activations"), use))
    _, (other,) = fit(toy, own(cls), [0])
    assert first.history[0]["train_loss"] != other.history[0]["train_loss"]


def test_an_own_activation_trains_by_itself_unless_it_says_that_it_is_safe(toy, monkeypatch):
    sizes = []

    class Noted(Stack):
        def __init__(self, members):
            super().__init__(members)
            sizes.append(len(members))

    monkeypatch.setattr(fitting, "Stack", Noted)
    for activation in ("relu", SAFE, OWN):
        fit(toy, activation)
    assert sizes == [3, 3, 1, 1, 1]


def test_lines_say_whose_epoch_it_is_there_too(toy):
    lines = []
    batches = [seeds.generator(seed, "batches") for seed in SEEDS]
    fitting.fit(members(OWN), toy, SETTINGS, batches, lines.append)
    assert lines[SETTINGS.max_epochs].startswith("network 2 of 3, epoch   1")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("activation", KINDS, ids=str)
def test_a_block_on_a_gpu_agrees_with_networks_one_by_one_on_the_cpu(toy, activation):
    together = [network.to("cuda") for network in members(activation)]
    batches = [seeds.generator(seed, "batches") for seed in SEEDS]
    lines = []
    results = fitting.fit(together, toy.to("cuda"), SETTINGS, batches, lines.append)
    assert any("no CUDA graph" in line for line in lines) == (activation is OWN)
    for seed, result in zip(SEEDS, results, strict=True):
        _, (expected,) = fit(toy, activation, [seed])
        for row, one in zip(result.history, expected.history, strict=True):
            assert row["train_loss"] == pytest.approx(one["train_loss"], rel=1e-3)
