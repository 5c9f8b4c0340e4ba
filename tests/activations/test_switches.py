"""Settings of the process that an activation of a user's own must leave as they are."""

import os
import signal
import sys

import numpy as np
import pytest
import torch
from actbench.activations import contract, switches
from actbench.errors import UserError
from torch import nn

pytestmark = pytest.mark.fault(
    "an activation that changes the process",
    "classes whose import, constructor, forward or backward changes one of 17 settings, among them threads, dtype, device, "
    "gradient mode, precision, environment and signals, or sets a seed",
    "one sentence that names the setting; it is as before afterwards",
)
CHANGES = {
    "torch's number of threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "torch's default dtype": lambda: torch.set_default_dtype(torch.float64),
    "torch's default device": lambda: torch.set_default_device("meta"),
    "torch's gradient mode": lambda: torch.set_grad_enabled(False),
    "torch's deterministic mode": lambda: torch.use_deterministic_algorithms(True, warn_only=True),
    "torch's filling of new memory": lambda: setattr(
        torch.utils.deterministic, "fill_uninitialized_memory", False
    ),
    "torch's precision of matrix products": lambda: torch.set_float32_matmul_precision("medium"),
    "torch's flushing of denormal numbers": lambda: torch.set_flush_denormal(True),
    "torch's anomaly detection": lambda: torch.autograd.set_detect_anomaly(True),
    "torch's autocast": lambda: torch.set_autocast_enabled("cpu", True),
    "cuDNN's benchmark mode": lambda: setattr(torch.backends.cudnn, "benchmark", True),
    "cuDNN's deterministic mode": lambda: setattr(torch.backends.cudnn, "deterministic", True),
    "numpy's handling of errors": lambda: np.seterr(over="ignore"),
    "environment variables of libraries that compute": lambda: os.environ.update(OMP_DYNAMIC="true"),
    "the working directory": lambda: os.chdir(".."),
    "the handlers of signals": lambda: signal.signal(signal.SIGTERM, lambda *_: None),
    "sys.excepthook": lambda: setattr(sys, "excepthook", print),
}


@pytest.fixture(autouse=True)
def usual():
    """As in a fresh process, whatever tests before have set."""
    torch.utils.deterministic.fill_uninitialized_memory = True
    torch.set_flush_denormal(False)
    torch.use_deterministic_algorithms(False)


def values():
    return {name: get() for name, (get, _) in switches.SWITCHES.items()}


class Doubled(torch.autograd.Function):
    change = None

    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, gradient):
        Doubled.change()
        return 2 * gradient


def in_constructor(change):
    return type("Mine", (nn.ReLU,), {"__init__": lambda self: (nn.ReLU.__init__(self), change())[0]})


def in_forward(change):
    def forward(self, x):
        y = x.relu()
        change()
        return y

    return type("Mine", (nn.Module,), {"forward": forward})


def in_backward(change):
    Doubled.change = staticmethod(change)
    return type("Mine", (nn.Module,), {"forward": lambda self, x: Doubled.apply(x)})


def said(cls, parameters=()):
    spec = {"import": "my_module:Mine", "name": "mine", "parameters": dict(parameters)}
    with pytest.raises(UserError) as caught:
        contract.check(cls, spec)
    return str(caught.value)


def test_every_switch_has_a_line_here():
    assert CHANGES.keys() == switches.SWITCHES.keys()


@pytest.mark.parametrize(
    ("made", "when"), [(in_constructor, "when it is made"), (in_forward, "when it is called")]
)
@pytest.mark.parametrize("name", CHANGES)
def test_one_that_changes_a_switch(name, made, when, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = values()
    text = said(made(CHANGES[name]))
    assert f"changes {name} {when}; what is set for the whole process must stay as it is" in text
    assert values() == before


@pytest.mark.parametrize("name", ["torch's number of threads", "torch's default dtype", "sys.excepthook"])
def test_one_that_changes_a_switch_when_the_gradient_is_taken(name):
    before = values()
    assert f"changes {name} when its gradient is taken" in said(in_backward(CHANGES[name]))
    assert values() == before


def test_a_switch_that_is_put_back_is_nobodys_business():
    def change():
        with torch.no_grad(), np.errstate(all="ignore"), torch.random.fork_rng():
            torch.manual_seed(0)

    for made in (in_constructor, in_forward):
        contract.check(made(change), {"import": "a:B", "name": "mine", "parameters": {}})


def test_a_switch_that_is_changed_before_an_error_is_put_back():
    def change():
        torch.set_default_dtype(torch.float64)
        raise ValueError("so and so")

    assert "cannot be made: so and so" in said(in_constructor(change))
    assert torch.get_default_dtype() == torch.float32


def test_a_variable_that_is_deleted_is_put_back(monkeypatch):
    monkeypatch.setenv("OMP_SCHEDULE", "static")
    text = said(in_forward(lambda: os.environ.pop("OMP_SCHEDULE", None)))
    assert (
        "environment variables of libraries that compute" in text and os.environ["OMP_SCHEDULE"] == "static"
    )


@pytest.mark.parametrize(
    ("seed", "of"),
    [
        (lambda: torch.manual_seed(3), "torch's generator"),
        (lambda: torch.set_rng_state(torch.Generator().manual_seed(1).get_state()), "torch's generator"),
        (lambda: np.random.seed(3), "numpy's generator"),
        (lambda: __import__("random").seed(3), "Python's generator"),
    ],
)
@pytest.mark.parametrize(
    ("made", "when"), [(in_constructor, "made"), (in_forward, "called"), (in_backward, "called")]
)
def test_one_that_sets_a_seed(seed, of, made, when):
    assert f"sets the seed of {of} when it is {when}; one that only draws from it is needed" in said(
        made(seed)
    )


def test_one_that_sets_a_seed_while_training():
    def forward(self, x):
        if self.training:
            torch.manual_seed(0)
        return x.relu()

    assert "when it is called while training" in said(type("Mine", (nn.Module,), {"forward": forward}))
