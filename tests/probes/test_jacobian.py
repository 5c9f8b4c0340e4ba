"""Singular values of the input–output Jacobian: closed forms, torch's own Jacobian, networks of every kind."""

import math

import numpy as np
import pytest
import torch
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.probes import jacobian
from torch import nn
from torch.autograd.functional import jacobian as jacobian_of


def chain(activation, *weights, **settings):
    """A network of these Linear layers, without biases."""
    sizes = [weights[0].shape[1], *(len(weight) for weight in weights)]
    network = mlp.MLP(sizes, activation, **settings)
    with torch.no_grad():
        for linear, weight in zip(network.linears, weights, strict=True):
            linear.weight.copy_(weight)
            linear.bias.zero_()
    return network


def normal(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def orthogonal(seed, n):
    return torch.linalg.qr(normal(seed, n, n).double())[0]


def test_a_linear_network_has_the_singular_values_of_the_product_of_its_weights(spec):
    weights = [normal(0, 7, 12), normal(1, 9, 7), normal(2, 5, 9)]
    rows = jacobian.measure(chain(spec("identity"), *weights), normal(3, 6, 12), 4)
    product = np.linalg.multi_dot([weight.double().numpy() for weight in reversed(weights)])
    values = np.linalg.svd(product, compute_uv=False)
    expected = {
        "mean_square": (values**2).mean(),
        "spread": (values**2).var() / (values**2).mean() ** 2,
        "condition": values[0] / values[-1],
        "largest": values[0],
    }
    assert [row.pop("image") for row in rows] == [0, 1, 2, 3]
    assert rows == [pytest.approx(expected, rel=1e-10)] * 4


def test_mean_square_is_the_squared_norm_over_the_classes():
    matrix = normal(0, 5, 9).double()
    row = jacobian.describe(matrix)
    assert row["mean_square"] == pytest.approx(matrix.square().sum().item() / 5, rel=1e-12)


def test_orthogonal_weights_keep_every_direction(spec):
    """To the rounding of float32 weights."""
    weights = [orthogonal(seed, 20) for seed in range(4)]
    (row,) = jacobian.measure(chain(spec("identity"), *weights), normal(3, 1, 20), 1)
    assert row["largest"] == pytest.approx(1, abs=1e-6) and row["mean_square"] == pytest.approx(1, abs=1e-6)
    assert row["condition"] == pytest.approx(1, abs=1e-5) and row["spread"] == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize(
    ("name", "weight_variance", "depth", "variance"),
    [
        ("identity", 1, 1, 1.01),
        ("identity", 1, 2, 2.05),
        ("identity", 1, 5, 5.04),
        ("relu", 2, 1, 2.06),
        ("relu", 2, 2, 4.33),
        ("relu", 2, 5, 10.2),
    ],
)
def test_the_variance_of_eigenvalues_grows_with_depth_at_the_edge_of_chaos(
    spec, name, weight_variance, depth, variance
):
    """Pennington, Schoenholz & Ganguli (2017): L where f is linear and 2L for ReLU, of L wide layers at χ = 1.

    At width 200 it is `variance`. An identity behind the last layer makes J = D_L W_L … D_1 W_1.
    """
    n, n_draws = 200, 40
    means, variances = [], []
    for draw in range(n_draws):
        weights = [
            math.sqrt(weight_variance / n) * normal(1000 * draw + layer, n, n) for layer in range(depth)
        ]
        (row,) = jacobian.measure(chain(spec(name), *weights, torch.eye(n)), normal(draw, 1, n), 1)
        means.append(row["mean_square"])
        variances.append(row["spread"] * row["mean_square"] ** 2)
    for values, expected in ((means, 1), (variances, variance)):
        error = np.std(values, ddof=1) / math.sqrt(n_draws)
        assert abs(np.mean(values) - expected) < 4 * error and error < 0.1 * expected


@pytest.mark.parametrize(
    "settings", [{}, {"norm": "layer"}, {"residual": True}, {"norm": "batch", "residual": True}]
)
@pytest.mark.parametrize("name", ["relu", "tanh", "swish", "prelu"])
def test_it_is_torchs_own_jacobian(spec, name, settings):
    """Image by image; batch normalisation has seen batches."""
    network = mlp.MLP([6, 8, 8, 4], spec(name), **settings)
    network(normal(0, 30, 6))
    x = normal(1, 30, 6)
    found = jacobian.jacobians(network, x, 5)
    network = network.double().eval()
    of_one = [jacobian_of(lambda one: network(one[None])[0], image) for image in x[:5].double()]
    expected = torch.stack(of_one)
    assert found.dtype == torch.float64
    assert torch.allclose(found, expected, rtol=1e-10, atol=1e-14)


def test_batch_normalisation_that_has_seen_no_batch_takes_the_statistics_of_the_images(spec):
    """As constants: the same as in a network without it whose weights have been divided accordingly."""
    network = chain(spec("identity"), normal(0, 8, 6), normal(1, 4, 8), norm="batch")
    x = normal(2, 50, 6)
    z = x.double() @ network.linears[0].weight.detach().double().T
    scale = 1 / torch.sqrt(z.var(dim=0, correction=0) + network.norms[0].eps)
    weights = [linear.weight.detach().double() for linear in network.linears]
    found = jacobian.jacobians(network, x, 1)[0]
    assert torch.allclose(found, weights[1] @ torch.diag(scale) @ weights[0], rtol=1e-10)
    assert network.norms[0].num_batches_tracked == 0 and (network.norms[0].running_mean == 0).all()


def test_it_does_not_matter_which_other_images_are_measured(spec):
    network = mlp.build(Recipe([6, 8, 8, 4], spec("tanh"), settings={"norm": "batch"}), torch.Generator())
    x = normal(1, 30, 6)
    one, five = jacobian.measure(network, x, 1), jacobian.measure(network, x, 5)
    assert one[0] == pytest.approx(five[0], rel=1e-12)


class Handwritten(torch.autograd.Function):
    """x² with a gradient of its own, which torch.func cannot take."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * ctx.saved_tensors[0] * grad


class Square(nn.Module):
    def forward(self, x):
        return Handwritten.apply(x)


class Single(nn.Module):
    """Computes, and answers, in float32 only."""

    def forward(self, x):
        return torch.tanh(x.float())


def with_modules(network, make):
    network.activations = nn.ModuleList(make() for _ in network.activations)
    return network


def test_a_module_that_torch_func_cannot_take_is_measured():
    weights = normal(0, 8, 6), normal(1, 4, 8)
    network, x = with_modules(chain("tanh", *weights), Square), normal(2, 3, 6)
    with pytest.raises(RuntimeError):
        torch.func.jacrev(network)(x[:1])
    first, second = (weight.double() for weight in weights)
    for image, found in zip(x.double(), jacobian.jacobians(network, x, 3), strict=True):
        assert torch.allclose(found, second @ torch.diag(2 * first @ image) @ first, rtol=1e-10)


def test_a_module_that_answers_in_float32_only_is_measured_in_it():
    weights, x = (normal(0, 8, 6), normal(1, 4, 8)), normal(2, 3, 6)
    exact = jacobian.jacobians(chain("tanh", *weights), x, 3)
    found = jacobian.jacobians(with_modules(chain("tanh", *weights), Single), x, 3)
    assert found.dtype == torch.float64 and not torch.equal(found, exact)
    assert torch.allclose(found, exact, rtol=1e-4, atol=1e-5)


def test_what_is_not_finite_is_null():
    for bad in (float("inf"), float("nan")):
        matrix = normal(0, 4, 6).double()
        matrix[1, 2] = bad
        assert jacobian.describe(matrix) == dict.fromkeys(jacobian.PROBE.columns)


def test_a_direction_without_effect_has_no_condition():
    """Where a singular value is 0, also where it is only a rounding error; where all are, nothing spreads."""
    matrix = torch.cat([normal(0, 3, 6).double(), normal(0, 3, 6).double()[:1] / 3])
    row = jacobian.describe(matrix)
    assert row["condition"] is None and row["largest"] > 0 and row["spread"] > 0
    assert jacobian.describe(torch.zeros(4, 6, dtype=torch.float64)) == {
        "mean_square": 0,
        "spread": None,
        "condition": None,
        "largest": 0,
    }


def test_more_classes_than_inputs_have_eigenvalues_of_0():
    """J Jᵀ of a 4 × 1 Jacobian has the eigenvalues |J|², 0, 0 and 0: variance over squared mean is 3."""
    row = jacobian.describe(torch.tensor([[1.0], [2.0], [0.0], [2.0]], dtype=torch.float64))
    assert row["mean_square"] == pytest.approx(9 / 4) and row["spread"] == pytest.approx(3)


def test_a_dead_layer_has_a_jacobian_of_0(spec):
    network = mlp.build(Recipe([4, 6, 3], spec("relu")), torch.Generator())
    with torch.no_grad():
        network.linears[0].bias.fill_(-1e6)
    assert {row["largest"] for row in jacobian.measure(network, normal(0, 5, 4), 5)} == {0}
