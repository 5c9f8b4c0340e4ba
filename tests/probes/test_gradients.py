import math

import pytest
import torch
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.probes import gradients, tables
from actbench.storage import parquet


def identity_network(spec):
    """Two inputs, two hidden units, two classes; every matrix is the identity and every bias 0."""
    network = mlp.MLP([2, 2, 2], spec("identity"))
    for linear in network.linears:
        torch.nn.init.eye_(linear.weight)
        torch.nn.init.zeros_(linear.bias)
    return network


def by_place(rows):
    return {(row["layer"], row["tensor"]): row for row in rows}


def test_known_gradients_of_an_identity_network(spec):
    """At z = (0, 0) softmax is (1/2, 1/2): dL/dz = (-1/2, 1/2) for class 0, in both layers alike."""
    rows = by_place(gradients.measure(identity_network(spec), torch.zeros(1, 2), torch.tensor([0]), 10))
    for place in ((0, "preactivation"), (1, "preactivation"), (0, "bias"), (1, "bias")):
        assert rows[place]["l2_norm"] == pytest.approx(math.sqrt(0.5))
        assert rows[place]["rms"] == pytest.approx(0.5)
        assert (rows[place]["min"], rows[place]["max"]) == (-0.5, 0.5)
    assert rows[0, "weight"]["zero_fraction"] == 1 and rows[0, "weight"]["l2_norm"] == 0


def test_weight_gradient_is_the_outer_product(spec):
    x = torch.tensor([[1.0, 3.0]])
    rows = by_place(gradients.measure(identity_network(spec), x, torch.tensor([0]), 10))
    error = torch.softmax(x, dim=1) - torch.tensor([[1.0, 0.0]])
    expected = error.T @ x
    assert rows[1, "weight"]["l2_norm"] == pytest.approx(expected.norm().item(), rel=1e-6)
    assert rows[1, "weight"]["mean"] == pytest.approx(expected.mean().item(), abs=1e-7)
    assert rows[1, "weight"]["std"] == pytest.approx(expected.std(correction=0).item(), rel=1e-6)


def test_all_dead_network_passes_no_gradient(spec):
    network = mlp.MLP([2, 3, 3, 2], spec("relu"))
    with torch.no_grad():
        network.linears[1].weight.zero_()
        network.linears[1].bias.fill_(-1)
    rows = by_place(gradients.measure(network, torch.randn(8, 2), torch.zeros(8, dtype=torch.long), 10))
    for layer in (0, 1):
        assert rows[layer, "weight"]["zero_fraction"] == 1
        assert sum(rows[layer, "weight"]["counts"]) == rows[layer, "weight"]["n"]
    assert rows[2, "bias"]["l2_norm"] > 0


def test_leaves_no_gradient_behind_and_fits_the_schema(spec):
    network = identity_network(spec)
    rows = gradients.measure(network, torch.ones(4, 2), torch.tensor([0, 1, 0, 1]), 7)
    assert all(parameter.grad is None for parameter in network.parameters())
    keys = {
        "activation": "identity",
        "depth": 1,
        "setting": "default",
        "seed": 0,
        "fold": 0,
        "checkpoint": "init",
    }
    table = parquet.table([keys | row for row in rows], tables.schema(gradients.PROBE), ["layer", "tensor"])
    assert table.num_rows == 2 * 3 and {len(c) for c in table["counts"].to_pylist()} == {7}


def random_network(spec, name, sizes=(4, 6, 5, 3)):
    return mlp.build(Recipe(sizes, spec(name)), torch.Generator().manual_seed(3))


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(4)
    return torch.randn(9, 4, generator=generator), torch.randint(0, 3, (9,), generator=generator)


SIZES = ["l2_norm", "rms", "mean", "std", "min", "max"]


def test_identity_activation_gives_linear_algebras_answer(spec, batch):
    """h = W2 (W1 x + b1) + b2 …: every gradient is a product of matrices."""
    x, y = (batch[0].double(), batch[1])
    network = random_network(spec, "identity").double()
    rows = by_place(gradients.measure(network, x, y, 10))
    weights = [linear.weight.detach() for linear in network.linears]
    hidden = [x]
    for linear in network.linears:
        hidden.append(hidden[-1] @ linear.weight.detach().T + linear.bias.detach())
    error = (torch.softmax(hidden[-1], dim=1) - torch.eye(3, dtype=x.dtype)[y]) / len(x)
    for layer in (2, 1, 0):
        expected = {"weight": error.T @ hidden[layer], "bias": error.sum(dim=0), "preactivation": error}
        for tensor, values in expected.items():
            row = rows[layer, tensor]
            assert row["n"] == values.numel()
            assert row["l2_norm"] == pytest.approx(values.square().sum().sqrt().item())
            assert row["rms"] == pytest.approx(values.square().mean().sqrt().item())
            assert row["mean"] == pytest.approx(values.mean().item())
            assert row["std"] == pytest.approx((values - values.mean()).square().mean().sqrt().item())
            assert (row["min"], row["max"]) == pytest.approx((values.min().item(), values.max().item()))
        error = error @ weights[layer]


@pytest.mark.parametrize("name", ["relu", "tanh", "prelu"])
def test_permuting_neurons_changes_nothing(spec, batch, name):
    network, order = random_network(spec, name), torch.tensor([3, 0, 5, 1, 4, 2])
    before = gradients.measure(network, *batch, 10)
    with torch.no_grad():
        first, second = network.linears[:2]
        first.weight.copy_(first.weight[order].clone())
        first.bias.copy_(first.bias[order].clone())
        second.weight.copy_(second.weight[:, order].clone())
    for row, permuted in zip(before, gradients.measure(network, *batch, 10), strict=True):
        assert [permuted[key] for key in SIZES] == pytest.approx(
            [row[key] for key in SIZES], rel=1e-5, abs=1e-8
        )


def test_scaling_the_loss_scales_the_gradients(spec, batch, monkeypatch):
    network = random_network(spec, "tanh")
    before = gradients.measure(network, *batch, 10)
    loss = gradients.functional.cross_entropy
    monkeypatch.setattr(gradients.functional, "cross_entropy", lambda z, y: 8 * loss(z, y))
    for row, scaled in zip(before, gradients.measure(network, *batch, 10), strict=True):
        assert [scaled[key] for key in SIZES] == pytest.approx([8 * row[key] for key in SIZES], rel=1e-5)
        assert scaled["counts"] == row["counts"] and scaled["zero_fraction"] == row["zero_fraction"]


def test_duplicating_the_batch_changes_no_mean(spec, batch):
    """The loss is a mean: parameters see the same gradient, each of twice as many inputs half of it."""
    network, (x, y) = random_network(spec, "relu"), batch
    once = by_place(gradients.measure(network, x, y, 10))
    twice = by_place(gradients.measure(network, torch.cat([x, x]), torch.cat([y, y]), 10))
    for place, row in once.items():
        factor = 0.5 if place[1] == "preactivation" else 1
        assert twice[place]["rms"] == pytest.approx(factor * row["rms"], rel=1e-5)
        assert twice[place]["zero_fraction"] == pytest.approx(row["zero_fraction"])
        assert twice[place]["n"] == row["n"] * (2 if place[1] == "preactivation" else 1)


def test_gradients_of_an_earlier_step_do_not_count(spec, batch):
    network = random_network(spec, "tanh")
    fresh = gradients.measure(network, *batch, 10)
    gradients.functional.cross_entropy(network(batch[0]), batch[1]).backward()
    assert gradients.measure(network, *batch, 10) == fresh


@pytest.mark.parametrize("norm", ["layer", "batch"])
@pytest.mark.parametrize("residual", [False, True])
def test_a_normalised_network_has_the_rows_of_a_plain_one(spec, batch, norm, residual):
    """Those of its Linear layers and of what its activations are given; the gains of norms have none."""
    network = mlp.MLP([4, 6, 6, 3], spec("tanh"), norm=norm, residual=residual)
    rows = gradients.measure(network, *batch, 10)
    assert {(row["layer"], row["tensor"]) for row in rows} == set(gradients.PROBE.planned(2))
    assert [row["n"] for row in rows if row["tensor"] == "weight"] == [24, 36, 18]
    loss = gradients.functional.cross_entropy(network.train()(batch[0]), batch[1])
    (expected,) = torch.autograd.grad(loss, network.linears[1].weight)
    assert by_place(rows)[1, "weight"]["l2_norm"] == pytest.approx(expected.norm().item(), rel=1e-6)


def test_a_residual_network_of_the_identity_passes_gradients_twice(spec, batch):
    """h = x + W x + b a layer: by the chain rule dL/dz is Wᵀ δ + δ of the layer above."""
    x, y = batch[0].double(), batch[1]
    network = mlp.MLP([4, 4, 4, 3], spec("identity"), residual=True).double()
    rows, hidden = by_place(gradients.measure(network, x, y, 10)), x
    for linear in network.linears[:2]:
        hidden = hidden + linear(hidden)
    error = (torch.softmax(network.linears[2](hidden), dim=1) - torch.eye(3, dtype=x.dtype)[y]) / len(x)
    above = error @ network.linears[2].weight
    assert rows[1, "preactivation"]["l2_norm"] == pytest.approx(above.norm().item())
    below = above @ network.linears[1].weight + above
    assert rows[0, "preactivation"]["l2_norm"] == pytest.approx(below.norm().item())
