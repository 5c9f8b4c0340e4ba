"""CUDA graphs without a GPU: a stand-in for torch.cuda that records nothing and replays by calling again."""

import contextlib
from types import SimpleNamespace

import own_activations as mine
import pytest
import torch
from actbench.activations import registry
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.training import cuda_graph, fitting, loop
from actbench.training.stack import Stack
from own_activations import own
from test_fitting import SETTINGS


@pytest.fixture
def total():
    return torch.zeros(2)


@pytest.fixture
def step(total):
    return lambda x: total.add_(x)


@pytest.fixture
def cuda(monkeypatch, step):
    """An argument that says it is on a GPU, and what capturing asks of torch.cuda."""
    stream = SimpleNamespace(wait_stream=lambda other: None)
    argument = torch.zeros(2)

    class Graph:
        def replay(self):
            step(argument)

    for name, stand_in in {
        "device": contextlib.nullcontext,
        "Stream": lambda: stream,
        "current_stream": lambda: stream,
        "stream": contextlib.nullcontext,
        "CUDAGraph": Graph,
        "graph": contextlib.nullcontext,
        "synchronize": lambda device: None,
        "get_sync_debug_mode": lambda: 0,
        "set_sync_debug_mode": lambda mode: None,
    }.items():
        monkeypatch.setattr(torch.cuda, name, stand_in)
    return SimpleNamespace(device=SimpleNamespace(type="cuda"), clone=lambda: argument)


def test_on_a_cpu_the_step_is_itself(step, total):
    assert cuda_graph.captured(step, torch.zeros(2), [total]) is step


def test_capturing_leaves_no_trace_and_replays_with_the_new_argument(cuda, step, total):
    replay = cuda_graph.captured(step, cuda, [total])
    assert replay is not step and total.tolist() == [0, 0]
    replay(torch.tensor([1.0, 2.0]))
    replay(torch.tensor([1.0, 0.0]))
    assert total.tolist() == [2, 2]


def test_a_step_that_cannot_be_captured_runs_as_it_is(cuda, total, monkeypatch):
    @contextlib.contextmanager
    def refusing(graph):
        yield
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr(torch.cuda, "graph", refusing)
    lines = []

    def step(x):
        total.add_(1)

    assert cuda_graph.captured(step, cuda, [total], lines.append) is step
    assert total.tolist() == [0, 0]
    assert lines == [
        "no CUDA graph, each kernel is launched by itself: operation not permitted when stream is capturing"
    ]


def test_a_step_that_is_not_pure_is_never_captured(cuda, step, total):
    lines = []
    assert cuda_graph.captured(step, cuda, [total], lines.append, pure=False) is step
    assert total.tolist() == [0, 0]
    assert lines == [
        "no CUDA graph, each kernel is launched by itself: the network is not pure, or its activation does "
        "not say cuda_graph_safe"
    ]


@pytest.mark.parametrize(
    ("activation", "pure"),
    [
        *((name, name != "rrelu") for name in registry.REGISTRY),
        (own(mine.Safe), True),
        *((own(cls), False) for cls in (mine.Learnt, mine.SquaredReLU, *mine.RANDOM, *mine.STATEFUL)),
    ],
    ids=str,
)
def test_what_may_be_captured(toy, activation, pure, monkeypatch):
    told = []
    monkeypatch.setattr(cuda_graph, "captured", lambda step, *rest: told.append(rest[-1]) or step)
    stack = Stack([mlp.build(Recipe([4, 8, 4], activation), seeds.generator(0, "weights"))])
    loop.Trainer(stack, toy.train, fitting.optimizer(stack, SETTINGS), 32)
    assert told == [pure]


def test_a_changed_rate_is_captured_anew(toy, monkeypatch):
    """A graph has the learning rate inside: one that kept the first would train on with it."""
    rates = []

    def captured(step, example, changed, log, pure):
        rates.append(update.lr[0] * update.factor)
        return step

    monkeypatch.setattr(cuda_graph, "captured", captured)
    stack = Stack([mlp.build(Recipe([4, 8, 4], "relu"), seeds.generator(0, "weights"))])
    update = fitting.optimizer(stack, SETTINGS)
    trainer = loop.Trainer(stack, toy.train, update, 32)
    for factor in (0.5, 1.0, 1.0, 0.25):
        trainer.run([seeds.generator(0, "batches")], factor)
    assert rates == [0.1, 0.05, 0.1, 0.025]
