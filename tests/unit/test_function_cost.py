import time

import pytest
import torch
from actbench import function_cost, parquet
from own_activations import STATEFUL, own


class Slow(torch.nn.Module):
    """Takes a known time forward and hardly any backward."""

    def forward(self, x):
        time.sleep(0.002)
        return x * 1.0


def test_every_activation_in_every_round_and_a_known_time(spec, monkeypatch):
    monkeypatch.setattr(function_cost, "ROUNDS", 3)
    slow = {"import": "test_function_cost:Slow", "name": "slow", "parameters": {}}
    rows = function_cost.measure({"relu": spec("relu"), "slow": slow}, (50, 40), "cpu")
    assert len(rows) == 2 * 2 * 3
    parquet.table(rows, function_cost.SCHEMA, ["activation", "direction", "round"])
    forward = [
        row["ns_per_element"] for row in rows if row["activation"] == "slow" and row["direction"] == "forward"
    ]
    assert all(1000 <= value < 3000 for value in forward)  # 2 ms over 2,000 elements, loosely
    others = [row["ns_per_element"] for row in rows if row["activation"] == "relu"]
    assert max(others) < min(forward)


@pytest.mark.parametrize("cls", STATEFUL)
def test_a_state_that_changes_while_it_is_timed(cls, monkeypatch):
    monkeypatch.setattr(function_cost, "ROUNDS", 2)
    monkeypatch.setattr(function_cost, "ROUND_SECONDS", 1e-5)
    assert len(function_cost.measure({"mine": own(cls)}, (5, 4), "cpu")) == 4


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_on_a_gpu(spec):
    rows = function_cost.measure({"relu": spec("relu")}, (256, 512), "cuda:0")
    assert all(row["ns_per_element"] > 0 for row in rows)
