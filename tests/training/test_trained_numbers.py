"""Numbers of activations that are trained (β of Swish, s and b of StarReLU), and slopes that are drawn (rrelu)."""

import dataclasses

import pytest
import torch
from actbench.activations import registry, sampling
from actbench.networks import modes
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.probes import distributions
from actbench.runtime import seeds
from actbench.training import fitting, scoring
from test_fitting import SETTINGS
from test_stack import assert_same
from torch import nn

pytestmark = pytest.mark.usefixtures("one_thread")
SIZES = [4, 16, 8, 4]
TRAINED = {"prelu": ["weight"], "swish_trainable": ["beta"], "star_relu": ["bias", "scale"]}


def built(activation, seed=0):
    return mlp.build(Recipe(SIZES, activation), seeds.generator(seed, "weights"))


def fit(toy, activation, of, **changes):
    networks = [built(activation, seed) for seed in of]
    settings = dataclasses.replace(
        SETTINGS, **{"learning_rate": 0.05, "max_epochs": 3, "keep": "last"} | changes
    )
    return fitting.fit(networks, toy, settings, [seeds.generator(seed, "batches") for seed in of])


def test_these_and_no_others_have_parameters():
    found = {name: sorted(dict(registry.create(name).named_parameters())) for name in registry.REGISTRY}
    assert {name: names for name, names in found.items() if names} == TRAINED
    assert TRAINED.keys() == {name for name, entry in registry.REGISTRY.items() if entry.trainable}


@pytest.mark.parametrize("name", TRAINED)
def test_each_layer_and_network_trains_its_own_and_stores_it(toy, name):
    start = dict(registry.create(name).named_parameters())
    results = fit(toy, name, [0, 1])
    assert scoring.score(built(name), toy, results[0])["n_parameters"] == sum(
        tensor.numel() for tensor in results[0].state.values()
    )
    for parameter in TRAINED[name]:
        values = [result.state[f"activations.{layer}.{parameter}"] for result in results for layer in (0, 1)]
        assert all(value.shape == (1,) and value.item() != start[parameter].item() for value in values)
        assert len({value.item() for value in values}) == 4


@pytest.mark.parametrize("name", ["swish_trainable", "star_relu"])
def test_gradients_of_the_numbers_are_those_of_finite_differences(name):
    module = registry.create(name).double()
    x = torch.linspace(-3, 3, 14, dtype=torch.float64)
    values = tuple(module.parameters())
    names = [key for key, _ in module.named_parameters()]

    def of_numbers(*numbers):
        return torch.func.functional_call(module, dict(zip(names, numbers, strict=True)), (x,))

    assert torch.autograd.gradcheck(of_numbers, values)


def test_swish_of_any_beta_is_one_function():
    x = torch.linspace(-6, 6, 101)
    for beta in (0.3, 1.0, 1.702):
        fixed = registry.create({"import": None, "name": "swish_beta", "parameters": {"beta": beta}})
        trained = registry.create({"import": None, "name": "swish_trainable", "parameters": {"init": beta}})
        torch.testing.assert_close(fixed(x), nn.functional.silu(beta * x) / beta)
        torch.testing.assert_close(trained(x), fixed(x))


def test_star_relu_begins_with_mean_0_and_variance_1():
    """At standard normal numbers: E max(0, z)² = 1/2, of variance 5/4 (Yu et al.)."""
    z = torch.randn(2_000_000, generator=torch.Generator().manual_seed(0))
    f = registry.create("star_relu")(z).detach()
    assert f.mean().item() == pytest.approx(0, abs=4e-3) and f.std().item() == pytest.approx(1, abs=6e-3)


def test_rrelu_draws_a_slope_an_entry_while_it_trains_and_has_the_mean_one_afterwards():
    module, x = registry.create("rrelu"), -torch.ones(100_000)
    with seeds.drawn_from(0):
        slopes = -module.train()(x)
    assert 1 / 8 <= slopes.min() < 0.126 and 0.332 < slopes.max() <= 1 / 3
    assert slopes.mean().item() == pytest.approx(11 / 48, abs=6e-4)
    assert torch.equal(module.eval()(x), nn.functional.leaky_relu(x, 11 / 48))


def test_rrelu_with_one_slope_is_the_leaky_relu_bit_by_bit(toy):
    """Batches come in the same order, and nothing else is drawn."""
    given = {"import": None, "name": "rrelu", "parameters": {"lower": 0.25, "upper": 0.25}}
    leaky = {"import": None, "name": "leakyrelu", "parameters": {"slope": 0.25}}
    assert_same(fit(toy, given, [0, 1]), fit(toy, leaky, [0, 1]))


def test_rrelu_has_the_same_bytes_in_any_block_and_whatever_was_drawn_before(toy):
    torch.manual_seed(1)
    together = fit(toy, "rrelu", [0, 1, 2])
    torch.manual_seed(2)
    state = torch.get_rng_state()
    for seed in (2, 0, 1):
        assert_same(fit(toy, "rrelu", [seed]), [together[seed]])
    assert torch.equal(torch.get_rng_state(), state)


def test_rrelu_draws_what_its_seed_says(toy):
    """Networks that begin alike and see the same batches, but draw from other seeds."""
    networks = [built("rrelu") for _ in range(2)]
    networks[1].seed += 1
    settings = dataclasses.replace(SETTINGS, max_epochs=1, keep="last")
    one, other = fitting.fit(networks, toy, settings, [seeds.generator(0, "batches") for _ in range(2)])
    assert not torch.equal(one.state["linears.0.weight"], other.state["linears.0.weight"])


def test_what_is_measured_of_rrelu_is_its_mean_slope(toy):
    network, leaky = (
        built("rrelu"),
        built({"import": None, "name": "leakyrelu", "parameters": {"slope": 11 / 48}}),
    )
    x = toy.train.x[:100]
    with modes.frozen(network), modes.drawing(network):
        layers = list(network.trace(x))
    for layer, other in zip(layers, leaky.eval().trace(x), strict=True):
        assert torch.equal(layer.z, other.z)
    assert distributions.saturated_fraction(layers[0].activation, layers[0].z) == 0
    network.eval()
    _, slopes = sampling.evaluate(network.activations[0], torch.tensor([-1.0, 2.0]))
    assert slopes.tolist() == pytest.approx([11 / 48, 1])
