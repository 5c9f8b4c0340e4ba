"""The contract that every activation of the registry keeps."""

import sys

import pytest
import torch
from actbench.activations import registry
from actbench.errors import UserError

KINKS = {0.0, -3.0, 3.0, 6.0, -1.0, 1.0, -0.5, 0.5}


@pytest.fixture(params=registry.REGISTRY)
def name(request):
    return request.param


def test_tutorials_and_common_activations_are_there():
    expected = (
        "sigmoid tanh relu leakyrelu elu swish gelu selu mish softplus softsign hardtanh relu6 hardswish"
    )
    assert {*expected.split(), "celu", "prelu", "identity"} <= set(registry.REGISTRY)
    assert registry.ALIASES["silu"] == "swish"


def test_keeps_shape_and_type(name, spec):
    x = torch.randn(3, 5)
    y = registry.create(spec(name))(x)
    assert y.shape == x.shape and y.dtype == x.dtype


def test_gradient_agrees_with_finite_differences_away_from_kinks(name, spec):
    x = torch.linspace(-6.85, 6.85, 23, dtype=torch.float64)
    x = x[[min(abs(v - kink) for kink in KINKS) > 0.01 for v in x.tolist()]].requires_grad_()
    assert torch.autograd.gradcheck(registry.create(spec(name)).double().eval(), x)


def test_fresh_module_for_every_call(name, spec):
    first, second = registry.create(spec(name)), registry.create(spec(name))
    assert first is not second
    shared = {id(p) for p in first.parameters()} & {id(p) for p in second.parameters()}
    assert not shared


def test_finite_far_out(name, spec):
    x = torch.tensor([-1e4, 1e4], requires_grad=True)
    y = registry.create(spec(name))(x)
    y.sum().backward()
    assert torch.isfinite(y).all() and torch.isfinite(x.grad).all()


def test_every_entry_is_documented(name):
    entry = registry.REGISTRY[name]
    assert entry.formula and entry.derivative and entry.reference


def test_leakyrelu_slope_is_a_tenth_by_default(spec):
    x = torch.tensor([-2.0])
    assert registry.create(spec("leakyrelu"))(x).item() == pytest.approx(-0.2)
    assert registry.create(spec("leakyrelu", slope=0.01))(x).item() == pytest.approx(-0.02)


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    (tmp_path / "mine_for_test.py").write_text(
        "from torch import nn\n"
        "class Scaled(nn.Module):\n"
        "    def __init__(self, scale=1.0):\n"
        "        super().__init__()\n"
        "        self.scale = scale\n"
        "    def forward(self, x):\n"
        "        return self.scale * x\n"
        "class InPlace(nn.Module):\n"
        "    def forward(self, x):\n"
        "        return x.clamp_(min=0)\n"
        "def not_a_module():\n"
        "    raise SystemExit('called')\n"
    )
    monkeypatch.chdir(tmp_path)


def own(target, **parameters):
    return {"name": "mine", "import": target, "parameters": parameters}


def test_own_class_comes_from_the_working_directory(own_module):
    module = registry.create(own("mine_for_test:Scaled", scale=3.0))
    assert module(torch.tensor(2.0)).item() == 6


def test_making_an_own_module_draws_no_random_number_and_keeps_its_state(tmp_path, monkeypatch):
    (tmp_path / "noisy_for_test.py").write_text(
        "import torch\n"
        "class Noisy(torch.nn.Module):\n"
        "    calls = 0\n"
        "    def forward(self, x):\n"
        "        self.calls += 1\n"
        "        return x + torch.randn_like(x)\n"
    )
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    expected = torch.randn(2)
    torch.manual_seed(0)
    assert registry.create(own("noisy_for_test:Noisy")).calls == 0
    assert torch.equal(torch.randn(2), expected)


def test_what_a_module_draws_when_it_is_imported_is_always_the_same_and_leaves_no_trace(
    tmp_path, monkeypatch
):
    (tmp_path / "drawing_for_test.py").write_text(
        "import torch\n"
        "SLOPE = torch.rand(()).item()\n"
        "torch.manual_seed(3)\n"
        "class Leaky(torch.nn.LeakyReLU):\n"
        "    def __init__(self):\n"
        "        super().__init__(SLOPE)\n"
    )
    monkeypatch.chdir(tmp_path)
    slopes = set()
    for seed in (0, 1):
        sys.modules.pop("drawing_for_test", None)
        torch.manual_seed(seed)
        state = torch.get_rng_state()
        slopes.add(registry.create(own("drawing_for_test:Leaky")).negative_slope)
        assert torch.equal(torch.get_rng_state(), state)
    assert len(slopes) == 1


def test_the_registry_is_pure_but_for_rrelu_and_an_own_class_where_it_says_so(spec):
    pure = {name for name in registry.REGISTRY if registry.pure(spec(name))}
    assert registry.REGISTRY.keys() - pure == {"rrelu"}
    assert registry.pure("silu") and not registry.pure("rrelu")
    assert not registry.pure(own("own_activations:Learnt"))
    assert registry.pure(own("own_activations:Safe"))


@pytest.mark.parametrize(
    ("target", "parameters", "words"),
    [
        ("no_such_module_here:A", {}, "No module named"),
        ("mine_for_test:Missing", {}, "Missing"),
        ("mine_for_test:Scaled", {"slope": 1.0}, "slope"),
        ("mine_for_test:not_a_module", {}, "is a function; a subclass of torch.nn.Module is needed"),
        ("mine_for_test:Scaled", {"scale": "much"}, "fails on an input"),
        ("mine_for_test:InPlace", {}, "changes its input in place"),
    ],
)
def test_bad_own_activation_is_one_sentence(own_module, target, parameters, words):
    with pytest.raises(UserError, match=words):
        registry.create(own(target, **parameters))
