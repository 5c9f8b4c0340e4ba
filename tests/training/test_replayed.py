"""Replaying a captured step gives the bits of taking it; what is more than its memory is not captured."""

import contextlib
import dataclasses

import emulated_graph
import own_activations as mine
import pytest
import torch
from actbench.activations import registry
from actbench.data import subsets
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.training import cuda_graph, fitting
from actbench.training.stack import Stack
from own_activations import own
from test_fitting import SETTINGS
from test_stack import SIZES, assert_same, built

pytestmark = pytest.mark.usefixtures("one_thread")
RECIPES = {
    "sgd": {},
    "adam": {"optimizer": "adam", "learning_rate": 0.01, "weight_decay": 0.1},
}
MORE = {
    "no momentum": {"momentum": 0.0},
    "weight decay": {"weight_decay": 0.1},
    "adamw": {"optimizer": "adamw", "learning_rate": 0.01},
    "a schedule": {"schedule": "cosine", "warmup_epochs": 1, "max_epochs": 4},
    "early stopping": {"patience": 1, "max_epochs": 9, "learning_rate": 0.001},
    "divergence": {"learning_rate": 1e12, "keep": "last"},
}


@pytest.fixture(scope="module")
def small():
    """Which input is the largest: three steps an epoch."""
    generator = torch.Generator().manual_seed(0)

    def subset(n):
        x = torch.randn(n, 4, generator=generator)
        return subsets.Subset(x, x.argmax(dim=1))

    return subsets.Data(subset(100), subset(40), subset(40), 4)


@pytest.fixture
def train(small, monkeypatch):
    """Train S networks as on a GPU, with steps replayed or taken; fits, and the lines that tell of no epoch."""
    monkeypatch.setattr(fitting, "_together", lambda *given: True)
    monkeypatch.setattr(Stack, "exact", False)

    def trained(activation, n, captured, pure=None, **changes):
        monkeypatch.setattr(cuda_graph, "captured", captured)
        common = {"max_epochs": 2, "test_each_epoch": True, "histograms": True}
        settings = dataclasses.replace(SETTINGS, **(common | changes))
        build, recipe = mlp.build if isinstance(activation, str) else built, Recipe(SIZES, activation)
        members = [build(recipe, seeds.generator(s, "weights")) for s in range(n)]
        for network in members:
            network.pure = network.pure if pure is None else pure
        lines, batches = [], [seeds.generator(s, "batches") for s in range(n)]
        fits = fitting.fit(members, small, settings, batches, lines.append)
        return fits, [line for line in lines if "epoch" not in line]

    return trained


def taken(step, *rest):
    """As where there is no graph."""
    return step


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("activation", registry.REGISTRY)
def test_replay_equals_eager(train, activation, recipe, n):
    compare(train, activation, n, RECIPES[recipe])


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("recipe", MORE)
@pytest.mark.parametrize("activation", ["tanh", "prelu", own(mine.Safe)], ids=str)
def test_so_it_does_with_other_recipes(train, activation, recipe, n):
    compare(train, activation, n, MORE[recipe])


def compare(train, activation, n, changes):
    replayed, lines = train(activation, n, emulated_graph.captured, **changes)
    expected, _ = train(activation, n, taken, **changes)
    assert_same(replayed, expected)
    assert len(lines) == (n if activation == "rrelu" else 0)


@pytest.mark.parametrize("cls", [mine.RunningMean, mine.Annealed, mine.RunningScale])
def test_an_own_state_is_not_captured(train, cls):
    """Three networks train one after another, each kernel launched by itself."""
    replayed, lines = train(own(cls), 3, emulated_graph.captured)
    assert_same(replayed, train(own(cls), 3, taken)[0])
    assert [line.split("no CUDA graph")[0] for line in lines] == [f"network {i} of 3, " for i in (1, 2, 3)]


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("cls", [mine.RunningMean, mine.Annealed])
def test_captured_it_would_train_otherwise(train, cls, n):
    """A buffer that is bound anew and a count in Python stand still: why it is asked for."""
    replayed, lines = train(own(cls), n, emulated_graph.captured, pure=True)
    expected, _ = train(own(cls), n, taken, pure=True)
    assert not lines
    assert all(one.history != other.history for one, other in zip(replayed, expected, strict=True))


@pytest.mark.parametrize("cls", [mine.RunningScale, mine.Drifting])
def test_what_is_changed_in_place_is_put_back_after_warming_up(train, cls):
    """Buffers, as batch normalisation changes its own, and what is not trained: as if no graph had been tried."""
    replayed, lines = train(own(cls), 1, emulated_graph.captured, pure=True)
    assert not lines
    assert_same(replayed, train(own(cls), 1, taken, pure=True)[0])


def test_what_waits_for_the_gpu_is_found_before_it_is_captured(train, monkeypatch):
    def refused(graph):
        raise AssertionError("capture was tried")

    monkeypatch.setattr(emulated_graph, "Recording", refused)
    replayed, lines = train(own(mine.Learnt), 1, emulated_graph.captured, pure=True)
    assert lines == [
        "no CUDA graph, each kernel is launched by itself: called a synchronizing CUDA operation"
    ]
    assert_same(replayed, train(own(mine.Learnt), 1, taken)[0])


def test_the_log_has_the_first_error(train, monkeypatch):
    """Ending a capture that has failed fails as well, and leaves its stream in use."""

    @contextlib.contextmanager
    def failing(graph):
        try:
            yield
            raise RuntimeError("operation not permitted when stream is capturing")
        finally:
            raise RuntimeError("operation failed due to a previous error during capture")

    monkeypatch.setattr(emulated_graph, "Recording", failing)
    replayed, lines = train("relu", 1, emulated_graph.captured)
    assert lines == [
        "no CUDA graph, each kernel is launched by itself: operation not permitted when stream is capturing"
    ]
    assert_same(replayed, train("relu", 1, taken)[0])


def test_those_that_have_ended_leave_when_they_are_half(train, monkeypatch):
    """The others go on from where they are: to rounding, as if each had trained alone, with its own images."""
    noted = []

    class Noted(Stack):
        def __init__(self, members):
            super().__init__(members)
            noted.append(len(members))

    monkeypatch.setattr(fitting, "Stack", Noted)
    how = {"patience": 2, "max_epochs": 30, "learning_rate": 0.05, "optimizer": "adam"}
    together, lines = train("tanh", 6, emulated_graph.captured, **how)
    ends = [len(result.history) for result in together]
    expected, size = [], 6
    for epoch in range(max(ends)):
        running = sum(end > epoch for end in ends)
        if epoch == 0 or 2 * running <= size:
            size = running
            expected.append(size)
    assert not lines and noted == expected and len(expected) > 1
    monkeypatch.setattr(fitting, "_together", lambda *given: False)
    alone, _ = train("tanh", 6, taken, **how)
    assert [len(result.history) for result in alone] == ends
    for one, other in zip(together, alone, strict=True):
        losses = [[row["train_loss"] for row in result.history] for result in (one, other)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-3)
