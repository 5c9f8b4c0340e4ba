import itertools
import math

import pytest
import torch
from actbench.networks import initialisation
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.theory import critical
from torch import nn
from torch.nn import init

SIZES = [40, 64, 300, 50, 10]
SHAPES = [(64, 40), (300, 64), (50, 300), (10, 50)]
EDGE = {"first_weight_std": 0.7, "weight_std": 1.3, "bias_std": 0.2}


def built(kind, sizes=SIZES, seed=3, activation="tanh", initial=None, **settings):
    initial = initial or (EDGE if kind == "critical" else None)
    recipe = Recipe(sizes, activation, settings={"initialisation": kind, **settings}, initial=initial)
    return mlp.build(recipe, seeds.generator(seed, "weights"))


def normals(sizes=SIZES, seed=3):
    """The standard normal weights and biases of a seed, layer by layer."""
    generator = seeds.generator(seed, "weights")
    return [
        (torch.randn(n_out, n_in, generator=generator), torch.randn(n_out, generator=generator))
        for n_in, n_out in itertools.pairwise(sizes)
    ]


VARIANCES = {
    "he": lambda n_in, n_out: 2 / n_in,
    "xavier": lambda n_in, n_out: 2 / (n_in + n_out),
    "lecun": lambda n_in, n_out: 1 / n_in,
}
TORCHS = {
    "he": lambda weight, g: init.kaiming_normal_(weight, nonlinearity="relu", generator=g),
    "xavier": lambda weight, g: init.xavier_normal_(weight, generator=g),
    "lecun": lambda weight, g: init.kaiming_normal_(weight, nonlinearity="linear", generator=g),
    "orthogonal": lambda weight, g: init.orthogonal_(weight, generator=g),
}


@pytest.mark.parametrize("kind", VARIANCES)
def test_all_scale_one_normal_tensor(kind):
    for linear, (weight, _) in zip(built(kind).linears, normals(), strict=True):
        std = math.sqrt(VARIANCES[kind](linear.in_features, linear.out_features))
        assert torch.equal(linear.weight, weight * std)
        assert torch.equal(linear.bias, torch.zeros_like(linear.bias)) and not linear.bias.signbit().any()


@pytest.mark.parametrize("kind", TORCHS)
def test_torchs_own_functions_draw_the_same(kind):
    generator = seeds.generator(3, "weights")
    for linear in built(kind).linears:
        expected = TORCHS[kind](torch.empty_like(linear.weight), generator)
        torch.randn(linear.out_features, generator=generator)
        torch.testing.assert_close(linear.weight.detach(), expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("width", [64, 128, 256])
@pytest.mark.parametrize("kind", VARIANCES)
def test_variances(kind, width):
    """Within five standard errors; that of a variance of n normal numbers is sqrt(2/n) of it."""
    for linear in built(kind, [100, width, 200, 10]).linears:
        expected = VARIANCES[kind](linear.in_features, linear.out_features)
        n = linear.weight.numel()
        assert linear.weight.square().mean().item() == pytest.approx(expected, rel=5 * math.sqrt(2 / n))


@pytest.mark.parametrize("kind", mlp.SETTINGS["initialisation"]["enum"])
def test_variances_as_theory_is_given_them(kind):
    """Of weights times n_in, and of biases, within five standard errors; those of orthogonal ones are exact."""
    sizes, initial = [100, 300, 200, 200, 10], EDGE if kind == "critical" else None
    given = initialisation.variances(sizes, initial, kind, gain=1.3, bias_std=0.2)
    linears = built(kind, sizes, gain=1.3).linears
    for (of_weight, of_bias), linear in zip(given, linears, strict=True):
        weight, bias = (part.detach().double() for part in (linear.weight, linear.bias))
        within = 1e-5 if kind == "orthogonal" else 5 * math.sqrt(2 / weight.numel())
        assert weight.square().mean().item() * linear.in_features == pytest.approx(of_weight, rel=within)
        assert bias.square().mean().item() == pytest.approx(of_bias, rel=5 * math.sqrt(2 / len(bias)))


@pytest.mark.parametrize("gain", [1.0, 0.5, 1.7])
def test_orthogonality(gain):
    for linear, (normal, _) in zip(built("orthogonal", gain=gain).linears, normals(), strict=True):
        weight = linear.weight.detach() / gain
        short = weight if weight.shape[0] <= weight.shape[1] else weight.T
        assert (short @ short.T - torch.eye(len(short))).abs().max() < 1e-5
        long, tall = short.T, normal if normal.shape[0] > normal.shape[1] else normal.T
        r = long.T @ tall  # tall = long r
        assert (r.tril(-1).abs() < 1e-4).all() and (r.diagonal() > 0).all()
        assert not linear.bias.any()


def test_orthogonal_weights_do_not_depend_on_threads():
    threads, found = torch.get_num_threads(), []
    for n in (1, 2):
        torch.set_num_threads(n)
        found.append(built("orthogonal", [300, 400, 10]).linears[0].weight)
        assert torch.get_num_threads() == n
    torch.set_num_threads(threads)
    assert torch.equal(*found)


def test_critical_scales_each_layer():
    """The output layer is as in `lecun`."""
    network, plain, drawn = built("critical"), built("lecun"), normals()
    for number, linear in enumerate(network.linears[:-1]):
        std = (EDGE["weight_std"] if number else EDGE["first_weight_std"]) / math.sqrt(linear.in_features)
        assert torch.equal(linear.weight, drawn[number][0] * std)
        assert torch.equal(linear.bias, drawn[number][1] * 0.2)
    assert torch.equal(network.linears[-1].weight, plain.linears[-1].weight)
    assert not network.linears[-1].bias.any()


def test_critical_without_biases():
    network = built("critical", initial=EDGE | {"bias_std": 0.0})
    assert all(torch.equal(linear.bias, torch.zeros_like(linear.bias)) for linear in network.linears)
    assert not any(linear.bias.signbit().any() for linear in network.linears)


def test_critical_needs_its_numbers():
    with pytest.raises(ValueError, match="initial, which it needs, is None"):
        mlp.build(Recipe(SIZES, "tanh", settings={"initialisation": "critical"}), torch.Generator())


def test_default_is_as_without_settings():
    plain = mlp.build(Recipe(SIZES, "tanh"), seeds.generator(3, "weights"))
    for network in (built("default"), built("default", gain=2.0, bias_std=0.5)):
        for one, other in zip(plain.parameters(), network.parameters(), strict=True):
            assert torch.equal(one, other)


@pytest.mark.parametrize("kind", mlp.SETTINGS["initialisation"]["enum"])
def test_weights_depend_on_the_seed_only(kind):
    torch.manual_seed(0)
    first, other = built(kind), built(kind, seed=4)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    again = built(kind, activation="prelu")
    assert torch.equal(torch.get_rng_state(), state)
    for layer in range(len(SHAPES)):
        weights = [network.linears[layer].weight for network in (first, again, other)]
        assert torch.equal(*weights[:2]) and not torch.equal(*weights[1:])
        assert weights[0].shape == SHAPES[layer] and weights[0].requires_grad and weights[0].is_leaf


def test_classes_get_the_other_settings_as_keywords():
    class Scaled(mlp.MLP):
        def __init__(self, sizes, activation, seed, factor):
            super().__init__(sizes, activation, seed)
            self.factor = factor

    recipe = Recipe(SIZES, "relu", settings={"initialisation": "he", "gain": 1.0, "factor": 3})
    network = mlp.build(recipe, seeds.generator(3, "weights"), Scaled)
    assert network.factor == 3 and torch.equal(network.linears[0].weight, built("he").linears[0].weight)
    assert recipe.settings["initialisation"] == "he"


def test_signals_and_gradients_through_many_critical_layers():
    """tanh, 12 layers of 512, four seeds: q^l stays q*, and the gradient's mean square the same (χ = 1).

    Tolerances are some three times the largest deviations seen, 1.1, 2.5 and 0.7 %.
    """
    edge, x = (
        critical.point(nn.Tanh(), 0.2),
        torch.randn(256, 100, generator=torch.Generator().manual_seed(0)),
    )
    first = math.sqrt((edge.q - 0.2**2) / x.square().mean().item())
    initial = dict(zip(initialisation.INITIAL, (first, edge.weight_std, 0.2), strict=True))
    direction = torch.randn(256, 10, generator=torch.Generator().manual_seed(1))
    squares, chis = [], []
    for seed in range(4):
        network = built("critical", [100, *[512] * 12, 10], seed, initial=initial)
        signals = [layer.z for layer in network.trace(x)]
        gradients = torch.autograd.grad(signals[-1], signals[:-1], direction)
        squares.append([z.square().mean().item() for z in signals[:-1]])
        fade = gradients[0].square().mean() / gradients[-1].square().mean()
        chis.append(fade.item() ** (1 / 11))
    squares = torch.tensor(squares)
    assert squares[:, 0].tolist() == pytest.approx([edge.q] * 4, rel=0.04)
    assert squares.mean(0).tolist() == pytest.approx([edge.q] * 12, rel=0.08)
    assert chis == pytest.approx([1] * 4, abs=0.025)
