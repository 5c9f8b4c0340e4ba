"""Every activation module of torch.nn is in the registry, or there is a reason why it is not."""

import pytest
import torch
from actbench.activations import registry
from torch.nn.modules import activation

ROWS = "its outputs depend on several entries, and not on one each"
REASONS = {
    "GLU": "it halves the width: one half of the entries gates the other",
    "MultiheadAttention": "a layer with weights, which takes queries, keys and values",
    "Softmax": ROWS,
    "Softmin": ROWS,
    "Softmax2d": ROWS,
    "LogSoftmax": ROWS,
}


def test_none_is_missing_and_no_reason_is_left_over():
    registered = {entry.target.removeprefix("torch.nn:") for entry in registry.REGISTRY.values()}
    assert {*activation.__all__} - registered == REASONS.keys()


@pytest.mark.parametrize("name", [name for name, reason in REASONS.items() if reason is ROWS])
def test_what_mixes_entries_does(name):
    module = getattr(torch.nn, name)(**({} if name == "Softmax2d" else {"dim": -3}))
    x = torch.zeros(1, 3, 2, 2)
    before = module(x)
    x[0, 0] = 1
    assert not torch.isclose(module(x)[0, 1], before[0, 1]).any()


def test_gelu_has_both_of_torchs_forms():
    assert {key for key, entry in registry.REGISTRY.items() if entry.target == "torch.nn:GELU"} == {
        "gelu",
        "gelu_tanh",
    }
    x = torch.linspace(-5, 5, 101)
    tanh = torch.nn.functional.gelu(x, approximate="tanh")
    assert torch.equal(registry.create("gelu_tanh")(x), tanh)
    assert 1e-4 < (tanh - registry.create("gelu")(x)).abs().max() < 1e-3
