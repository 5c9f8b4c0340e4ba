"""What is predicted against wide random networks: 1,000 units in each of three layers, 16 draws of the weights.

One set of standard normal matrices serves all activations and initialisations, scaled, or made uniform or
orthogonal. A prediction may miss the mean over draws by as many of its standard errors as Student's t allows
with a chance of 1 % over all comparisons of the file (Bonferroni), and by float32's rounding.
"""

import functools
import itertools
import math

import pytest
import torch
from actbench.activations import registry
from actbench.networks import initialisation
from actbench.theory import critical
from actbench.theory.mean_field import MeanField
from actbench.theory.predictions import JUMPS, Images, Linear, predict
from scipy import stats
from torch.nn import functional

WIDTH, N_HIDDEN, N_CLASSES, N_DRAWS, N_IMAGES = 1000, 3, 10, 16, 16
SIZES = [WIDTH] * (N_HIDDEN + 1) + [N_CLASSES]
SHAPES = [(n_out, n_in) for n_in, n_out in itertools.pairwise(SIZES)]
CASES = [
    *[(kind, "none", False) for kind in ("default", "he", "xavier", "lecun", "orthogonal", "critical")],
    ("lecun", "none", True),
    ("he", "layer", False),
    ("default", "layer", True),
]
N_COMPARISONS = len(CASES) * len(registry.REGISTRY) * (3 * N_HIDDEN + 2)
ERRORS = stats.t.ppf(1 - 0.01 / 2 / N_COMPARISONS, N_DRAWS - 1)
BIAS_STD = 0.2
ROUNDING = 1e-5
WITHOUT_EDGE = ("softplus", "logsigmoid", "hardshrink", "threshold")
JUMPING = ("hardshrink", "threshold")  # of which no gradient is predicted but that of the output layer
FADING = ("softshrink", "tanhshrink", *JUMPING)  # f is 0 or as good as 0 around 0
STEEP = ("squared_relu", *FADING)  # means over units rest on few of them
LOST = {  # no signal is left to be measured after three layers, but biases, which are uniform and not normal
    *(("default", "none", False, name) for name in FADING),
    *((kind, "none", False, "threshold") for kind in ("xavier", "lecun", "orthogonal")),
}


@functools.lru_cache(maxsize=1)
def numbers(kind):
    """Weights [R, n_out, n_in] and biases [R, 1, n_out] of variance 1, layer by layer."""
    generator = torch.Generator().manual_seed(0)
    weights = [torch.randn(N_DRAWS, *shape, generator=generator) for shape in SHAPES]
    biases = [torch.randn(N_DRAWS, 1, n_out, generator=generator) for n_out, _ in SHAPES]
    if kind == "default":
        return [[torch.erf(x / math.sqrt(2)) * math.sqrt(3) for x in part] for part in (weights, biases)]
    if kind == "orthogonal":
        weights = [torch.linalg.qr(x.mT).Q.mT * math.sqrt(WIDTH) for x in weights]
    return weights, biases


@functools.cache
def images():
    """[N, n] of mean square 0.7, whose entries do not have the mean 0, and what theory knows of them."""
    generator = torch.Generator().manual_seed(1)
    common, own = (torch.randn(n, WIDTH, generator=generator).double() for n in (1, N_IMAGES))
    x = 0.4 + 0.5 * common + own * torch.linspace(0.1, 1, N_IMAGES)[:, None]
    x *= math.sqrt(0.7) / x.square().mean(1, keepdim=True).sqrt()
    return x.float(), Images(0.7, x.mean().item(), cosines(x).tolist())


def cosines(h):
    """Of all pairs of images, [..., pairs]."""
    h = functional.normalize(h, dim=-1)
    products = h @ h.mT
    return products[..., *torch.triu_indices(N_IMAGES, N_IMAGES, 1)]


def measured(activation, kind, variances, norm, residual):
    """Mean squares of z, mean cosines of h and mean squares of dL/dz, a list over layers of [R] each."""
    h, signals, means = images()[0].expand(N_DRAWS, -1, -1), [], []
    for number, (weight, bias, (of_weight, of_bias)) in enumerate(
        zip(*numbers(kind), variances, strict=True)
    ):
        z = h @ weight.mT * math.sqrt(of_weight / WIDTH) + bias * math.sqrt(of_bias)
        if number == N_HIDDEN:
            signals.append(z)
            break
        z = functional.layer_norm(z, z.shape[-1:]) if norm == "layer" else z
        z = z if number else z.requires_grad_()
        signals.append(z)
        f = activation(z)
        means.append(cosines(f.detach()).mean(-1))
        h = f + h if residual else f
    y = torch.arange(N_IMAGES) % N_CLASSES
    loss = functional.cross_entropy(signals[-1].flatten(0, 1), y.repeat(N_DRAWS), reduction="sum") / N_IMAGES
    gradients = torch.autograd.grad(loss, signals)
    squares = [[part.detach().square().mean((1, 2)) for part in parts] for parts in (signals, gradients)]
    return squares[0], means, squares[1]


@functools.cache
def theory(name):
    return MeanField(registry.create(name))


# Whose like is tried with every initialisation.
ALIKE = (
    "relu_autograd",
    "gelu_tanh",
    "swish_beta",
    "swish_trainable",
    "hardswish",
    "celu",
    "logsigmoid",
    "prelu",
)


@pytest.mark.parametrize("name", registry.REGISTRY)
@pytest.mark.parametrize(("kind", "norm", "residual"), CASES)
def test_prediction(kind, norm, residual, name, one_thread, chaos):
    if not chaos and name in ALIKE and kind != "critical":
        pytest.skip("only with --chaos")
    activation, initial = registry.create(name).eval(), None
    if kind == "critical":
        edge = critical.point(activation, BIAS_STD)
        if edge is None:
            assert name in WITHOUT_EDGE
            return
        first = edge.weight_std if edge.q is None else math.sqrt((edge.q - edge.bias_std**2) / 0.7)
        initial = dict(zip(initialisation.INITIAL, (first, edge.weight_std, edge.bias_std), strict=True))
    variances = initialisation.variances(SIZES, initial, kind, bias_std=BIAS_STD)
    layers = [
        Linear(n_in, n_out, *pair, shortcut=residual and n_in == n_out)
        for (n_in, n_out), pair in zip(itertools.pairwise(SIZES), variances, strict=True)
    ]
    rows = predict(theory(name), layers, images()[1], N_IMAGES, norm)
    if (kind, norm, residual, name) in LOST:
        assert (rows[-1]["q"] or 0) < 4e-4
        return
    assert rows[0]["reason"] == (JUMPS if name in JUMPING else None)
    found = measured(activation, kind, variances, norm, residual)
    expected = (
        [row["q"] for row in rows],
        [row["mean_cosine"] for row in rows[:-1]],
        [10 ** (2 * row["log10_rms"]) for row in rows if row["log10_rms"] is not None],
    )
    assert len(expected[2]) == (1 if name in JUMPING else N_HIDDEN + 1)
    for values, predicted in zip(found, expected, strict=True):
        values = values[-len(predicted) :]
        ratios = torch.stack(values).double().T / torch.tensor(predicted, dtype=torch.float64)
        error = ratios.std(0) / math.sqrt(N_DRAWS)
        assert ((ratios.mean(0) - 1).abs() <= ERRORS * error + ROUNDING).all(), (ratios.mean(0), error)
        assert (error < (0.2 if name in STEEP else 0.11)).all()


def test_how_much_finite_widths_scatter():
    """Without biases, He, ReLU: Var ln of the squared norm of activations is about 5 Σ 1/n_l.

    2,000 networks of three layers of 100; the standard error of a variance is sqrt(2/n) of it.
    """
    n, n_networks, generator = 100, 2000, torch.Generator().manual_seed(0)
    (variance, _), *_ = initialisation.variances([n, n, 10], initialisation="he")
    h = torch.ones(n_networks, n, 1)
    for _ in range(3):
        weight = torch.randn(n_networks, n, n, generator=generator) * math.sqrt(variance / n)
        h = torch.relu(weight @ h)
    found = h.square().sum((1, 2)).log().var().item()
    assert found == pytest.approx(5 * 3 / n, rel=4 * math.sqrt(2 / n_networks))
