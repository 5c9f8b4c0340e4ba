import math

import pytest
import torch
from actbench.activations import registry
from actbench.errors import UserError
from actbench.theory import critical
from actbench.theory.gaussian import Gaussian
from own_activations import AlwaysNoisy, Exp, HandTanh, Of, own
from scipy import optimize
from torch import nn

HOMOGENEOUS = ("relu", "relu_autograd", "leakyrelu", "prelu", "rrelu", "identity")
NONE = ("softplus", "logsigmoid", "hardshrink", "threshold")


@pytest.mark.parametrize(
    ("name", "bias_std", "weight_std"),
    [
        ("tanh", 0.05, 1.12254),
        ("tanh", 0.2, 1.30415),
        ("tanh", 0.5, 1.54967),
        ("elu", 0.1, 1.17615),
        ("elu", 0.2, 1.22925),
        ("elu", 1, 1.35798),
        ("swish", 0.2, 1.67953),
    ],
)
def test_weights_at_the_edge_of_chaos(name, bias_std, weight_std):
    """Computed apart from this code; tanh and elu as in Hayou, Doucet & Rousseau (2019)."""
    found = critical.point(registry.create(name), bias_std)
    assert found.weight_std == pytest.approx(weight_std, abs=5e-6) and found.bias_std == bias_std


@pytest.mark.parametrize(
    ("name", "slope"),
    [
        *(("tanh", 0.54), ("elu", 0.86), ("swish", 1.099), ("gelu", 1.095), ("mish", 1.025)),
        *(("gelu_tanh", 1.095), ("swish_beta", 1.0865), ("tanhshrink", 1.570), ("squared_relu", 1.5)),
    ],
)
def test_whether_the_fixed_point_is_stable(name, slope):
    found = critical.point(registry.create(name), 0.2)
    assert found.slope == pytest.approx(slope, abs=0.0051 if slope < 1 else 0.00051)
    assert found.stable == (slope < 1)


def test_the_fixed_point_of_swish():
    assert critical.point(nn.SiLU(), 0.2).q == pytest.approx(0.68945, abs=5e-6)


@pytest.mark.parametrize("bias_std", [0.01, 0.2, 3.0])
def test_erf_in_closed_form(bias_std):
    def excess(q):
        ratio = math.asin(2 * q / (1 + 2 * q)) / 2 * math.sqrt(1 + 4 * q)
        return bias_std**2 + ratio - q

    q = optimize.brentq(excess, bias_std**2, 1e6, xtol=1e-15, rtol=1e-14)
    found = critical.point(Of(torch.erf), bias_std)
    assert found.q == pytest.approx(q, rel=1e-7)
    assert found.weight_std == pytest.approx(math.sqrt(math.pi / 4 * math.sqrt(1 + 4 * q)), rel=1e-7)


@pytest.mark.parametrize("name", [name for name in registry.REGISTRY if name not in (*HOMOGENEOUS, *NONE)])
def test_signals_and_gradients_keep_their_size(name):
    """And the iteration of Hayou et al. ends at the same point."""
    activation = registry.create(name)
    found, gaussian = critical.point(activation, 0.2), Gaussian(activation)
    averages = gaussian(found.q)
    assert found.weight_std**2 * averages.f_squared + 0.2**2 == pytest.approx(found.q, rel=1e-9)
    assert found.weight_std**2 * averages.derivative_squared == pytest.approx(1, rel=1e-9)
    q = 0.2**2
    for _ in range(2000):
        averages = gaussian(q)
        before, q = q, 0.2**2 + averages.f_squared / averages.derivative_squared
        if abs(q - before) < 1e-12 * q:
            break
    assert found.q == pytest.approx(q, rel=1e-8)


@pytest.mark.parametrize(
    ("activation", "slope"),
    [
        (nn.ReLU(), 0),
        (nn.LeakyReLU(0.1), 0.1),
        (nn.Identity(), 1),
        (nn.PReLU(), 0.25),
        (nn.RReLU(), 11 / 48),
        (Of(torch.abs), -1),
    ],
)
def test_homogeneous_functions(activation, slope):
    """σ_w² = 2/(1 + a²) without biases, and every q is a fixed point (He et al. 2015)."""
    found = critical.point(activation, 0.2)
    assert found.weight_std == pytest.approx(math.sqrt(2 / (1 + slope**2)), rel=1e-7)
    assert (found.bias_std, found.q, found.slope) == (0.0, None, 1.0)


def test_one_that_overflows():
    assert critical.point(HandTanh(), 0.2).q == pytest.approx(critical.point(nn.Tanh(), 0.2).q)
    assert critical.point(Exp(), 0.2).q == pytest.approx(1.04)


@pytest.mark.parametrize(
    "activation",
    [
        nn.Softplus(),
        nn.LogSigmoid(),
        nn.Hardshrink(),
        nn.Threshold(1.0, 0.0),
        AlwaysNoisy(),
        Of(lambda x: 0 * x),
        Of(lambda x: 0 * x + 2),
        Of(lambda x: x.abs().sqrt()),
        Of(lambda x: torch.where(x > 0, x + 1, x)),
        Of(lambda x: x * torch.nan),
    ],
)
@pytest.mark.parametrize("bias_std", [1e-4, 0.2, 1e3])
def test_functions_without_one(activation, bias_std):
    assert critical.point(activation, bias_std) is None


@pytest.mark.parametrize("bias_std", [1e-300, 1e3 + 1, 1e150])
def test_biases_for_which_there_is_none(bias_std):
    assert critical.point(nn.Tanh(), bias_std) is None


def test_it_is_required_by_name():
    spec = registry.named("softplus")
    with pytest.raises(UserError) as caught:
        critical.required(spec, 0.2)
    assert str(caught.value) == (
        "network.initialisation is critical, and softplus has no edge of chaos with network.bias_std 0.2; "
        "allowed for it: default, he, xavier, lecun, orthogonal, or no setting with critical."
    )
    with pytest.raises(UserError, match="and mine has no edge of chaos"):
        critical.required(own(AlwaysNoisy), 0.2)
    assert critical.required(own(HandTanh), 0.2).q == pytest.approx(0.512, abs=1e-3)
