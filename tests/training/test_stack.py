import dataclasses
import itertools
from copy import deepcopy
from types import SimpleNamespace

import own_activations as mine
import pytest
import torch
from actbench.activations import registry
from actbench.data import subsets
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.training import compared, fitting, scoring
from actbench.training.stack import Stack
from own_activations import own
from test_fitting import SETTINGS

pytestmark = pytest.mark.usefixtures("one_thread")
SIZES = [4, 16, 8, 4]
SEEDS = [0, 1, 2]


OWN, SAFE = own(mine.Learnt), own(mine.Safe)
KINDS = ["relu", "tanh", "gelu", "relu_autograd", "prelu", OWN, SAFE]


def members(activation, of=SEEDS):
    build = built if activation in (OWN, SAFE) else mlp.build
    return [build(Recipe(SIZES, activation), seeds.generator(seed, "weights")) for seed in of]


BUILT = {}


def built(recipe, generator):
    """A fresh copy; what an own class must keep to is tried whenever a network is built, and takes its time."""
    key = (recipe.activation["import"], generator.initial_seed())
    if key not in BUILT:
        BUILT[key] = mlp.build(recipe, generator)
    return deepcopy(BUILT[key])


def fit(toy, activation, of=SEEDS, **changes):
    together = members(activation, of)
    settings = dataclasses.replace(SETTINGS, **changes)
    return together, fitting.fit(together, toy, settings, [seeds.generator(s, "batches") for s in of])


@pytest.fixture
def sizes(monkeypatch):
    """Of the stacks that train, one after another."""
    noted = []

    class Noted(Stack):
        def __init__(self, members):
            super().__init__(members)
            noted.append(len(members))

    monkeypatch.setattr(fitting, "Stack", Noted)
    monkeypatch.setattr(compared, "Stack", Stack)
    return noted


def assert_same(results, expected):
    """To the last bit: history, histograms, weights and how it ended."""
    assert len(results) == len(expected)
    for one, other in zip(results, expected, strict=True):
        assert one.history == other.history and one.histograms == other.histograms
        assert (one.status, one.best_epoch) == (other.status, other.best_epoch)
        assert one.state.keys() == other.state.keys()
        assert all(compared._same(one.state[name], other.state[name]) for name in other.state)


@pytest.mark.parametrize("activation", KINDS, ids=str)
def test_one_pass_gives_what_autograd_gives_each_network(activation):
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(3, 6, 4, generator=generator), torch.randint(4, (3, 6), generator=generator)
    stack = Stack(members(activation))
    logits, losses, gradients = stack.gradients(x, y)
    for i, (network, images, labels) in enumerate(zip(members(activation), x, y, strict=True)):
        loss = torch.nn.functional.cross_entropy(network(images), labels)
        loss.backward()
        torch.testing.assert_close(logits[i], network(images))
        torch.testing.assert_close(losses[i], loss)
        expected = [parameter.grad for parameter in network.parameters()]
        for found, gradient in zip(stack.of([i], gradients), expected, strict=True):
            torch.testing.assert_close(found, gradient)


@pytest.mark.parametrize("activation", KINDS, ids=str)
def test_joint_and_own_products_give_the_same_logits(activation):
    x = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0))
    stack = Stack(members(activation))
    torch.testing.assert_close(stack(x), stack._forward(x)[0])


def test_a_network_alone_is_computed_as_it_is():
    (network,), x = members("tanh", [0]), torch.randn(1, 5, 4)
    assert torch.equal(Stack([network])(x)[0], network(x[0]))


def test_initial_weights_do_not_depend_on_neighbours():
    joined = members("relu")
    Stack(joined)
    for network, alone in zip(joined, members("relu"), strict=True):
        for name, tensor in alone.state_dict().items():
            assert torch.equal(network.state_dict()[name], tensor)


def test_what_belongs_to_some_networks_is_listed_as_their_own_stack_lists_it():
    networks = members("prelu", range(4))
    stack = Stack(networks)
    chosen = stack.of([1, 3], stack.trainable)
    for pair in zip(chosen, Stack([networks[1], networks[3]]).trainable, strict=True):
        assert torch.equal(*pair)
    for pair in zip(stack.of([2], stack.trainable), networks[2].parameters(), strict=True):
        assert torch.equal(*pair)


# Of a kind each: without and with parameters, whole vectors and single networks, a user's.
UPDATED = ("relu", "sigmoid", "prelu", "star_relu", "rrelu", SAFE, OWN)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("activation", [*registry.REGISTRY, SAFE, OWN], ids=str)
def test_the_same_bytes_in_blocks_of_any_size(toy, activation, optimizer, sizes, chaos):
    """In the second epoch moments and histograms go on from the first; a bit that differs once stays."""
    if not chaos and optimizer != "sgd" and activation not in UPDATED:
        pytest.skip("only with --chaos")
    changes = {"optimizer": optimizer, "learning_rate": 0.01, "weight_decay": 0.01, "max_epochs": 2}
    changes |= {"keep": "last", "histograms": True}
    n = 10 if chaos or activation in ("relu", "prelu", SAFE) else 5
    ones = [fit(toy, activation, [seed], **changes) for seed in range(n)]
    alone = [result for _, (result,) in ones]
    sizes.clear()
    networks, together = fit(toy, activation, range(n), **changes)
    assert sizes == ([1] * n if activation in (OWN, "rrelu") else [n])
    assert_same(together, alone)
    if n == 10:
        assert_same(fit(toy, activation, range(5), **changes)[1], alone[:5])
    others = [n - 1, n - 3, n - 2, 1, 0]
    assert_same(fit(toy, activation, others, **changes)[1], [alone[i] for i in others])
    for network, result, ((one,), (expected,)) in zip(networks, together, ones, strict=True):
        assert all(torch.equal(network.state_dict()[name], kept) for name, kept in result.state.items())
        assert scoring.score(network, toy, result) == scoring.score(one, toy, expected)


SHAPES = {
    "default study": (64, [64] * 4, 10, 64),
    "odd widths": (65, [17, 33, 31], 10, 64),
    "odd batch": (64, [16, 10], 10, 17),
    "odd everywhere": (7, [31, 9], 3, 50),
    "two classes": (20, [48], 2, 32),
    "wide": (100, [256], 17, 100),
    "one unit": (16, [1, 8], 4, 16),
    "few numbers": (2, [2, 2], 2, 8),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "activation",
    ["sigmoid", "elu", "swish", "relu", "prelu", "softsign", "star_relu"],
)
def test_the_same_bytes_for_any_shape(shape, activation, chaos):
    """Sizes that are no multiple of a vector, too: whether they train together or not."""
    n_inputs, hidden, n_classes, batch_size = SHAPES[shape]
    n_train = 3 * batch_size + 2  # an incomplete batch is left
    generator = torch.Generator().manual_seed(1)
    subset = [
        subsets.Subset(
            torch.randn(n, n_inputs, generator=generator),
            torch.randint(n_classes, (n,), generator=generator),
        )
        for n in (n_train, 67, 50)
    ]
    data = subsets.Data(*subset, n_classes)
    both = chaos or activation in ("relu", "prelu")  # without and with parameters of its own
    for optimizer in ("sgd", "adam") if both else ("sgd",):
        changes = {"optimizer": optimizer, "batch_size": batch_size, "learning_rate": 0.01, "max_epochs": 2}
        settings = dataclasses.replace(SETTINGS, histograms=True, keep="last", weight_decay=0.01, **changes)

        def trained(of, settings=settings):
            networks = [
                mlp.build(
                    Recipe([n_inputs, *hidden, n_classes], activation), seeds.generator(seed, "weights")
                )
                for seed in of
            ]
            return fitting.fit(networks, data, settings, [seeds.generator(seed, "batches") for seed in of])

        assert_same(trained(range(5)), [trained([seed])[0] for seed in range(5)])


def test_a_network_that_stops_leaves_the_others_with_their_bytes(toy, sizes):
    changes = {"patience": 2, "max_epochs": 40, "learning_rate": 0.02, "histograms": True}
    for optimizer in ("sgd", "adam"):
        alone = [fit(toy, "prelu", [seed], optimizer=optimizer, **changes)[1][0] for seed in range(5)]
        sizes.clear()
        _, stacked = fit(toy, "prelu", range(5), optimizer=optimizer, **changes)
        ends = [len(result.history) for result in alone]
        left = [sum(end > epoch for end in ends) for epoch in range(max(ends))]
        assert sizes == sorted(set(left), reverse=True) and len(sizes) > 2
        assert_same(stacked, alone)


def test_where_fewer_would_have_other_bits_all_stay_together(toy, sizes, monkeypatch):
    changes = {"patience": 2, "max_epochs": 40, "learning_rate": 0.02}
    alone = [fit(toy, "relu", [seed], **changes)[1][0] for seed in SEEDS]
    sizes.clear()
    monkeypatch.setattr(compared, "same_bits", lambda members, trainer: len(members) == len(SEEDS))
    _, stacked = fit(toy, "relu", **changes)
    assert sizes == [3] and len({len(result.history) for result in alone}) > 1
    assert_same(stacked, alone)


def test_a_network_that_diverges_leaves_its_neighbours_alone(toy, sizes):
    together = members("identity")
    with torch.no_grad():
        together[1].linears[0].weight.mul_(1e30)
    batches = [seeds.generator(seed, "batches") for seed in SEEDS]
    results = fitting.fit(together, toy, SETTINGS, batches)
    assert [result.status for result in results] == ["ok", "diverged", "ok"]
    assert len(results[1].history) == 1 and sizes == [3, 2]
    assert_same(results[::2], [fit(toy, "identity", [seed])[1][0] for seed in (0, 2)])


@pytest.mark.parametrize("leave", [True, False])
def test_time_is_shared_by_those_that_still_run(toy, monkeypatch, leave):
    """By a clock that an epoch moves by a second; those that have stopped pay nothing, even where they stay."""
    clock = itertools.count()
    monkeypatch.setattr(fitting, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(compared, "same_bits", lambda members, trainer: leave or len(members) == len(SEEDS))
    _, stacked = fit(toy, "relu", patience=2, max_epochs=40, learning_rate=0.02)
    ends = [len(result.history) for result in stacked]
    assert len(set(ends)) > 1
    for end, result in zip(ends, stacked, strict=True):
        shares = [1 / sum(other > epoch for other in ends) for epoch in range(end)]
        assert result.seconds == pytest.approx(sum(shares))


RATES = [0.003, 0.003, 0.01, 0.03, 0.03, 0.03, 0.1]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("activation", ["relu", "prelu", SAFE, OWN], ids=str)
def test_the_same_bytes_with_a_rate_for_each_network(toy, activation, optimizer, sizes, chaos):
    """Neighbours of one rate are updated by one call; also with a schedule, and as networks stop early."""
    if not chaos and optimizer != "sgd" and activation in (SAFE, OWN):
        pytest.skip("only with --chaos")
    changes = {"optimizer": optimizer, "weight_decay": 0.01, "schedule": "cosine", "warmup_epochs": 2}
    changes |= {"patience": 2, "max_epochs": 15, "histograms": True}
    of = range(len(RATES))
    alone = [
        fit(toy, activation, [seed], learning_rate=rate, **changes)[1][0]
        for seed, rate in zip(of, RATES, strict=True)
    ]
    sizes.clear()
    settings = dataclasses.replace(SETTINGS, **changes, learning_rate=float("nan"))
    batches = [seeds.generator(seed, "batches") for seed in of]
    stacked = fitting.fit(members(activation, of), toy, settings, batches, rates=RATES)
    assert sizes[:2] == [1, 1] if activation is OWN else (sizes[0] == len(RATES) and len(sizes) > 2)
    assert_same(stacked, alone)
    assert len({len(result.history) for result in stacked}) > 1


def test_neighbours_of_one_rate_are_updated_by_one_call(toy):
    stack = Stack(members("prelu", range(len(RATES))))
    update = fitting.optimizer(stack, SETTINGS, RATES)
    assert update.lr == [0.003, 0.01, 0.03, 0.1] and len(update._parts) == 4
    assert fitting.optimizer(stack, SETTINGS, [0.1] * len(RATES)).lr == [0.1]


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
    scores = [scoring.score(*one) for one in zip(together, [toy] * len(SEEDS), stacked, strict=True)]
    assert len({row["train_loss"] for row in scores}) == len(SEEDS)
    for seed, result, expected in zip(SEEDS, stacked, scores, strict=True):
        seeds.restart(seed + 100)
        (alone,), (one,) = fit(toy, own(cls), [seed])
        assert scoring.score(alone, toy, one) == expected
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


def test_an_own_activation_trains_by_itself_unless_it_says_that_it_is_safe(toy, sizes):
    for activation in ("relu", SAFE, OWN):
        fit(toy, activation)
    assert sizes == [3, 3, 1, 1, 1]


def test_lines_say_whose_epoch_it_is_there_too(toy):
    lines = []
    batches = [seeds.generator(seed, "batches") for seed in SEEDS]
    fitting.fit(members(OWN), toy, SETTINGS, batches, lines.append)
    assert lines[SETTINGS.max_epochs].startswith("network 2 of 3, epoch   1")
