"""The page of a network that somebody else trained: its sentences and cells, from rows that are known."""

import pandas as pd
import pytest
from actbench.report import checkpoint

UNITS = {"n_neurons": 8, "n_zero_gradient": 0, "n_dormant": 0, "n_dormant_centred": 0, "n_saturated": 0}


def tables(dead=(0, 0), rms=(2e-4, 1e-4, 4e-4)):
    signals = [
        (layer, s)
        for layer in range(3)
        for s in ("preactivation", "activation")
        if (layer, s) != (2, "activation")
    ]
    return {
        "dead_neurons": pd.DataFrame([{"layer": i, "n_dead": n} | UNITS for i, n in enumerate(dead)]),
        "distributions": pd.DataFrame([{"layer": i, "signal": s, "mean": i, "std": 1.0} for i, s in signals]),
        "gradients": pd.DataFrame(
            [{"layer": i, "tensor": "preactivation", "rms": r} for i, r in enumerate(rms)]
        ),
    }


MADE = {"scores": {"test": {"n": 2000, "accuracy": 0.876, "loss": 0.4}}}


@pytest.mark.parametrize(
    ("dead", "words"),
    [
        ((0, 0), "Of its 16 hidden units, none is dead."),
        ((0, 1), "Of its 16 hidden units, 1 is dead (1 in layer 1)."),
        ((3, 8), "Of its 16 hidden units, 11 are dead (3 in layer 0 and 8 in layer 1)."),
    ],
)
def test_the_answer(dead, words):
    first, second, third = checkpoint.answer(tables(dead), MADE)
    assert (
        first == "It classifies 87.6\N{NO-BREAK SPACE}% of the 2,000 test images right." and second == words
    )
    assert third.startswith("The gradient of its first layer is 0.5 times that of its logits")


@pytest.mark.parametrize("rms", [(0.0, 1.0, 1.0), (1.0, 1.0, 0.0), (float("nan"), 1.0, 1.0)])
def test_no_ratio_of_gradients_that_are_0_or_not_finite(rms):
    assert len(checkpoint.answer(tables(rms=rms), MADE)) == 2


def test_rows_by_layer():
    rows = checkpoint.by_layer(tables((0, 2)))
    assert [row["layer"] for row in rows] == [0, 1, 2]
    assert rows[1]["units"]["n_dead"] == 2 and rows[1]["z"]["mean"] == rows[1]["h"]["mean"] == 1
    assert rows[2]["units"] is None and rows[2]["h"] is None and rows[2]["weight"] is None
    assert rows[2]["preactivation"] == 4e-4
