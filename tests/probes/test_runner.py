import dataclasses

import pytest
import torch
from actbench.data import acquire, prepared
from actbench.errors import DamagedError, UserError
from actbench.networks import checkpoints
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.probes import runner
from actbench.probes.probe import Probe
from actbench.runtime import seeds
from actbench.storage import files, manifest, parquet
from actbench.training import scoring
from conftest import NETWORK


def write(folder, params, rows, states, of_epochs=None):
    """A block's files as training writes them."""
    checkpoints.save(states, folder / "model.safetensors", params, of_epochs)
    parquet.write(parquet.table(rows, scoring.RUNS, ["seed", "fold"]), folder / "runs.parquet")
    for name in ("history.parquet", "histograms.parquet", "cost.parquet"):
        files.write_text(name, folder / name)
    manifest.write(folder, params, [64, 8, 10], prepared.read(folder / "digits.safetensors").digest, {})


RELU = {"import": None, "name": "relu", "parameters": {}}


def run(folder, measure, activation=RELU):
    """The probe's rows, and the record that its file was written with."""
    out, data = folder / "out.parquet", folder / "digits.safetensors"
    probe = Probe(
        name="bias",
        title="Bias",
        description="a bias of the first layer",
        section={},
        columns={"bias": "float64", "n": "int32"},
        layers="hidden",
        measure=lambda network, split, section: measure(network, split),
    )
    runner.run(probe, folder, data, out, {"bins": 3}, activation, {"scripts/probe.py": "a"})
    torch.set_deterministic_debug_mode("default")
    return parquet.read(out).to_pylist(), parquet.record(out)


def first_bias(network, data):
    return [{"layer": 0, "bias": network.linears[0].bias[0].item(), "n": len(data.train.y)}]


@pytest.fixture
def block(tmp_path, spec):
    """Seed 0 came through, seed 1 diverged."""
    acquire.prepare("digits", "nowhere", tmp_path / "digits.safetensors")
    params = {
        "activation": spec("relu"),
        "network": NETWORK,
        "evaluation": {"folds": None, "validation": 250, "split_seed": 42},
        "normalisation": "symmetric",
    }
    rows, states = [], {}
    for seed, status in enumerate(["ok", "diverged"]):
        network = mlp.build(Recipe([64, 8, 10], spec("relu")), seeds.generator(seed, "weights"))
        network.linears[0].bias.data.fill_(7)
        states[seed, 0] = network.state_dict()
        keys = {
            "activation": "relu",
            "depth": 1,
            "setting": "default",
            "seed": seed,
            "fold": 0,
            "status": status,
            "learning_rate": 0.1,
            "trained": False,
        }
        rows.append(keys | {"n_parameters": 1, "epochs_run": 1, "best_epoch": None})
        rows[-1] |= dict.fromkeys(scoring.RUNS.names[-6:])
    write(tmp_path, params, rows, states)
    return tmp_path


def test_every_fold_is_measured_on_its_own_training_images(block):
    params = files.read_json(block / "config.json")["params"]
    params["evaluation"] = {"folds": 2, "validation": 0, "split_seed": 42}
    runs = parquet.read(block / "runs.parquet").to_pylist()
    state = checkpoints.load(block, 0).state_dict()
    copied = {name: tensor.clone() for name, tensor in state.items()}
    write(block, params, [runs[0], runs[0] | {"fold": 1}], {(0, 0): state, (0, 1): copied})
    sums = {}

    def measure(network, data):
        return [{"layer": 0, "bias": data.train.x.sum().item(), "n": len(data.train.y)}]

    for row in run(block, measure)[0]:
        sums.setdefault(row["fold"], set()).add(row["bias"])
        assert row["n"] in (898, 899)
    assert [len(sums[fold]) for fold in (0, 1)] == [1, 1] and sums[0] != sums[1]


def test_both_checkpoints_of_good_runs_and_the_first_of_diverged_ones(block):
    rows, _ = run(block, first_bias)
    assert [(row["seed"], row["checkpoint"]) for row in rows] == [(0, "init"), (0, "trained"), (1, "init")]
    assert rows[1]["bias"] == 7 and rows[0]["bias"] != 7
    assert {row["n"] for row in rows} == {1247}


def test_weights_of_epochs_are_measured_between_the_two(block):
    """A run that has ended before an epoch is not measured there."""
    params = files.read_json(block / "config.json")["params"] | {"probe_epochs": [1, 2, 10]}
    good, bad = parquet.read(block / "runs.parquet").to_pylist()
    states = {(seed, 0): checkpoints.load(block, seed).state_dict() for seed in (0, 1)}
    of_epochs = {}
    for seed, epoch in ((0, 1), (0, 2), (1, 1)):
        of_epochs[seed, 0, epoch] = {name: tensor + epoch for name, tensor in states[seed, 0].items()}
    write(block, params, [good | {"epochs_run": 9}, bad | {"epochs_run": 2}], states, of_epochs)
    rows, _ = run(block, first_bias)
    found = {(row["seed"], row["checkpoint"]): row["bias"] for row in rows}
    initial = {(seed, "init"): found[seed, "init"] for seed in (0, 1)}
    after = {(0, "epoch1"): 8, (0, "epoch2"): 9, (0, "trained"): 7, (1, "epoch1"): 8}
    assert len(rows) == len(found) and found == initial | after


def test_the_table_says_what_it_was_measured_on_and_how(block):
    _, record = run(block, first_bias)
    weights = files.digest(block / "model.safetensors")
    assert record["seconds"] > 0 and record["provenance"]["code"] == {"probe.py": "a"}
    assert (record["model"], record["params"]) == (weights, {"bins": 3})


def test_networks_of_another_activation_than_planned_are_not_measured(block):
    with pytest.raises(UserError, match="was trained with another activation"):
        run(block, first_bias, RELU | {"name": "tanh"})
    assert not (block / "out.parquet").exists()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "runs.parquet", "digits.safetensors"])
def test_damaged_files_are_named_and_nothing_is_written(block, name):
    path = block / name
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DamagedError, match=f"{name} is damaged"):
        run(block, first_bias)
    assert not (block / "out.parquet").exists()


def test_other_images_than_those_trained_on_are_refused(block):
    stored = prepared.read(block / "digits.safetensors")
    changed = stored.images.copy()
    changed[0, 0, 0] += 1
    prepared.write(dataclasses.replace(stored, images=changed), block / "digits.safetensors")
    with pytest.raises(
        DamagedError, match=r"config.json .*trained on other images than .*digits.safetensors"
    ):
        run(block, first_bias)


def test_operations_without_a_deterministic_form_raise(block):
    """`Tensor.put_` has none, on the CPU either."""

    def measure(network, data):
        torch.zeros(3).put_(torch.tensor([0]), torch.tensor([1.0]))

    with pytest.raises(RuntimeError, match="put_ does not have a deterministic implementation"):
        run(block, measure)
    torch.set_deterministic_debug_mode("default")
