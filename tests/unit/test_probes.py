import pyarrow as pa
import pytest
import torch
from actbench import datasets, files, networks, parquet, probes, seeds, training

SCHEMA = pa.schema(
    [
        *parquet.KEYS,
        ("checkpoint", pa.string()),
        ("layer", pa.int16()),
        ("bias", pa.float64()),
        ("n", pa.int32()),
    ]
)


@pytest.fixture
def block(tmp_path, spec):
    """Seed 0 came through, seed 1 diverged."""
    datasets.prepare("digits", "nowhere", tmp_path / "digits.safetensors")
    params = {
        "activation": spec("relu"),
        "evaluation": {"folds": None, "validation": 250, "split_seed": 42},
        "normalisation": "symmetric",
    }
    files.write_json({"params": params, "sizes": [64, 8, 10]}, tmp_path / "config.json")
    rows, states = [], {}
    for seed, status in enumerate(["ok", "diverged"]):
        network = networks.build([64, 8, 10], spec("relu"), seeds.generator(seed, "weights"))
        network.linears[0].bias.data.fill_(7)
        states[seed, 0] = network.state_dict()
        keys = {"activation": "relu", "depth": 1, "seed": seed, "fold": 0, "status": status, "trained": False}
        rows.append(keys | {"n_parameters": 1, "epochs_run": 1, "best_epoch": None})
        rows[-1] |= dict.fromkeys(training.RUNS.names[-6:])
    networks.save(states, tmp_path / "model.safetensors")
    parquet.write(parquet.table(rows, training.RUNS, ["seed"]), tmp_path / "runs.parquet")
    return tmp_path


def test_every_fold_is_measured_on_its_own_training_images(block):
    params = files.read_json(block / "config.json")
    params["params"]["evaluation"] = {"folds": 2, "validation": 0, "split_seed": 42}
    files.write_json(params, block / "config.json")
    runs = parquet.read(block / "runs.parquet").to_pylist()
    parquet.write(
        parquet.table([runs[0], runs[0] | {"fold": 1}], training.RUNS, ["fold"]), block / "runs.parquet"
    )
    state = networks.load(block, 0).state_dict()
    copied = {name: tensor.clone() for name, tensor in state.items()}
    networks.save({(0, 0): state, (0, 1): copied}, block / "model.safetensors")
    sums = {}

    def measure(network, data):
        return [{"layer": 0, "bias": data.train.x.sum().item(), "n": len(data.train.y)}]

    probes.run(block, block / "digits.safetensors", 1, SCHEMA, measure, block / "out.parquet")
    torch.set_deterministic_debug_mode("default")
    for row in parquet.read(block / "out.parquet").to_pylist():
        sums.setdefault(row["fold"], set()).add(row["bias"])
        assert row["n"] in (898, 899)
    assert [len(sums[fold]) for fold in (0, 1)] == [1, 1] and sums[0] != sums[1]


def test_both_checkpoints_of_good_runs_and_the_first_of_diverged_ones(block):
    def measure(network, data):
        return [{"layer": 0, "bias": network.linears[0].bias[0].item(), "n": len(data.train.y)}]

    probes.run(
        block, block / "digits.safetensors", torch.get_num_threads(), SCHEMA, measure, block / "out.parquet"
    )
    torch.set_deterministic_debug_mode("default")
    rows = parquet.read(block / "out.parquet").to_pylist()
    assert [(row["seed"], row["checkpoint"]) for row in rows] == [(0, "init"), (0, "trained"), (1, "init")]
    assert rows[1]["bias"] == 7 and rows[0]["bias"] != 7
    assert {row["n"] for row in rows} == {1247}
