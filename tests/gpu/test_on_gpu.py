"""What only a GPU can show. Needs torch, numpy, pandas, pyarrow, safetensors and pytest, and no other file of `tests`
but `own_activations`:

    python3 -m pytest --confcutdir=tests/gpu tests/gpu
"""

import dataclasses

import own_activations as mine
import pytest
import torch
from actbench.activations import registry, timing
from actbench.data import subsets
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.training import cuda_graph, fitting
from own_activations import own

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU"),
]
SEEDS = [0, 1, 2]
SIZES = [4, 64, 32, 4]
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
OWN, SAFE = own(mine.Learnt), own(mine.Safe)
KINDS = ["relu", "tanh", "gelu", "relu_autograd", "prelu", OWN, SAFE]
NORMALISED = [("layer", False), ("batch", False), ("none", True), ("batch", True)]
CPU = torch.device("cpu")
GPU = torch.device("cuda", 0)


@pytest.fixture(autouse=True)
def as_in_a_job():
    """torch as the training job sets it."""
    threads = torch.get_num_threads()
    fitting.prepare_torch(SETTINGS)
    yield
    torch.set_deterministic_debug_mode("default")
    torch.set_flush_denormal(False)
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def toy():
    """Which input is the largest."""
    generator = torch.Generator().manual_seed(0)

    def subset(n):
        x = torch.randn(n, 4, generator=generator)
        return subsets.Subset(x, x.argmax(dim=1))

    return subsets.Data(subset(256), subset(64), subset(64), 4)


@pytest.fixture
def train(toy):
    """Fits of networks on a device, and the lines that tell of no epoch."""

    def trained(activation, device=GPU, of=SEEDS, sizes=SIZES, epochs=(), network=None, **changes):
        settings = dataclasses.replace(SETTINGS, **changes)
        recipe = Recipe(sizes, activation, settings=network or {})
        members = [mlp.build(recipe, seeds.generator(seed, "weights")).to(device) for seed in of]
        lines, batches = [], [seeds.generator(seed, "batches") for seed in of]
        given = (members, toy.to(device), settings, batches, lines.append)
        return fitting.fit(*given, epochs=epochs), [line for line in lines if "epoch" not in line]

    return trained


def assert_same(results, expected):
    """To the last bit."""
    for one, other in zip(results, expected, strict=True):
        assert str(one.history) == str(other.history)
        assert one.state.keys() == other.state.keys()
        assert all(torch.equal(one.state[name], other.state[name]) for name in one.state)


def test_a_graph_is_replayed():
    total, new = torch.zeros(2, device=GPU), torch.ones(2, device=GPU)
    step = lambda x: total.add_(x)  # noqa: E731
    replay = cuda_graph.captured(step, new, [total])
    assert replay is not step
    for _ in range(3):
        replay(new)
    assert total.tolist() == [3, 3]


def test_what_waits_for_the_gpu_is_found_before_it_is_captured(monkeypatch):
    def refused(*given):
        raise AssertionError("capture was tried")

    monkeypatch.setattr(torch.cuda, "graph", refused)
    total, new, lines = torch.zeros(2, device=GPU), torch.ones(2, device=GPU), []
    step = lambda x: total.add_(x.sum().item())  # noqa: E731
    assert cuda_graph.captured(step, new, [total], lines.append) is step
    assert total.tolist() == [0, 0]
    assert len(lines) == 1 and "synchroniz" in lines[0]
    assert torch.cuda.get_sync_debug_mode() == 0


@pytest.mark.parametrize("of", [[0], SEEDS], ids=["alone", "three"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("activation", [*KINDS, "rrelu"], ids=str)
def test_replay_equals_eager_and_bytes_repeat(train, monkeypatch, activation, optimizer, of):
    how = {"optimizer": optimizer, "learning_rate": 0.01, "of": of}
    (first, lines), _, (again, _) = train(activation, **how), train("softsign"), train(activation, **how)
    assert_same(first, again)
    assert any("no CUDA graph" in line for line in lines) == (activation in ("rrelu", OWN))
    monkeypatch.setattr(cuda_graph, "captured", lambda step, *rest: step)
    assert_same(first, train(activation, **how)[0])


@pytest.mark.parametrize("activation", [name for name in registry.REGISTRY if name != "rrelu"])
def test_a_block_agrees_with_networks_one_by_one_on_the_cpu(train, activation):
    """A few steps only: rounding grows with each, most where a function jumps."""
    how = {"learning_rate": 0.01, "max_epochs": 2}
    together, lines = train(activation, **how)
    assert not lines
    assert_near(together, train, activation, **how)


@pytest.mark.parametrize(("norm", "residual"), NORMALISED)
def test_so_it_does_with_norms_and_residual_connections(train, norm, residual):
    how = {"network": {"norm": norm, "residual": residual}, "sizes": [4, 64, 64, 4]}
    together, lines = train("tanh", **how)
    assert not lines
    assert_near(together, train, "tanh", **how)
    if norm == "batch":
        for result in together:
            assert result.state["norms.0.num_batches_tracked"].item() == result.best_epoch * 8


def assert_near(together, train, activation, **how):
    for seed, result in zip(SEEDS, together, strict=True):
        (expected,), _ = train(activation, CPU, [seed], **how)
        for row, one in zip(result.history, expected.history, strict=True):
            assert row["train_loss"] == pytest.approx(one["train_loss"], rel=1e-3)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_schedule_gives_the_losses_of_the_cpu(train, schedule):
    how = {"schedule": schedule, "warmup_epochs": 2}
    assert_near(train("relu", **how)[0], train, "relu", **how)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_weights_of_an_epoch_are_those_of_a_training_that_ends_there(train, optimizer):
    how = {"keep": "last", "optimizer": optimizer, "learning_rate": 0.01}
    (whole, _), (ended, _) = train("prelu", epochs=[2], **how), train("prelu", max_epochs=2, **how)
    for result, last in zip(whole, ended, strict=True):
        assert all(torch.equal(result.snapshots[2][name], own) for name, own in last.state.items())


def test_networks_stop_by_themselves(train):
    """Those that stay may have other last bits with fewer neighbours; how they end is their own."""
    how = {"patience": 2, "max_epochs": 40, "learning_rate": 0.02}
    results, lines = train("prelu", **how)
    assert not lines
    for result in results:
        assert len(result.history) == min(40, result.best_epoch + 2)
    again, _ = train("prelu", **how)
    assert_same(results, again)


def test_every_run_that_diverges_ends_by_itself(train):
    results, _ = train("identity", learning_rate=1e30)
    assert [result.status for result in results] == ["diverged"] * 3


def test_functions_are_timed():
    rows = timing.measure({"relu": registry.named("relu")}, (256, 512), "cuda:0")
    assert all(row["ns_per_element"] > 0 for row in rows)
