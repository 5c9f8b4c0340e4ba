"""Checkpoints in the two formats of the published ones: made here, with numbers known by hand."""

import json
import os
import pickle
import sys
import types

import numpy as np
import pytest
import torch
from actbench.data import prepared
from actbench.errors import UserError
from actbench.networks.families import mlp
from actbench.probes import dead_neurons
from actbench.verification import checkpoint_files, checkpoints, checks, outcome
from actbench.verification import published as ref

SIZES = ref.UVA_SIZES


class FrozenDict:
    """Pickled under flax's name, as flax's own."""

    def __init__(self, content):
        self.content = content

    def __reduce__(self):
        return FrozenDict, (self.content,)


FrozenDict.__module__ = "flax.core.frozen_dict"


class RunsCode:
    def __reduce__(self):
        return os.mkdir, ("evil",)


@pytest.fixture
def flax(monkeypatch):
    """A module of that name, for the time of pickling."""
    module = types.ModuleType("flax.core.frozen_dict")
    module.FrozenDict = FrozenDict
    for name in ("flax", "flax.core", "flax.core.frozen_dict"):
        monkeypatch.setitem(sys.modules, name, module)


def params(network):
    arrays = {"kernel": lambda linear: linear.weight.T, "bias": lambda linear: linear.bias}
    return {
        f"Dense_{number}": {
            key: np.ascontiguousarray(give(linear).detach().numpy()) for key, give in arrays.items()
        }
        for number, linear in enumerate(network.linears)
    }


def pickled(content):
    return pickle.dumps(FrozenDict({"params": content}), protocol=3)


def describe(path, name):
    described = {"act_fn": {"name": name}, "num_classes": 10, "hidden_sizes": list(SIZES[1:-1])}
    path.with_suffix(".config").write_text(json.dumps(described))


@pytest.fixture
def folder(tmp_path, flax):
    """All twelve, with initial weights; of the ReLU networks three units of the last hidden layer are dead."""
    for source, place in checkpoint_files.FOLDERS.items():
        (tmp_path / place).mkdir(parents=True)
        for seed, name in enumerate(ref.UVA_ACCURACY[source]):
            torch.manual_seed(seed)
            network = mlp.MLP(SIZES, name)
            with torch.no_grad():
                network.linears[3].bias[:3] = -1e6
            path = tmp_path / place / f"FashionMNIST_{name}.tar"
            describe(path, name.upper() if source == ref.UVA_PYTORCH else name)
            if source == ref.UVA_JAX:
                path.write_bytes(pickled(params(network)))
            else:
                state = {
                    f"layers.{2 * i}.{k}": p
                    for i, m in enumerate(network.linears)
                    for k, p in m.named_parameters()
                }
                torch.save(state, path, _use_new_zipfile_serialization=False)
    return tmp_path


def images(n_test=20):
    rng = np.random.default_rng(0)
    n = 60_000 + n_test
    is_test = np.arange(n) >= 60_000
    pixels = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
    return prepared.Prepared(
        "fashion_mnist", pixels, np.zeros(n, np.uint8), is_test.astype(np.uint8), 255, ()
    )


@pytest.mark.parametrize("source", checkpoint_files.FOLDERS)
def test_both_formats_give_the_network_again(folder, source):
    torch.manual_seed(2)
    network = mlp.MLP(SIZES, "relu")
    found = checkpoints.load(folder, source, "relu")
    x = torch.randn(5, 784)
    with torch.no_grad():
        network.linears[3].bias[:3] = -1e6
    assert torch.equal(found(x), network(x)) and not found.training
    assert dead_neurons.n_dead(found, x)[3] >= 3
    expected = (network(x).argmax(1) == 4).double().mean().item()
    assert checkpoints.accuracy(found, x, torch.full((5,), 4)) == expected


def test_rows_beside_the_published_numbers(folder, monkeypatch):
    monkeypatch.setattr(ref, "UVA_TRAINING_IMAGES", 300)
    made = images()
    rows = checks.trained_checkpoints(made, folder)
    assert len(rows) == 12 + 8
    accurate, dead = rows[:12], rows[12:]
    assert [row.published for row in accurate[:2]] == [0.1, 0.8759]
    assert {round(row.tolerance, 9) for row in accurate} == {1.5e-4} and {row.tolerance for row in dead} == {
        0.0
    }
    assert [row.published for row in dead] == [0, 0, 0, 3, 0, 0, 3, 3]
    assert dead[3].measured >= 3 and all("300 training images" in row.setting for row in dead)
    x = (torch.from_numpy(made.images[60_000:]).flatten(1).float() / 255 - 0.5) / 0.5
    for row, name in zip(accurate, ref.UVA_ACCURACY[ref.UVA_PYTORCH], strict=False):
        network = checkpoints.load(folder, ref.UVA_PYTORCH, name)
        assert row.measured == (network(x).argmax(1) == 0).double().mean().item()


def test_the_files_are_planned_by_their_content(folder):
    before = checkpoint_files.digests(folder)
    assert len(before) == 24 and "JAX/tutorial3/FashionMNIST_elu.config" in before
    path = folder / "tutorial3" / "FashionMNIST_elu.tar"
    path.touch()
    assert checkpoint_files.digests(folder) == before
    path.write_bytes(path.read_bytes() + b"\0")
    assert checkpoint_files.digests(folder) != before
    path.unlink()
    with pytest.raises(
        UserError, match=r"where .*FashionMNIST_elu.tar is no file; allowed: a folder with tut"
    ):
        checkpoint_files.digests(folder)


def shifted(content, **changes):
    content["Dense_1"] = content["Dense_1"] | changes
    return content


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: pickle.dumps(RunsCode(), protocol=3), "names posix mkdir, which could run code"),
        (lambda c: pickled(c | {"Dense_0": RunsCode()}), "names posix mkdir, which could run code"),
        (lambda c: pickle.dumps({"params": c}, protocol=4), "has the instruction .*, which could run code"),
        (lambda c: b"", "is no pickle of a flax network's params, or not all of one"),
        (lambda c: pickled(c)[:-100], "is no pickle of a flax network's params, or not all of one"),
        (lambda c: b"\x80\x03ccopy\ncopy\n.", "names copy copy, which could run code"),
        (lambda c: pickled({"Dense_0": {"kernel": 3}}), "is no pickle of a flax network's params"),
        (
            lambda c: pickled(shifted(c, bias=np.full(256, np.nan, "f4"))),
            "Dense_1.bias holds a number that is not",
        ),
        (lambda c: pickled(shifted(c, bias=np.zeros(256, "f8"))), "is no pickle of a flax network's params"),
        (
            lambda c: pickled(shifted(c, kernel=np.zeros((512, 9), "f4"))),
            r"Dense_2.weight is \[256, 256\] after",
        ),
        (lambda c: pickled(shifted(c, scale=np.zeros(2, "f4"))), "is no pickle of a flax network's params"),
    ],
)
def test_a_pickle_runs_nothing_and_a_bad_one_is_one_sentence(folder, monkeypatch, change, words):
    monkeypatch.chdir(folder)
    path = folder / checkpoint_files.FOLDERS[ref.UVA_JAX] / "FashionMNIST_tanh.tar"
    path.write_bytes(change(params(mlp.MLP(SIZES, "tanh"))))
    with pytest.raises(UserError, match=words) as caught:
        checkpoints.load(folder, ref.UVA_JAX, "tanh")
    text = str(caught.value)
    assert text.startswith(str(path)) and "\n" not in text and text.endswith(".")
    assert not (folder / "evil").exists()


def test_other_networks_are_refused(folder):
    path = folder / "tutorial3" / "FashionMNIST_tanh.tar"
    describe(path, "relu")
    with pytest.raises(
        UserError, match=r"tanh.config describes relu, 512, 256, 256, 128, 10; allowed: tanh, 512"
    ):
        checkpoints.load(folder, ref.UVA_PYTORCH, "tanh")
    path.with_suffix(".config").write_text("[]")
    with pytest.raises(UserError, match=r"tanh.config does not describe a network"):
        checkpoints.load(folder, ref.UVA_PYTORCH, "tanh")
    describe(path, "tanh")
    torch.save(mlp.MLP((784, 9, 10), "tanh").state_dict(), path)
    with pytest.raises(UserError, match=r"has the sizes \[784, 9, 10\]; allowed: \[784, 512, 256"):
        checkpoints.load(folder, ref.UVA_PYTORCH, "tanh")


def test_what_is_skipped_is_said():
    assert "no folder of them is named: --config verify_checkpoints=folder." in outcome.skipped({})
    assert outcome.skipped({"checkpoints": {"a": "0"}}) == ""
    assert outcome.summary([], "page", outcome.skipped({})).splitlines()[0].startswith("The twelve published")


def test_the_published_checkpoints_themselves(data_dir, tmp_path):
    """Where a copy of phlippe/saved_models lies beside the images, all twenty numbers agree."""
    copied = data_dir / "saved_models"
    if not copied.is_dir():
        pytest.skip("there is no saved_models in ACTBENCH_DATA_DIR")
    from actbench.data import acquire

    rows = checks.trained_checkpoints(acquire.dataset("fashion_mnist", data_dir), copied)
    assert [row.verdict for row in rows] == ["agrees"] * 20
