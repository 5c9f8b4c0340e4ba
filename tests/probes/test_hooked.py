"""Any classifier, measured through hooks: numbers of our own networks, of networks known by hand, and refusals."""

import contextlib
import copy
import warnings

import actbench
import numpy as np
import pandas as pd
import pytest
import torch
import torchvision
from actbench.errors import UserError
from actbench.probes import hooked
from torch import nn
from torch.nn import functional


class Classifier(nn.Module):
    """Layers, then the mean over all positions, then logits."""

    def __init__(self, layers, width, n_classes=3):
        super().__init__()
        self.layers, self.head = layers, nn.Linear(width, n_classes)

    def forward(self, x):
        h = self.layers(x)
        return self.head(h if h.ndim < 3 else h.mean(1) if h.ndim == 3 else h.mean((2, 3)))


def examples(*shape, n_classes=3):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(shape, generator=generator), torch.arange(shape[0]) % n_classes


@pytest.mark.parametrize(("norm", "seen"), [("none", 0), ("batch", 0), ("batch", 1)])
def test_the_same_numbers_as_of_our_own_network(toy, norm, seen):
    """Batch normalisation that has seen no batch takes the statistics of what it is given, as ours does."""
    torch.manual_seed(0)
    network = actbench.MLP([4, 8, 8, 4], "tanh", norm=norm)
    for _ in range(seen):
        network(toy.train.x[:50])
    ours = actbench.probe(network.eval(), toy)
    theirs = actbench.probe(network, toy.train.x, toy.train.y)
    for name, table in ours.items():
        other = theirs[name].drop(columns="module")
        if name == "dead_neurons" and norm == "batch" and not seen:  # in other batches
            continue
        pd.testing.assert_frame_equal(table, other, rtol=1e-5)
    assert theirs["gradients"]["module"].unique().tolist() == ["activations.0", "activations.1", "output"]


def everything(module):
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    grads = {name: None if p.grad is None else p.grad.clone() for name, p in module.named_parameters()}
    flags = [p.requires_grad for p in module.parameters()], [part.training for part in module.modules()]
    hooks = [
        (len(part._forward_hooks), len(part._forward_pre_hooks), len(part._backward_hooks))
        for part in module.modules()
    ]
    return state, grads, flags, hooks


def same(one, other):
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def test_a_resnet_of_torchvision_and_that_it_stays_as_it_was():
    torch.manual_seed(0)
    network = torchvision.models.resnet18(num_classes=10).train()
    network.layer1.eval()
    for parameter in network.layer2.parameters():
        parameter.requires_grad_(False)
    x, y = examples(12, 3, 32, 32, n_classes=10)
    functional.cross_entropy(network(x), y).backward()
    called = []
    network.fc.register_forward_hook(lambda *_: called.append(1))
    before, drawn = everything(network), torch.get_rng_state()
    called.clear()
    measured = actbench.probe(network, x, y)
    assert same(before, everything(network)) and torch.equal(drawn, torch.get_rng_state())
    assert called  # the caller's hook, on the copy
    units = measured["dead_neurons"]
    assert len(units) == 17 and units["module"][2] == "layer1.0.relu"
    assert units["n_neurons"].tolist() == [64] * 5 + [128] * 4 + [256] * 4 + [512] * 4  # channels
    assert (measured["distributions"].query("signal == 'activation'")["zero_fraction"] > 0.05).all()
    assert measured["gradients"].query("tensor == 'weight'")["layer"].tolist() == list(range(18))
    assert measured["gradients"].query("tensor == 'preactivation'")["rms"].min() > 0


def test_gradients_of_a_resnet_are_autograds_own():
    """Although its ReLUs work in place: of a convolution's weight, and of what the last ReLU is given."""
    torch.manual_seed(0)
    network = torchvision.models.resnet18(num_classes=10)
    x, y = examples(8, 3, 32, 32, n_classes=10)
    network(x)
    table = actbench.probe(network, x, y)["gradients"].set_index(["layer", "tensor"])["l2_norm"]
    plain, given = copy.deepcopy(network).eval(), []

    def keep(part, arguments):
        arguments[0].register_hook(given.append)

    plain.layer4[1].relu.register_forward_pre_hook(keep)
    functional.cross_entropy(plain(x), y).backward()
    assert table[0, "weight"] == pytest.approx(plain.conv1.weight.grad.norm().item(), rel=1e-5)
    assert table[16, "weight"] == pytest.approx(plain.layer4[1].conv2.weight.grad.norm().item(), rel=1e-5)
    assert table[17, "bias"] == pytest.approx(plain.fc.bias.grad.norm().item(), rel=1e-5)
    assert table[16, "preactivation"] == pytest.approx(given[0].norm().item(), rel=1e-5)  # the last call


@pytest.mark.parametrize("batch_first", [True, False])
def test_a_transformer_layer_has_the_units_of_its_last_dimension(batch_first):
    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.TransformerEncoderLayer(16, 2, 24, activation=nn.ReLU(), batch_first=batch_first)

        def forward(self, x):
            return self.layer(x) if batch_first else self.layer(x.transpose(0, 1)).transpose(0, 1)

    torch.manual_seed(0)
    network = Classifier(Encoder(), 16)
    with torch.no_grad():
        network.layers.layer.linear1.bias[:5] = -100
    x, y = examples(9, 7, 16)
    fast = torch.backends.mha.get_fastpath_enabled()
    measured = actbench.probe(network.eval(), x, y)
    assert torch.backends.mha.get_fastpath_enabled() == fast
    (units,) = measured["dead_neurons"].to_dict("records")
    assert (units["module"], units["n_neurons"], units["n_dead"]) == ("layers.layer.activation", 24, 5)
    (h,) = measured["distributions"].query("signal == 'activation'").to_dict("records")
    assert 5 / 24 < h["zero_fraction"] < 0.9 and 1 < h["effective_rank"] <= 8
    sizes = measured["gradients"].set_index(["layer", "tensor"])["n"]
    assert sizes[0, "weight"] == 24 * 16 and sizes[0, "preactivation"] == 9 * 7 * 24


def test_a_channel_is_dead_if_it_is_at_every_position():
    network = Classifier(nn.Sequential(nn.Conv2d(1, 3, 1), nn.ReLU(inplace=True)), 3)
    with torch.no_grad():
        network.layers[0].weight.copy_(torch.tensor([1.0, 0, 0]).view(3, 1, 1, 1))
        network.layers[0].bias.copy_(torch.tensor([0.0, -1, 2]))
    x, y = examples(4, 1, 5, 5)
    (row,) = actbench.probe(network, x, y)["dead_neurons"].to_dict("records")
    assert (row["n_neurons"], row["n_dead"], row["n_zero_gradient"]) == (3, 1, 1)
    assert row["n_dormant_centred"] == 2  # the constant one, too


def test_units_of_a_one_dimensional_convolution_and_of_channels_last():
    x, y = examples(4, 2, 10)
    convolved = Classifier(nn.Sequential(nn.Conv1d(2, 6, 3), nn.GELU()), 8)
    assert actbench.probe(convolved, x, y)["dead_neurons"]["n_neurons"].tolist() == [6]

    class ChannelsLast(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution, self.linear, self.f = nn.Conv2d(1, 4, 3), nn.Linear(4, 7), nn.GELU()

        def forward(self, x):
            return self.f(self.linear(self.convolution(x).permute(0, 2, 3, 1))).mean((1, 2))

    last = nn.Sequential(ChannelsLast(), nn.Linear(7, 3))
    assert actbench.probe(last, *examples(4, 1, 6, 6))["dead_neurons"]["n_neurons"].tolist() == [7]


def test_a_module_used_twice_is_two_layers():
    f = nn.ReLU()
    network = nn.Sequential(nn.Linear(5, 6), f, nn.Linear(6, 7), f, nn.Linear(7, 3))
    table = actbench.probe(network, *examples(6, 5))["dead_neurons"]
    assert table["module"].tolist() == ["1", "1"] and table["n_neurons"].tolist() == [6, 7]


class Cube(nn.Module):
    def forward(self, x):
        return x**3


class Squashed(nn.Module):
    """An entrywise module with one of torch's inside."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Sigmoid()

    def forward(self, x):
        return x * self.inner(x)


def test_activations_that_the_caller_names():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(5, 6), Cube(), nn.Linear(6, 6), Squashed(), nn.Linear(6, 3))
    x, y = examples(6, 5)
    for named in ([Cube, Squashed], ["1", "3"], [network[1], network[3]]):
        table = actbench.probe(network, x, y, activations=named)["dead_neurons"]
        assert table["module"].tolist() == ["1", "3"]
        for alone in named:
            one = actbench.probe(network, x, y, activations=alone)["dead_neurons"]
            assert one["module"].tolist() == ["1" if alone is named[0] else "3"]
    assert actbench.probe(network, x, y)["dead_neurons"]["module"].tolist() == ["3.inner"]
    with pytest.raises(
        UserError, match=r"^activations names 'nowhere', which module has not; allowed: names"
    ):
        actbench.probe(network, x, y, activations=["nowhere"])


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(5, 3)

    def forward(self, x):
        return functional.relu(self.linear(x))


class Unused(Functional):
    def __init__(self):
        super().__init__()
        self.f = nn.ReLU()


class ReadsInPlace(nn.Module):
    """Relies on ReLU changing its input."""

    def __init__(self):
        super().__init__()
        self.linear, self.f = nn.Linear(5, 3), nn.ReLU(inplace=True)

    def forward(self, x):
        h = self.linear(x)
        self.f(h)
        return h


class Tuple(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.ReLU()

    def forward(self, x):
        return self.f(x), x


class Within(nn.Module):
    """A classifier whose forward runs within a context."""

    def __init__(self, context):
        super().__init__()
        self.layers, self.context = stack(nn.ReLU()), context

    def forward(self, x):
        with self.context():
            return self.layers(x)


class NoUnits(Unused):
    """Its activation is given no entry."""

    def forward(self, x):
        return self.linear(x) + self.f(x[:, :0]).sum()


def stack(f):
    return nn.Sequential(nn.Linear(5, 4), f, nn.Linear(4, 3))


with warnings.catch_warnings(action="ignore"):  # a prototype
    NESTED = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])


@pytest.mark.parametrize(
    ("network", "options", "words"),
    [
        (Functional(), {}, "module has no activation module of torch.nn or the registry; a function that is"),
        (Unused(), {}, "no activation module of f ran; a function that is called inside of forward"),
        (ReadsInPlace(), {}, "module gives other logits when its activations are looked at"),
        (Tuple(), {}, r"module gives tuple for 6 examples; allowed: logits \[N, classes\]"),
        (nn.Sequential(nn.Linear(6, 4), nn.ReLU()), {}, r"module refuses x of shape \[6, 5\]: mat1 and mat2"),
        (stack(nn.Softmax(dim=1)), {"activations": ["1"]}, r"^1 \(Softmax\) does not work on each entry"),
        (stack(nn.Softmax(dim=0)), {"activations": ["1"]}, r"^1 \(Softmax\) does not work on each entry"),
        (stack(nn.PReLU(4)), {}, r"^1 \(PReLU\) does not work on each entry alone and alike"),
        (stack(nn.ReLU()), {"y": torch.full((6,), 3)}, "y holds class 3; allowed: below 3, the module's"),
        (stack(nn.ReLU()), {"y": torch.zeros(5, dtype=torch.long)}, r"x is \[6, 5\] and y \[5\]; allowed"),
        (stack(nn.ReLU()), {"y": torch.zeros(6)}, "y holds something else than whole numbers from 0"),
        (stack(nn.ReLU()), {"y": None}, "y is None; allowed: the class index"),
        (stack(nn.ReLU()), {"y": ["a"] * 6}, "x or y is no array of numbers"),
        (
            stack(nn.ReLU()),
            {"probe_gradients": {"images": 7}},
            r"images is 7; allowed: at most 6, the examples",
        ),
        (
            stack(nn.ReLU()),
            {"probe_jacobian": {"enabled": True}},
            "probe_jacobian is enabled; allowed of net",
        ),
        (functional.relu, {}, "network is <function relu"),
        (Within(torch.no_grad), {}, "module gives logits without gradients; allowed: a forward without"),
        (Within(torch.inference_mode), {}, "module gives logits without gradients"),
        (
            nn.Sequential(nn.LazyLinear(4), nn.ReLU()),
            {},
            r"module has no 0\.weight yet; allowed: lazy modules",
        ),
        (
            NoUnits(),
            {},
            "f is given no units; allowed: layers of one unit or more",
        ),
        (stack(nn.ReLU()), {"data": torch.zeros(6, 0)}, r"x is \[6, 0\] and y \[6\]; allowed"),
        (
            stack(nn.ReLU()),
            {"data": torch.eye(6, 5).to_sparse()},
            "no array of numbers: a tensor that is torch.s",
        ),
        (stack(nn.ReLU()), {"data": NESTED}, "x or y is no array of numbers: a tensor that is nested"),
        (
            stack(nn.ReLU()),
            {"data": torch.zeros(6, 5, device="meta")},
            "no array of numbers: Cannot copy out",
        ),
        (
            stack(nn.ReLU()),
            {"data": pd.DataFrame({"a": ["b"] * 6})},
            "x or y is no array of numbers: can't conv",
        ),
        (stack(nn.ReLU()), {"activations": 3}, "activations is 3; allowed: names, classes and modules, one"),
        (stack(nn.ReLU()), {"activations": [3]}, "activations names 3, which module has not; allowed"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(network, options, words):
    x, y = examples(6, 5)
    with pytest.raises(UserError, match=words) as caught:
        actbench.probe(network, **{"data": x, "y": y} | options)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_arrays_other_types_and_inside_of_no_grad():
    network = stack(nn.ReLU()).double()
    x, y = examples(6, 5)
    with torch.no_grad():
        table = actbench.probe(network, x.numpy(), np.asarray(y))["gradients"]
    assert (table.query("tensor == 'weight'")["rms"] > 0).all()
    tokens = nn.Sequential(nn.Embedding(10, 4), nn.ReLU(), nn.Flatten(), nn.Linear(12, 3))
    assert actbench.probe(tokens, torch.arange(18).view(6, 3) % 10, y)["dead_neurons"]["n_neurons"][0] == 4


class Clamps(Within):
    """Changes what it is given."""

    def forward(self, x):
        return super().forward(x.clamp_(0))


def test_examples_stay_as_they_are_whatever_forward_does_to_them():
    network, (x, y) = Clamps(contextlib.nullcontext), examples(6, 5)
    before = x.clone()
    measured = actbench.probe(network, x, y)
    assert torch.equal(x, before) and (before < 0).any()
    plain = actbench.probe(network.layers, x.clamp(0), y)
    pd.testing.assert_frame_equal(
        measured["gradients"].drop(columns="module"), plain["gradients"].drop(columns="module")
    )


def test_examples_of_inference_mode_and_tables_are_as_others():
    network, (x, y) = stack(nn.ReLU()), examples(6, 5)
    expected = actbench.probe(network, x, y)["gradients"]
    with torch.inference_mode():
        inference = x.clone(), y.clone()
        inside = actbench.probe(network, *inference)["gradients"]
    tables = pd.DataFrame(x.numpy(), columns=list("abcde")), pd.Series(y.numpy())
    for found in (inside, *(actbench.probe(network, *each)["gradients"] for each in (inference, tables))):
        pd.testing.assert_frame_equal(found, expected)


def test_a_part_that_the_loss_does_not_need_has_gradients_of_0():
    class Aside(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear, self.aside, self.f = nn.Linear(5, 3), nn.Linear(5, 2), nn.ReLU()

        def forward(self, x):
            self.f(self.aside(x))
            return self.linear(x)

    table = actbench.probe(Aside(), *examples(6, 5))["gradients"].set_index(["layer", "tensor"])["rms"]
    assert table[0, "preactivation"] == table[0, "weight"] == 0 < table[1, "weight"]


def test_every_entrywise_module_of_torch_is_known():
    names = {kind.__name__ for kind in hooked.entrywise()}
    assert {"ReLU", "GELU", "Hardsigmoid", "Tanhshrink", "PReLU", "SiLU"} <= names
    assert not {"Softmax", "MultiheadAttention", "GLU", "Identity", "Module"} & names
