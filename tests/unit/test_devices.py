import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from actbench import devices
from actbench.errors import UserError


@pytest.fixture
def gpus(monkeypatch, tmp_path):
    """Pretend to have so many GPUs, through an nvidia-smi of our own."""

    def have(n):
        script = tmp_path / "nvidia-smi"
        lines = "\n".join(f"echo 'GPU {i}: NVIDIA H100 (UUID: GPU-{i})'" for i in range(n))
        script.write_text(f"#!/bin/sh\n{lines}\n")
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    return have


def test_auto_is_cuda_where_there_is_a_gpu(gpus):
    gpus(2)
    assert devices.visible() == ["GPU-0", "GPU-1"]
    assert devices.resolve("auto") == "cuda" and devices.resolve("cpu") == "cpu"


def test_auto_is_cpu_elsewhere(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert devices.visible() == [] and devices.resolve("auto") == "cpu"
    assert devices.resolve("cuda") == "cuda"


@pytest.mark.parametrize(
    ("named", "expected"),
    [("", []), ("-1", []), ("3", ["GPU-3"]), ("2, 0", ["GPU-2", "GPU-0"]), ("MIG-a,9", ["MIG-a", "9"])],
)
def test_cuda_visible_devices_is_obeyed(gpus, monkeypatch, named, expected):
    gpus(4)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert devices.visible() == expected


def test_two_jobs_of_a_cluster_use_two_gpus_at_once_though_each_calls_its_own_the_first(
    gpus, monkeypatch, tmp_path
):
    gpus(2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with devices.claimed("cuda", tmp_path) as first:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
        with devices.claimed("cuda", tmp_path) as second:
            assert first == second == "cuda:0"  # of the one GPU that either sees
    assert {path.name for path in tmp_path.glob("*/*.lock")} == {"GPU-0.lock", "GPU-1.lock"}


def test_each_job_gets_a_gpu_of_its_own(gpus, tmp_path):
    gpus(2)
    with devices.claimed("cuda", tmp_path) as first, devices.claimed("cuda", tmp_path) as second:
        assert {first, second} == {"cuda:0", "cuda:1"}
    with devices.claimed("cuda", tmp_path) as again:
        assert again == "cuda:0"


def test_a_job_waits_for_a_gpu_and_gets_one_from_a_killed_job(gpus, tmp_path):
    gpus(1)
    root = Path(__file__).parents[2] / "workflow" / "scripts"
    code = (
        "import sys, time; from actbench import devices\n"
        f"with devices.claimed('cuda', {str(tmp_path)!r}): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline().strip() == "held"
    started = time.monotonic()
    subprocess.Popen(["sh", "-c", f"sleep 0.5; kill -9 {holder.pid}"])
    with devices.claimed("cuda", tmp_path, poll_seconds=0.05) as device:
        assert device == "cuda:0" and time.monotonic() - started > 0.4
    holder.wait()
    holder.stdout.close()


def test_cuda_without_a_gpu_is_one_sentence(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(UserError, match="no GPU"), devices.claimed("cuda"):
        pass


def test_cpu_needs_no_lock(tmp_path):
    with devices.claimed("cpu", tmp_path / "missing") as device:
        assert device == "cpu"


def planted_file(folder, target):
    folder.mkdir(mode=0o700)
    (folder / "GPU-0.lock").symlink_to(target)


def planted_folder(folder, target):
    folder.symlink_to(target.parent)


def open_to_all(folder, target):
    folder.mkdir()
    folder.chmod(0o777)


def a_file(folder, target):
    folder.write_text("in the way")


@pytest.mark.fault(
    "planted links and folders",
    "in the place of a GPU's lock or of its folder: a link to another file or folder, a folder that all may write to, a file",
    "one sentence; the other file is as it was",
)
@pytest.mark.parametrize("plant", [planted_file, planted_folder, open_to_all, a_file])
def test_locks_are_nobody_elses(gpus, tmp_path, plant):
    gpus(1)
    target = tmp_path / "elsewhere" / "GPU-0.lock"
    target.parent.mkdir()
    target.write_text("precious")
    plant(tmp_path / f"actbench-{os.getuid()}", target)
    with pytest.raises(UserError, match=f"actbench-{os.getuid()}"), devices.claimed("cuda", tmp_path):
        pass
    assert target.read_text() == "precious"


def test_a_lock_keeps_what_is_in_its_file(gpus, tmp_path):
    gpus(1)
    folder = tmp_path / f"actbench-{os.getuid()}"
    folder.mkdir(mode=0o700)
    (folder / "GPU-0.lock").write_text("here before")
    with devices.claimed("cuda", tmp_path) as device:
        assert device == "cuda:0"
    assert (folder / "GPU-0.lock").read_text() == "here before"
