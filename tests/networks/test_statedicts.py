"""State dicts of others' MLPs: found by their shapes whatever their names, and refused in one sentence."""

import collections
import itertools
import os
import time
import warnings
from collections import Counter

import actbench
import numpy as np
import pytest
import safetensors.torch
import torch
from actbench.activations import registry
from actbench.errors import UserError
from actbench.networks import modes, statedicts
from torch import nn

RELU = registry.named("relu")


def stack(*sizes, norm=None, bias=True, f=nn.ReLU):
    """The same network as torch's own chain of modules."""
    torch.manual_seed(0)
    layers = []
    for n_in, n_out in itertools.pairwise(sizes[:-1]):
        layers += [nn.Linear(n_in, n_out, bias=bias), *([norm(n_out)] if norm else []), f()]
    network = nn.Sequential(*layers, nn.Linear(*sizes[-2:], bias=bias))
    network(torch.randn(9, sizes[0]))  # statistics of a batch
    return network.eval()


def stored(state, path):
    if path.suffix == ".safetensors":
        safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)
    else:
        torch.save(state, path)
    return path


def loaded(path, n_inputs, n_classes, activation=RELU):
    return statedicts.network(statedicts.read(path), path, activation, n_inputs, n_classes)


@pytest.mark.parametrize("ending", ["safetensors", "pt"])
@pytest.mark.parametrize(
    ("norm", "bias", "expected"),
    [
        (None, True, ("none", True)),
        (None, False, ("none", False)),
        (nn.BatchNorm1d, True, ("batch", True)),
        (nn.LayerNorm, False, ("layer", False)),
    ],
)
def test_any_chain_of_modules_is_the_same_function_again(tmp_path, ending, norm, bias, expected):
    """Of twelve layers: by name, layers.10 would come before layers.2."""
    sizes = [6, *[5] * 11, 5]
    network = stack(*sizes, norm=norm, bias=bias)
    found, shape = loaded(stored(network.state_dict(), tmp_path / f"w.{ending}"), 6, 5)
    assert shape == statedicts.Shape(tuple(sizes), *expected)
    x = torch.randn(20, 6)
    torch.testing.assert_close(found(x), network(x), rtol=0, atol=0)
    assert not found.training


@pytest.mark.parametrize(
    "names", [("fc_in", "hidden", "out"), ("fc1", "fc2", "fc3"), ("module.a.0", "b", "c")]
)
def test_whatever_layers_are_called(tmp_path, names):
    network = stack(6, 5, 4, 3)
    weights = [(layer.weight, layer.bias) for layer in network if isinstance(layer, nn.Linear)]
    state = {}
    for name, (weight, bias) in zip(names, weights, strict=True):
        state |= {f"{name}.weight": weight, f"{name}.bias": bias}
    found, _ = loaded(stored(state, tmp_path / "w.safetensors"), 6, 3)
    x = torch.randn(3, 6)
    assert torch.equal(found(x), network(x))


def test_our_own_networks_those_of_training_scripts_other_types_and_learnt_slopes(tmp_path):
    ours = actbench.MLP([6, 5, 4, 3], "prelu")
    with torch.no_grad():
        ours.activations[1].weight.fill_(0.5)
    wrapped = {"epoch": 3, "state_dict": ours.double().state_dict(), "optimizer": {"lr": [0.1]}}
    torch.save(wrapped, tmp_path / "w.ckpt")
    found, _ = loaded(tmp_path / "w.ckpt", 6, 3, registry.named("prelu"))
    x = torch.randn(3, 6)
    torch.testing.assert_close(found(x), ours.float()(x))
    torch.save(ours.state_dict(), tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert torch.equal(loaded(tmp_path / "old.pt", 6, 3, registry.named("prelu"))[0](x), found(x))


class RunsCode:
    def __reduce__(self):
        return os.mkdir, ("evil",)


STATE = stack(6, 5, 5, 3).state_dict()
NORMALISED = stack(6, 5, 3, norm=nn.BatchNorm1d).state_dict()
EYE = torch.eye(5)
with warnings.catch_warnings(action="ignore"):  # a beta, as torch says
    SPARSE_ROWS = EYE.to_sparse_csr()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"w": RunsCode()}, r"holds more than tensors and plain containers, which could run code; allowed"),
        (stack(6, 5, 3), "which could run code"),
        (b"", "is no state dict of torch.save, or not all of one"),
        (b"\x80\x02garbage", "is no state dict of torch.save"),
        ([torch.zeros(2)], "holds list; allowed: a state dict"),
        ({"a": 3}, "holds dict; allowed: a state dict"),
        (STATE | {"2.weight": torch.full((5, 5), torch.nan)}, "2.weight holds a number that is not finite"),
        (STATE | {"2.weight": torch.zeros(5, 5, dtype=torch.int32)}, r"2.weight is of torch.int32; allowed"),
        (STATE | {"2.weight": EYE.to(torch.float8_e4m3fn)}, r"2.weight is of torch.float8_e4m3fn; allowed"),
        (STATE | {"2.weight": EYE.to_sparse()}, r"2.weight is torch.sparse_coo on cpu; allowed: dense"),
        (STATE | {"2.weight": SPARSE_ROWS}, r"2.weight is torch.sparse_csr on cpu; allowed: dense"),
        (STATE | {"2.weight": EYE.to("meta")}, r"2.weight is torch.strided on meta; allowed: dense"),
        (STATE | {"2.weight": EYE.double() * 1e300}, "2.weight holds a number that is not finite as float32"),
        (STATE | {"2.weight": torch.zeros(0, 5)}, r"2.weight is \[0, 5\]; allowed: tensors of one number"),
        (STATE | {"5" * 5000 + ".weight": EYE}, "holds the name '555555.*'…; allowed: up to 1000 printable"),
        (STATE | {"a\n.weight": EYE}, r"holds the name 'a\\n.weight'…; allowed"),
        (STATE | {"1.num_batches_tracked": torch.tensor(True)}, "is of torch.bool; allowed: whole numbers"),
        (NORMALISED | {"1.running_var": torch.full((5,), -1.0)}, "1.running_var holds -1; allowed: numbers"),
        (
            STATE | {"2.weight": torch.zeros(4, 5)},
            r"4.weight is \[3, 5\] after 2.weight, \[4, 5\]; allowed: \[any",
        ),
        (STATE | {"2.bias": torch.zeros(4)}, r"2.bias is \[4\]; allowed: \[5\]"),
        ({k: v for k, v in STATE.items() if k != "2.bias"}, "some Linear layers have a bias, and some not"),
        ({k: v for k, v in STATE.items() if k != "2.weight"}, r"holds 2.bias|holds 2,|which no layer has"),
        ({k: v for k, v in STATE.items() if "weight" not in k}, "holds no weight of a Linear layer"),
        ({}, "holds no weight of a Linear layer"),
        (STATE | {"9.filter": torch.zeros(3, 3, 3)}, "holds 9, which no layer has"),
        (STATE | {"1.running_mean": torch.zeros(5)}, "1 normalisations of 2 hidden layers"),
        (
            NORMALISED | {"1.running_var": torch.ones(4)},
            "1.running_var is",
        ),
        (
            {"a.weight": torch.zeros(6, 6), "b.weight": torch.zeros(6, 6), "c.weight": torch.zeros(3, 6)},
            "several",
        ),
        (stack(6, 3).state_dict(), "holds one Linear layer; allowed: a network with a hidden layer"),
        (stack(7, 5, 3).state_dict(), r"do not lead from 6 inputs to 3 classes, those of the data set"),
        (stack(6, 5, 4).state_dict(), r"do not lead from 6 inputs to 3 classes"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path, monkeypatch, content, words):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "w.pt"
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(UserError, match=words) as caught:
        loaded(path, 6, 3)
    text = str(caught.value)
    assert text.startswith(str(path)) and "\n" not in text and text.endswith(".")
    assert not (tmp_path / "evil").exists()


def test_a_nested_tensor_is_one_sentence(tmp_path, monkeypatch):
    with warnings.catch_warnings(action="ignore"):  # a prototype
        nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
    monkeypatch.setattr(statedicts, "_torch", lambda path: {"2.weight": nested})
    with pytest.raises(UserError, match=r"2\.weight is nested; allowed: dense tensors"):
        statedicts.read(tmp_path / "w.pt")


def test_types_of_safetensors_that_torch_does_not_compute_with(tmp_path):
    for dtype in (torch.float8_e5m2, torch.uint16, torch.complex64, torch.bool):
        path = stored({"0.weight": torch.ones(5, 6).to(dtype)}, tmp_path / "w.safetensors")
        with pytest.raises(UserError, match=rf"0\.weight is of {dtype}; allowed: float16"):
            statedicts.read(path)


def chain_of(shapes, n_inputs, n_classes):
    state = {name: {"weight": torch.zeros(shape)} for name, shape in shapes.items()}
    return list(statedicts._ordered(state, "w.pt", n_inputs, n_classes))


def test_orders_are_counted_as_by_trying_them_all():
    """Of all networks of up to four layers of widths 1 and 2, and of drawn ones of five and six."""
    names, draw, counts = "uvwxyz", np.random.default_rng(0), Counter()
    every = [list(itertools.product((1, 2), repeat=2))] * 4
    given = [shapes for n in (2, 3, 4) for shapes in itertools.product(*every[:n])]
    for n in draw.integers(5, 7, 200).tolist():
        widths = [1, *draw.integers(1, 7, n - 1).tolist(), 2]
        given.append(draw.permutation(list(zip(widths[1:], widths[:-1], strict=True))).tolist())
    for sizes in given:
        shapes = dict(zip(names, sizes, strict=False))
        orders = [
            order
            for order in itertools.permutations(shapes)
            if shapes[order[0]][1] == 1
            and shapes[order[-1]][0] == 2
            and all(shapes[one][0] == shapes[other][1] for one, other in itertools.pairwise(order))
        ]
        counts[min(len(orders), 2)] += 1
        if len(orders) == 1:
            assert chain_of(shapes, 1, 2) == list(orders[0])
        else:
            with pytest.raises(UserError, match="several orders" if orders else "do not lead from 1 inputs"):
                chain_of(shapes, 1, 2)
    assert min(counts[n] for n in range(3)) > 20


def test_many_layers_of_unlike_names_take_no_time():
    names = ["".join(letters) for letters in itertools.product("abcdefghijk", repeat=3)][:1100]
    widths = range(3, 1104)
    layers = list(zip(widths[1:], widths[:-1], strict=True))
    shapes = dict(zip(np.random.default_rng(0).permutation(names), layers, strict=True))
    began = time.perf_counter()
    assert chain_of(shapes, 3, 1103) == list(shapes)
    for n_classes, words in ((9, "several orders"), (8, "do not lead from")):
        with pytest.raises(UserError, match=words):
            chain_of(dict.fromkeys(names, (9, 9)), 9, n_classes)
    assert time.perf_counter() - began < 20


def test_names_of_other_digits(tmp_path):
    """A raised two is no decimal digit."""
    state = {name.replace("2.", "²."): tensor for name, tensor in stack(6, 5, 3).state_dict().items()}
    x = torch.randn(3, 6)
    assert torch.equal(loaded(stored(state, tmp_path / "w.pt"), 6, 3)[0](x), stack(6, 5, 3)(x))


def test_statistics_that_are_there_are_used_whatever_the_count_says(tmp_path):
    network = stack(6, 5, 3, norm=nn.BatchNorm1d)
    plain = network(torch.ones(4, 6))
    state = network.state_dict() | {"1.num_batches_tracked": torch.tensor(0)}
    found, _ = loaded(stored(state, tmp_path / "w.pt"), 6, 3)
    with modes.frozen(found):
        torch.testing.assert_close(found(torch.ones(4, 6)), plain)
    fresh = state | {"1.running_mean": torch.zeros(5), "1.running_var": torch.ones(5)}
    found, _ = loaded(stored(fresh, tmp_path / "w.pt"), 6, 3)
    assert found.norms[0].num_batches_tracked == 0


def test_what_is_no_file_or_no_safetensors(tmp_path):
    for name in ("gone.pt", "gone.safetensors"):
        with pytest.raises(UserError, match="cannot be read: No such file"):
            statedicts.read(tmp_path / name)
    with pytest.raises(UserError, match="cannot be read: Is a directory"):
        statedicts.read(tmp_path)
    whole = stored(STATE, tmp_path / "w.safetensors").read_bytes()
    for content in (b"", whole[:-1], b"PK" + whole):
        (tmp_path / "w.safetensors").write_bytes(content)
        with pytest.raises(UserError, match="is no file of safetensors, or not all of one"):
            statedicts.read(tmp_path / "w.safetensors")


def test_batch_normalisation_without_its_count_and_a_missing_part(tmp_path):
    network = stack(6, 5, 3, norm=nn.BatchNorm1d)
    state = collections.OrderedDict(network.state_dict())
    del state["1.num_batches_tracked"]
    x = torch.randn(4, 6)
    found, _ = loaded(stored(state, tmp_path / "w.pt"), 6, 3)
    torch.testing.assert_close(found(x), network(x))
    del state["1.running_var"]
    with pytest.raises(UserError, match=r"lacks 1\.running_var of the BatchNorm1d of a layer"):
        loaded(stored(state, tmp_path / "w.pt"), 6, 3)
    with pytest.raises(UserError, match=r"lacks weight of the PReLU of a layer"):
        loaded(stored(STATE, tmp_path / "w.pt"), 6, 3, registry.named("prelu"))
