"""A GPU that is named or listed, and that torch cannot use."""

import json
import os

import pytest

LISTS_16 = 'i=0; while [ $i -lt 16 ]; do echo "GPU $i: NVIDIA H100 (UUID: GPU-$i)"; i=$((i + 1)); done'
NO_DRIVER = "echo 'NVIDIA-SMI has failed because it could not talk to the driver'; exit 9"
# What nvidia-smi is, CUDA_VISIBLE_DEVICES, and what the reason is.
UNUSABLE = {
    "listed": (LISTS_16, "15", "torch cannot use the GPU: "),
    "no answer": (NO_DRIVER, "15", "torch cannot use the GPU: "),
    "a part": (LISTS_16, "MIG-0", "nvidia-smi lists no GPU that CUDA_VISIBLE_DEVICES=MIG-0 names"),
    "a number": (LISTS_16, "16", "nvidia-smi lists no GPU that CUDA_VISIBLE_DEVICES=16 names"),
}
BLOCK = "results/tiny/runs/relu/d1/default/seeds0-1"
TIMES = "results/tiny/timings/activations.parquet"


@pytest.fixture
def environment(tmp_path):
    """Of a machine with this nvidia-smi."""

    def of(program, named):
        path = tmp_path / "bin" / "nvidia-smi"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{program}\n")
        path.chmod(0o755)
        return {"PATH": f"{path.parent}:{os.environ['PATH']}", "CUDA_VISIBLE_DEVICES": named}

    return of


FAULT = pytest.mark.fault(
    "a study on a GPU that is none",
    "an nvidia-smi that lists GPUs, or gives no answer, and CUDA_VISIBLE_DEVICES with a number or name that torch cannot "
    "use; `device: auto` and `cuda`",
    "`auto`: a line says why, once, and networks and records are those of the CPU; `cuda`: one sentence, nothing runs",
)


@FAULT
@pytest.mark.parametrize("name", UNUSABLE)
def test_auto_ends_at_the_cpu(tiny, tmp_path, chaos, environment, name):
    if not chaos and name != "listed":
        pytest.skip("only with --chaos")
    program, named, reason = UNUSABLE[name]
    project = tiny.fresh(tmp_path / "actbench")
    done = project.snakemake("--", f"{BLOCK}/runs.parquet", TIMES, **environment(program, named))
    assert done.returncode == 0, done.stdout
    said = [line for line in done.stdout.splitlines() if "device:" in line]
    assert len(said) == 1 and said[0].startswith(f"device: auto takes the CPU, since {reason}"), done.stdout
    for log in ("train/relu-d1-default-seeds0-1", "time_activations"):
        assert said[0] in (project.folder / f"results/tiny/logs/{log}.log").read_text()
    weights = f"{BLOCK}/model.safetensors"
    assert (project.folder / weights).read_bytes() == (tiny.folder / weights).read_bytes()
    described = json.loads((project.folder / BLOCK / "config.json").read_text())["provenance"]
    assert described["device"].endswith(" cores")


@FAULT
@pytest.mark.parametrize("name", UNUSABLE)
def test_cuda_ends_in_a_sentence_before_anything_runs(tiny, tmp_path, chaos, environment, name):
    if not chaos and name != "no answer":
        pytest.skip("only with --chaos")
    program, named, reason = UNUSABLE[name]
    project = tiny.fresh(tmp_path / "actbench")
    done = project.snakemake("--config", "device=cuda", **environment(program, named))
    assert done.returncode == 1 and "Traceback" not in done.stdout, done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith(f"Error: device is 'cuda', but {reason}"), done.stdout
    assert last.endswith("; allowed here: cpu, auto.")
    assert not list(project.folder.glob("results/*"))
