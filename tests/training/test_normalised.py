"""Networks with norms and residual connections train as plain torch trains them, alone and side by side."""

import dataclasses
import itertools
from copy import deepcopy

import own_activations as mine
import pytest
import torch
from actbench.activations import registry
from actbench.data import subsets
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.training import compared, cuda_graph, fitting, loop, scoring
from actbench.training.stack import Stack
from own_activations import own
from test_compared import nudged, products_agree, same
from test_fitting import SETTINGS
from test_stack import assert_same
from torch import nn
from torch.nn import functional

pytestmark = pytest.mark.usefixtures("one_thread")
SIZES = [4, 16, 16, 8, 4]
NORMS = {"layer": nn.LayerNorm, "batch": nn.BatchNorm1d}
KINDS = [(norm, residual) for norm in mlp.NORMS for residual in (False, True)][1:]
SEEDS = [0, 1, 2]


def members(activation, norm="batch", residual=True, of=SEEDS):
    recipe = Recipe(SIZES, activation, settings={"norm": norm, "residual": residual})
    return [built(recipe, seed) for seed in of]


BUILT = {}


def built(recipe, seed):
    """A fresh copy; what an own class must keep to is tried whenever a network is built, and takes its time."""
    key = (str(recipe), seed)
    if key not in BUILT:
        BUILT[key] = mlp.build(recipe, seeds.generator(seed, "weights"))
    return deepcopy(BUILT[key])


def fit(toy, networks, of=SEEDS, **changes):
    settings = dataclasses.replace(SETTINGS, **{"keep": "last", "max_epochs": 3} | changes)
    return fitting.fit(networks, toy, settings, [seeds.generator(seed, "batches") for seed in of])


class ByHand(nn.Module):
    """4-16-16-8-4 with an input added to the second hidden layer, as one writes it in torch."""

    def __init__(self, norm, residual):
        super().__init__()
        self.residual = residual
        self.first = nn.Sequential(nn.Linear(4, 16), norm(16), nn.Tanh())
        self.second = nn.Sequential(nn.Linear(16, 16), norm(16), nn.Tanh())
        self.third = nn.Sequential(nn.Linear(16, 8), norm(8), nn.Tanh())
        self.last = nn.Linear(8, 4)

    def forward(self, x):
        x = self.first(x)
        x = self.second(x) + x if self.residual else self.second(x)
        return self.last(self.third(x))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize(("norm", "residual"), KINDS)
def test_plain_torch_trains_the_same_weights(toy, norm, residual, optimizer):
    """Bit by bit, running statistics included, from the same weights and batches."""
    (network,) = members("tanh", norm, residual, [0])
    reference = ByHand(NORMS.get(norm, nn.Identity), residual)
    linears = [part for part in reference.modules() if isinstance(part, nn.Linear)]
    norms = [part for part in reference.modules() if isinstance(part, nn.LayerNorm | nn.BatchNorm1d)]
    for theirs, ours in zip(linears, network.linears, strict=True):
        theirs.load_state_dict(ours.state_dict())
    rate = {"sgd": 0.1, "adam": 0.01}[optimizer]
    if optimizer == "sgd":
        update = torch.optim.SGD(reference.parameters(), rate, momentum=0.9, weight_decay=0.01, fused=True)
    else:
        update = torch.optim.Adam(reference.parameters(), rate, weight_decay=0.01, fused=True)
    (result,) = fit(toy, [network], [0], optimizer=optimizer, learning_rate=rate, weight_decay=0.01)
    batches = seeds.generator(0, "batches")
    for _ in range(3):
        for rows in torch.randperm(len(toy.train.y), generator=batches).split(32):
            update.zero_grad()
            functional.cross_entropy(reference(toy.train.x[rows]), toy.train.y[rows]).backward()
            update.step()
    for kind, theirs in (("linears", linears), ("norms", norms)):
        for layer, part in enumerate(theirs):
            for name, tensor in part.state_dict().items():
                assert torch.equal(result.state[f"{kind}.{layer}.{name}"], tensor), (kind, layer, name)
    assert len(result.state) == sum(len(part.state_dict()) for part in (*linears, *norms))
    expected = reference.eval()(toy.test.x)
    assert torch.equal(network.eval()(toy.test.x), expected)
    accuracy = (expected.argmax(dim=1) == toy.test.y).double().mean().item()
    assert scoring.score(network, toy, result)["test_accuracy"] == accuracy


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("activation", ["relu", "sigmoid", "identity", "prelu"])
@pytest.mark.parametrize(("norm", "residual"), KINDS)
def test_the_same_bytes_alone_and_side_by_side(toy, norm, residual, activation, optimizer):
    changes = {"optimizer": optimizer, "learning_rate": 0.01, "weight_decay": 0.01, "histograms": True}
    changes |= {"max_epochs": 2}  # moments and statistics go on in the second
    networks, alone = members(activation, norm, residual), members(activation, norm, residual)
    assert same(networks, toy, **changes)
    apart = [*itertools.chain(*(fit(toy, [one], [seed], **changes) for seed, one in enumerate(alone)))]
    lines = []
    settings = dataclasses.replace(SETTINGS, keep="last", **changes)
    together = fitting.fit(
        networks, toy, settings, [seeds.generator(s, "batches") for s in SEEDS], lines.append
    )
    assert "one by one" not in lines[0]
    assert_same(together, apart)
    for network, one, result, other in zip(networks, alone, together, apart, strict=True):
        assert scoring.score(network, toy, result) == scoring.score(one, toy, other)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("activation", registry.REGISTRY)
def test_every_activation_trains_side_by_side(toy, activation, norm):
    changes = {"learning_rate": 0.01, "max_epochs": 2}
    together = fit(toy, members(activation, norm), **changes)
    for seed, result in enumerate(together):
        assert_same([result], fit(toy, members(activation, norm, of=[seed]), [seed], **changes))
        assert result.status == "ok"
        gains = [tensor for name, tensor in result.state.items() if name == "norms.0.weight"]
        assert not torch.equal(*gains, torch.ones(16))


@pytest.mark.parametrize(("cls", "together"), [(mine.Learnt, False), (mine.Safe, True)])
def test_an_own_activation_has_the_same_bytes_in_any_block(toy, cls, together, monkeypatch):
    sizes, stack = [], fitting.Stack
    monkeypatch.setattr(fitting, "Stack", lambda given: sizes.append(len(given)) or stack(given))
    results = fit(toy, members(own(cls)))
    assert max(sizes) == (3 if together else 1)
    for seed, result in enumerate(results):
        assert_same([result], fit(toy, members(own(cls), of=[seed]), [seed]))


def test_gradients_side_by_side_are_autograds():
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(3, 6, 4, generator=generator), torch.randint(4, (3, 6), generator=generator)
    for activation, (norm, residual) in itertools.product(("tanh", "prelu"), KINDS):
        stack = Stack(members(activation, norm, residual))
        logits, _, gradients = stack.gradients(x, y)
        stack.keep_gradients(gradients)
        for i, network in enumerate(members(activation, norm, residual)):
            functional.cross_entropy(network(x[i]), y[i]).backward()
            torch.testing.assert_close(logits[i], network(x[i]))
            for own_one, one in zip(stack.networks[i].parameters(), network.parameters(), strict=True):
                torch.testing.assert_close(own_one.grad, one.grad)


def test_training_normalises_by_batches_and_evaluation_by_running_statistics(toy):
    networks = members("relu")
    results = fit(toy, networks, max_epochs=2)
    running = [result.state["norms.0.running_mean"] for result in results]
    assert not torch.equal(running[0], running[1]) and running[0].abs().sum() > 0
    for network, result in zip(networks, results, strict=True):
        assert result.state["norms.2.num_batches_tracked"] == 2 * len(toy.train.y) // 32
        assert network.training
        right = network.eval()(toy.validation.x).argmax(dim=1) == toy.validation.y
        assert result.history[-1]["val_accuracy"] == right.double().mean().item()


def test_the_best_epochs_running_statistics_are_kept(toy):
    changes = {"patience": 2, "max_epochs": 40, "learning_rate": 0.02, "keep": "best"}
    together = fit(toy, members("prelu"), **changes)
    ends = {len(result.history) for result in together}
    assert len(ends) > 1
    for seed, result in enumerate(together):
        assert_same([result], fit(toy, members("prelu", of=[seed]), [seed], **changes))
        assert result.state["norms.0.num_batches_tracked"] == result.best_epoch * len(toy.train.y) // 32
        assert result.best_epoch < len(result.history)


def test_running_statistics_that_overflow_are_no_error(toy):
    """A variance beyond float32: normalised by it, all is 0."""
    networks = members("relu", residual=False)
    with torch.no_grad():
        networks[1].linears[0].weight.mul_(1e30)
    results = fit(toy, networks)
    assert results[1].state["norms.0.running_var"].isinf().all()
    assert scoring.score(networks[1], toy, results[1])["status"] in ("ok", "diverged")
    for seed in (0, 2):
        assert_same([results[seed]], fit(toy, members("relu", residual=False, of=[seed]), [seed]))


@pytest.mark.parametrize("norm", NORMS)
def test_a_normalised_network_that_diverges_has_no_scores(toy, norm):
    networks = members("leakyrelu", norm)
    results = fit(toy, networks, learning_rate=1e38)
    for network, result in zip(networks, results, strict=True):
        assert scoring.score(network, toy, result)["status"] == "diverged"


def test_one_bit_of_a_running_statistic_is_found(toy, monkeypatch):
    found = Stack.gradients

    def gradients(self, x, y):
        given = found(self, x, y)
        if not self.single:
            mean = self.networks[-1].norms[1].running_mean
            mean.copy_(nudged(mean.unsqueeze(0))[0])
        return given

    monkeypatch.setattr(Stack, "gradients", gradients)
    assert not same(members("tanh"), toy)


def test_comparing_leaves_running_statistics_as_they_are(toy):
    networks, untouched = members("tanh"), members("tanh")
    assert same(networks, toy)
    for network, other in zip(networks, untouched, strict=True):
        assert all(map(torch.equal, network.state_dict().values(), other.state_dict().values()))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize(("norm", "residual"), KINDS)
def test_the_default_study_trains_together(norm, residual, optimizer):
    if not products_agree():
        pytest.skip("this processor rounds batched products otherwise")
    recipe = Recipe([64, 64, 64, 64, 64, 10], "swish", settings={"norm": norm, "residual": residual})
    networks = [mlp.build(recipe, seeds.generator(seed, "weights")) for seed in range(5)]
    assert compared.worthwhile(networks[0], 32)
    generator = torch.Generator().manual_seed(0)
    images = subsets.Subset(
        torch.randn(1247, 64, generator=generator), torch.randint(10, (1247,), generator=generator)
    )
    assert same(networks, subsets.Data(images, images, images, 10), optimizer=optimizer)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_all_that_a_step_changes_is_put_back_after_warming_up(toy, optimizer, monkeypatch):
    """A graph is captured after a few steps, which must leave no trace in the running statistics either."""
    listed = []
    monkeypatch.setattr(
        cuda_graph, "captured", lambda step, first, changed, log, pure: listed.extend(changed) or step
    )
    stack = Stack(members("prelu"))
    settings = dataclasses.replace(SETTINGS, optimizer=optimizer)
    trainer = loop.Trainer(stack, toy.train, fitting.optimizer(stack, settings), 32)
    assert stack.pure
    before = [tensor.clone() for tensor in listed]
    expected = deepcopy(stack.state_dict())
    rows = torch.arange(96).view(3, 32)
    for _ in range(cuda_graph.WARM_UP):
        trainer.step(rows)
    changed = {name for name, kept in stack.state_dict().items() if not torch.equal(kept, expected[name])}
    assert changed >= {name for name in expected if not name.endswith("bias")}
    for tensor, value in zip(listed, before, strict=True):
        tensor.copy_(value)
    assert all(torch.equal(kept, expected[name]) for name, kept in stack.state_dict().items())
