import pytest
import torch
from actbench.activations import timing
from actbench.storage import parquet
from own_activations import STATEFUL, own


class Clock:
    """Shows 0.1 ms more each time that it is read."""

    seconds = 0.0

    def perf_counter(self):
        self.seconds += 1e-4
        return self.seconds


class Slow(torch.nn.Module):
    """Takes 2 ms of a `Clock` forward and nothing backward."""

    def forward(self, x):
        timing.time.seconds += 0.002
        return x * 1.0


def test_every_activation_in_every_round_and_a_known_time(spec, monkeypatch):
    monkeypatch.setattr(timing, "ROUNDS", 3)
    monkeypatch.setattr(timing, "time", Clock())
    slow = {"import": "test_timing:Slow", "name": "slow", "parameters": {}}
    rows = timing.measure({"relu": spec("relu"), "slow": slow}, (50, 40), "cpu")
    assert len(rows) == 2 * 2 * 3
    parquet.table(rows, timing.SCHEMA, ["activation", "direction", "round"])
    forward = [
        row["ns_per_element"] for row in rows if row["activation"] == "slow" and row["direction"] == "forward"
    ]
    # 2 ms over 2,000 elements; two calls in the 5 ms of a round share what reading the clock takes.
    assert forward == pytest.approx([1025] * 3)
    others = [row["ns_per_element"] for row in rows if row["activation"] == "relu"]
    assert max(others) < min(forward)


@pytest.mark.parametrize("cls", STATEFUL)
def test_a_state_that_changes_while_it_is_timed(cls, monkeypatch):
    monkeypatch.setattr(timing, "ROUNDS", 2)
    monkeypatch.setattr(timing, "ROUND_SECONDS", 1e-5)
    assert len(timing.measure({"mine": own(cls)}, (5, 4), "cpu")) == 4


def test_the_device_that_is_timed_is_waited_for(monkeypatch):
    """And not the first one of the machine."""
    noted = []
    monkeypatch.setattr(torch.cuda, "synchronize", noted.append)
    timing._waiting("cuda:1")()
    timing._waiting("cpu")()
    assert noted == ["cuda:1"]
