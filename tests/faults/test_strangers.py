"""What others bring: a second Snakemake, strange targets, files that are code."""

import os
import pickle
import signal

import pytest
from actbench.data import prepared
from actbench.errors import DamagedError
from actbench.networks import checkpoints
from actbench.storage import files, manifest, parquet

TWO_SNAKEMAKES = "the second ends at once with Snakemake's sentence on its lock; the first is not disturbed"


@pytest.mark.fault(
    "two Snakemakes in one folder", "a second one is started while the first trains", TWO_SNAKEMAKES
)
def test_a_second_snakemake_refuses(tiny, tmp_path, tried):
    project = tiny.copy(tmp_path / "actbench")
    model = "results/tiny/runs/relu/d1/default/seeds0-1/model.safetensors"
    before = (project.folder / model).read_bytes()
    forced = ["--forcerun", model, "--", model]
    first = project.start(*forced)
    for line in first.stdout:
        if line.startswith("Execute"):
            break
    os.killpg(first.pid, signal.SIGSTOP)  # however long the second takes to start
    second = project.snakemake(*forced)
    os.killpg(first.pid, signal.SIGCONT)
    assert second.returncode == 1 and "Directory cannot be locked" in second.stdout + second.stderr
    assert "Traceback" not in second.stdout + second.stderr
    text, _ = first.communicate()
    assert first.returncode == 0, text
    assert (project.folder / model).read_bytes() == before
    tried(1, "as expected")


OUTSIDE = [
    "results/tiny/runs/../../../x/d1/default/seeds0-1/model.safetensors",
    "/tmp/actbench-escaped/results/data/digits.safetensors",  # noqa: S108
    "results/tiny/runs/relu/d9/default/seeds0-1/model.safetensors",
    "results/../../escaped/runs/relu/d1/default/seeds0-1/model.safetensors",
    "results/data/../../escaped.safetensors",
    "results/verification/mlp_classifier/../../../escaped.parquet",
    "results/other/runs/relu/d1/default/seeds0-1/model.safetensors",
]


@pytest.mark.fault(
    "targets outside of the study",
    "targets with `../`, absolute paths and unknown wildcards, for real and not as a dry run",
    "refused; nothing is written anywhere",
)
def test_targets_outside_of_the_study_write_nothing(tiny, tmp_path, chaos, tried):
    project = tiny.copy(tmp_path / "actbench")

    def files_now():
        return sorted(path for path in tmp_path.rglob("*") if ".snakemake" not in path.parts)

    before, targets = files_now(), OUTSIDE if chaos else OUTSIDE[:3]
    for target in targets:
        done = project.snakemake("--", target)
        assert done.returncode == 1 and "MissingRuleException" in done.stdout + done.stderr, target
        assert files_now() == before, target
    tried(len(targets), "refused")


@pytest.mark.fault(
    "a pickle in place of data",
    "weights, tables, JSON and images replaced by a pickle that leaves a mark when it is read",
    "refused; no mark",
)
def test_no_pickle_is_read(tiny, tmp_path, tried):
    class Bomb:
        def __reduce__(self):
            return (type(tmp_path).touch, (tmp_path / "mark",))

    content = pickle.dumps(Bomb())
    pickle.loads(content)  # noqa: S301, it works
    (tmp_path / "mark").unlink()
    project = tiny.copy(tmp_path / "actbench")
    folder = project.folder / "results/tiny/runs/relu/d1/default/seeds0-1"
    readers = {
        folder / "model.safetensors": lambda path: checkpoints.load(folder, seed=0),
        folder / "runs.parquet": parquet.read,
        project.folder / "results/data/digits.safetensors": prepared.read,
        folder / "config.json": files.read_json,
    }
    for path, read in readers.items():
        path.write_bytes(content)
        if path.name == "model.safetensors":
            config = files.read_json(folder / "config.json")
            manifest.write(folder, config["params"], config["sizes"], config["data"], config["provenance"])
        with pytest.raises(DamagedError):
            read(path)
    assert not (tmp_path / "mark").exists()
    tried(len(readers), "as expected")
