import math

import pytest
import torch
from actbench import gradients, networks, parquet


def identity_network(spec):
    """Two inputs, two hidden units, two classes; every matrix is the identity and every bias 0."""
    network = networks.MLP([2, 2, 2], spec("identity"))
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
    network = networks.MLP([2, 3, 3, 2], spec("relu"))
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
    keys = {"activation": "identity", "depth": 1, "seed": 0, "fold": 0, "checkpoint": "init"}
    table = parquet.table([keys | row for row in rows], gradients.SCHEMA, ["layer", "tensor"])
    assert table.num_rows == 2 * 3 and {len(c) for c in table["counts"].to_pylist()} == {7}
