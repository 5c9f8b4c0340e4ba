"""State dicts of others' MLPs: found by their shapes whatever their names, and refused in one sentence."""

import collections
import itertools
import os

import actbench
import pytest
import safetensors.torch
import torch
from actbench.activations import registry
from actbench.errors import UserError
from actbench.networks import statedicts
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
            stack(6, 5, 3, norm=nn.BatchNorm1d).state_dict() | {"1.running_var": torch.ones(4)},
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
