"""Corrupt inputs and wrong runs: each is an error that names the file, and nothing is built from it."""

import json
import shutil

import pytest
import safetensors.torch
import torch
from actbench.storage import files

RUNS = "results/tiny/runs"


def cut(content: bytes) -> bytes:
    return content[:-1]


def cut_text(content: bytes) -> bytes:
    return content[:-2]  # the last byte is a line end


def flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def empty(content: bytes) -> bytes:
    return b""


def error_page(content: bytes) -> bytes:
    return b"<!doctype html><title>502 Bad Gateway</title>"


def weights_of_nan(content: bytes) -> bytes:
    tensors = safetensors.torch.load(content)
    name = next(iter(tensors))
    tensors[name] = torch.full_like(tensors[name], float("nan"))
    return safetensors.torch.save(tensors)


def vouched(config: dict) -> bytes:
    """As a faulty program would write it, with the right checksum."""
    config.pop("sha256")
    return files._sealed(config).encode()


def other_sizes(content: bytes) -> bytes:
    return vouched(json.loads(content) | {"sizes": [64, 17, 10]})


def other_params(content: bytes) -> bytes:
    config = json.loads(content)
    config["params"]["training"]["learning_rate"] = 0.5
    return vouched(config)


HARMS = {
    "probe_gradients": [
        ("relu/d1", "model.safetensors", flip, "model.safetensors is damaged"),
        ("relu/d2", "config.json", other_sizes, "model.safetensors is damaged (the weights of"),
        ("tanh/d1", "runs.parquet", cut, "runs.parquet is damaged"),
        ("tanh/d2", "config.json", other_params, "trained with other params than config.json says"),
    ],
    "probe_dead_neurons": [
        ("relu/d1", "model.safetensors", weights_of_nan, "model.safetensors is damaged"),
        ("relu/d2", "config.json", cut_text, "config.json is damaged"),
        ("tanh/d1", "model.safetensors", empty, "model.safetensors is damaged"),
        ("tanh/d2", "config.json", error_page, "config.json is damaged"),
    ],
    "aggregate": [
        ("relu/d1", "gradients.parquet", cut, "relu/d1/default/seeds0-1/gradients.parquet is damaged"),
        (
            "relu/d2",
            "dead_neurons.parquet",
            empty,
            "relu/d2/default/seeds0-1/dead_neurons.parquet is damaged",
        ),
        ("tanh/d1", "history.parquet", flip, "tanh/d1/default/seeds0-1/history.parquet is damaged"),
        ("tanh/d2", "config.json", other_params, "config.json was trained with training.learning_rate 0.5"),
    ],
}


@pytest.mark.fault(
    "corrupt results",
    "weights, tables and config.json of a finished study cut by a byte, emptied, a bit flipped, replaced by an "
    "error page, by NaN weights, by other sizes or params; one damage a block, then the stage that reads it",
    "an error that names each file; nothing downstream is built",
)
@pytest.mark.parametrize("stage", HARMS)
def test_damaged_results(tiny, tmp_path, chaos, tried, stage):
    if not chaos and stage == "probe_dead_neurons":
        pytest.skip("only with --chaos")
    project = tiny.copy(tmp_path / "actbench")
    for block, name, harm, _ in HARMS[stage]:
        path = project.folder / RUNS / block / "default" / "seeds0-1" / name
        path.write_bytes(harm(path.read_bytes()))
    # By hand, since Snakemake itself would train again what has changed.
    done = project.snakemake("--keep-going", "--allowed-rules", stage, "--forcerun", stage, "--", "aggregate")
    text = done.stdout + done.stderr
    assert done.returncode == 1 and "Traceback" not in text, text
    for _, _, _, words in HARMS[stage]:
        assert words in text, text
    outputs = f"{RUNS}/*/*/*/{stage.removeprefix('probe_')}.parquet"
    assert not list(project.folder.glob(outputs if stage != "aggregate" else "results/tiny/tables/*"))
    tried(len(HARMS[stage]), "each is named; nothing was built")


@pytest.mark.fault(
    "corrupt prepared images",
    "a bit of `results/data/digits.safetensors` flipped; then training",
    "an error that names the file; no network is trained",
)
def test_damaged_images(tiny, tmp_path, tried):
    project = tiny.copy(tmp_path / "actbench")
    shutil.rmtree(project.folder / "results" / "tiny")
    path = project.folder / "results" / "data" / "digits.safetensors"
    path.write_bytes(flip(path.read_bytes()))
    done = project.snakemake(
        "--allowed-rules", "train", "--", f"{RUNS}/relu/d1/default/seeds0-1/model.safetensors"
    )
    text = done.stdout + done.stderr
    assert done.returncode == 1 and "Traceback" not in text, text
    assert "Error: results/data/digits.safetensors is damaged (its images or labels are not those" in text
    assert not list(project.folder.glob(f"{RUNS}/**/*.parquet"))
    tried(1, "as expected")


def swap(project, first, second) -> None:
    one, other = project.folder / RUNS / first, project.folder / RUNS / second
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


@pytest.mark.fault(
    "files of another run",
    "a table of two blocks swapped, and of two others all files",
    "aggregation refuses with the list",
)
def test_swapped_files(tiny, tmp_path, tried):
    project = tiny.copy(tmp_path / "actbench")
    swap(project, "relu/d1/default/seeds0-1/gradients.parquet", "tanh/d1/default/seeds0-1/gradients.parquet")
    for name in ("runs", "history", "histograms", "cost", "gradients", "distributions", "dead_neurons"):
        swap(project, f"relu/d2/default/seeds0-1/{name}.parquet", f"tanh/d2/default/seeds0-1/{name}.parquet")
    for name in ("config.json", "model.safetensors"):
        swap(project, f"relu/d2/default/seeds0-1/{name}", f"tanh/d2/default/seeds0-1/{name}")
    done = project.snakemake("--allowed-rules", "aggregate", "--forcerun", "aggregate", "--", "aggregate")
    text = done.stdout + done.stderr
    assert done.returncode == 1 and "Traceback" not in text
    for words in (
        "relu/d1/default/seeds0-1/gradients.parquet was measured on other weights",
        "relu/d1/default/seeds0-1/gradients.parquet has the unplanned row (tanh, 1, default, 0",
        "relu/d2/default/seeds0-1/config.json was trained with activation.name 'tanh' instead of 'relu'",
        "relu/d2/default/seeds0-1/runs.parquet lacks row (relu, 2, default, 0, 0)",
    ):
        assert words in text, text
    assert not list(project.folder.glob("results/tiny/tables/*"))
    tried(2, "all are named; no table was written")


@pytest.mark.fault(
    "results copied without `.snakemake`",
    "a finished study without Snakemake's records; then the same config, another learning rate, a forced "
    "aggregation",
    "the same config: nothing to do; another: refused in a sentence; forced: the list of what does not fit",
)
def test_results_without_records(tiny, tmp_path, tried):
    project = tiny.copy(tmp_path / "actbench")
    shutil.rmtree(project.folder / ".snakemake")
    assert not project.planned()
    other = ["--config", "training={learning_rate: 0.3}"]
    refused = project.snakemake("--dry-run", *other)
    words = "results/tiny/provenance.json was made with training.learning_rate 0.05 instead of 0.3"
    assert refused.returncode == 1 and words in refused.stdout
    with project.edited("workflow/scripts/actbench/analysis/statistics.py"):
        refused = project.snakemake("--dry-run")
    words = "was made by another version of actbench/analysis/statistics.py"
    assert refused.returncode == 1 and words in refused.stdout
    done = project.snakemake("--forcerun", "aggregate", *other)
    text = done.stdout + done.stderr
    assert (
        done.returncode == 1
        and text.count("was trained with training.learning_rate 0.05 instead of 0.3") == 4
    )
    tried(4, "as expected")


@pytest.mark.fault(
    "folders of an earlier config",
    "a study made smaller: its folders hold runs that are no longer planned, one of them damaged",
    "they are ignored",
)
def test_folders_of_earlier_configs(tiny, tmp_path, tried):
    project = tiny.copy(tmp_path / "actbench")
    (project.folder / RUNS / "tanh/d1/default/seeds0-1/runs.parquet").write_bytes(b"")
    done = project.snakemake("--config", "activations=[relu]", "--", "aggregate")
    assert done.returncode == 0, done.stdout + done.stderr
    table = (project.folder / "results/tiny/tables/runs.csv").read_text()
    assert table.count("relu") == 4 and "tanh" not in table
    tried(1, "as expected")
