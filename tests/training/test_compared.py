"""Networks take their steps together only where that changes no bit, as far as a compared step can tell."""

import dataclasses
import functools

import own_activations as mine
import pytest
import torch
from actbench.activations import registry
from actbench.data import subsets
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.training import compared, fitting, optimizers, stack
from actbench.training.stack import Stack
from own_activations import own
from test_fitting import SETTINGS
from test_stack import assert_same, fit, members

pytestmark = pytest.mark.usefixtures("one_thread")
BY_ONE = "networks train one by one: together their steps have other bits on this machine"


def same(networks, toy, **changes):
    settings = dataclasses.replace(SETTINGS, **changes)
    rates = [settings.learning_rate] * len(networks)
    return compared.same_bits(networks, fitting._trainers(toy, settings, rates))


def nudged(tensor):
    """One bit more in one number of the last network."""
    changed = tensor.clone()
    number = changed[-1].view(-1)[-1:]
    number.copy_(torch.nextafter(number, torch.full_like(number, torch.inf)))
    return changed


def test_comparing_leaves_networks_as_they_are(toy):
    networks, untouched = members("prelu"), members("prelu")
    assert same(networks, toy)
    for network, other in zip(networks, untouched, strict=True):
        assert all(torch.equal(*pair) for pair in zip(network.parameters(), other.parameters(), strict=True))
        assert all(parameter.grad is None for parameter in network.parameters())


def test_a_processor_with_other_products_trains_one_by_one(toy, monkeypatch):
    """Of batches; what it multiplies for a network alone is the same."""
    alone = [fit(toy, "tanh", [seed])[1][0] for seed in (0, 1)]
    for name in ("baddbmm", "bmm"):
        with monkeypatch.context() as patched:
            product = getattr(torch, name)
            patched.setattr(torch, name, lambda *given, product=product: nudged(product(*given)))
            lines = []
            together = members("tanh", (0, 1))
            order = [seeds.generator(seed, "batches") for seed in (0, 1)]
            results = fitting.fit(together, toy, SETTINGS, order, lines.append)
        assert lines[0] == BY_ONE and lines[1].startswith("network 1 of 2, epoch   1")
        assert_same(results, alone)


@pytest.mark.parametrize("place", ["losses", "gradients", "an update", "a second update"])
def test_one_bit_is_found(toy, monkeypatch, place):
    if place in ("losses", "gradients"):
        found = Stack.gradients

        def gradients(self, x, y):
            logits, losses, listed = found(self, x, y)
            if not self.single:
                losses, listed = (
                    (nudged(losses), listed)
                    if place == "losses"
                    else (losses, [*listed[:-1], nudged(listed[-1])])
                )
            return logits, losses, listed

        monkeypatch.setattr(Stack, "gradients", gradients)
    else:
        step = optimizers.SGD.step

        def nudging(self, listed):
            step(self, listed)
            self.n_steps = getattr(self, "n_steps", 0) + 1
            if self.parameters[0].dim() == 3 and self.n_steps == 1 + (place == "a second update"):
                self.moments[0][0].copy_(nudged(self.moments[0][0]))

        monkeypatch.setattr(optimizers.SGD, "step", nudging)
    assert not same(members("tanh"), toy)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_numbers_that_would_share_a_vector_with_a_neighbours_are_found(toy, monkeypatch, optimizer):
    """Cut elsewhere, sigmoid and the fused update round otherwise; then networks train one by one.

    How many numbers a vector has depends on the processor: on some, nothing differs in the steps that are compared.
    """
    of, changes = range(5), {"batch_size": 50, "optimizer": optimizer, "weight_decay": 0.01}
    alone = [fit(toy, "sigmoid", [seed], **changes)[1][0] for seed in of]
    assert same(members("sigmoid", of), toy, **changes)
    assert_same(fit(toy, "sigmoid", of, **changes)[1], alone)
    monkeypatch.setattr(stack, "VECTORS", 1)
    if same(members("sigmoid", of), toy, **changes):
        pytest.skip("this processor's vectors round alike")
    assert_same(fit(toy, "sigmoid", of, **changes)[1], alone)
    monkeypatch.setattr(compared, "same_bits", lambda members, trainer: True)
    with pytest.raises(AssertionError):
        assert_same(fit(toy, "sigmoid", of, **changes)[1], alone)


def test_numbers_that_are_none_are_the_same():
    assert compared._same(torch.tensor([torch.nan, 1]), torch.tensor([torch.nan, 1]))
    assert not compared._same(torch.tensor(0.0), torch.tensor(-0.0))


@pytest.mark.parametrize(
    ("hidden", "batch_size", "threads", "expected"),
    [
        ([64] * 8, 64, 1, True),
        ([64] * 8, 64, 2, False),
        ([512] * 2, 64, 1, True),
        ([512] * 3, 64, 1, False),  # 2.3 MB
        ([64, 1], 64, 1, False),
        ([64], 1, 1, False),
        ([2, 2], 64, 1, False),
    ],
)
def test_which_shapes_may_train_together(monkeypatch, hidden, batch_size, threads, expected):
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    network = mlp.build(Recipe([64, *hidden, 10], "relu"), seeds.generator(0, "weights"))
    assert compared.worthwhile(network, batch_size) == expected


def test_what_is_too_large_trains_one_by_one_and_is_not_compared(toy, monkeypatch):
    monkeypatch.setattr(compared, "LARGEST", 100)
    monkeypatch.setattr(compared, "same_bits", None)
    _, apart = fit(toy, "relu", [0, 1])
    assert_same(apart, [fit(toy, "relu", [seed])[1][0] for seed in (0, 1)])


def test_own_activations_that_are_safe_are_compared_too(toy):
    assert same(members(own(mine.Safe)), toy)


@functools.cache
def products_agree() -> bool:
    """Whether this processor multiplies in a batch as it does alone, in the default study's shapes."""
    generator = torch.Generator().manual_seed(0)
    for n_out in (64, 10):
        x, weight = (
            torch.randn(5, 64, 64, generator=generator),
            torch.randn(5, n_out, 64, generator=generator),
        )
        signal = torch.randn(5, 64, n_out, generator=generator)
        pairs = [(x, weight.mT), (signal.mT, x), (signal, weight)]
        if not all(
            torch.equal(torch.bmm(*pair)[i], pair[0][i] @ pair[1][i]) for pair in pairs for i in range(5)
        ):
            return False
    return True


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("activation", [name for name in registry.REGISTRY if registry.pure(name)])
def test_the_default_study_trains_together(activation, optimizer):
    """Width 64, batch 64, digits: every pure activation of the registry, with and without momentum and decay."""
    if not products_agree():
        pytest.skip("this processor rounds batched products otherwise")
    generator = torch.Generator().manual_seed(0)
    train = subsets.Subset(
        torch.randn(1247, 64, generator=generator), torch.randint(10, (1247,), generator=generator)
    )
    data = subsets.Data(train, train, train, 10)
    networks = [
        mlp.build(Recipe([64, 64, 64, 64, 64, 10], activation), seeds.generator(seed, "weights"))
        for seed in range(5)
    ]
    assert compared.worthwhile(networks[0], 64)
    changes = [(0.9, 0.0), (0.9, 0.01), (0.0, 0.0)]
    for momentum, decay in changes[: 2 if optimizer == "adam" else 3]:  # Adam has no momentum of this name
        recipe = {"optimizer": optimizer, "momentum": momentum, "weight_decay": decay, "batch_size": 64}
        assert same(networks, data, **recipe)
