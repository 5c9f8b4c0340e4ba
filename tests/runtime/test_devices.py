import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from actbench.errors import UserError
from actbench.runtime import devices


@pytest.fixture
def smi(monkeypatch, tmp_path):
    """Put an nvidia-smi of our own on the path: a shell script."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def put(text):
        script = tmp_path / "nvidia-smi"
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    return put


@pytest.fixture
def gpus(smi, monkeypatch):
    """Pretend to have so many GPUs, and a torch that can use them."""

    def have(n):
        smi("\n".join(f"echo 'GPU {i}: NVIDIA H100 (UUID: GPU-{i})'" for i in range(n)))
        monkeypatch.setattr(devices, "_refusal", lambda number: None)

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
    [
        ("", []),
        ("-1", []),
        ("3", ["GPU-3"]),
        ("2, 0", ["GPU-2", "GPU-0"]),
        ("GPU-3,GPU-1", ["GPU-3", "GPU-1"]),
        ("GPU", []),  # of which one?
        ("9", []),
        ("GPU-8932f937", []),
        ("MIG-a", []),
        ("1,9,0", ["GPU-1"]),  # as CUDA has it: nothing after a name that is no GPU's
        ("1,-1,0", ["GPU-1"]),
    ],
)
def test_cuda_visible_devices_is_obeyed(gpus, monkeypatch, named, expected):
    gpus(4)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert devices.visible() == expected


def test_a_part_of_a_gpu_is_named_by_its_uuid(smi, monkeypatch):
    smi(
        "echo 'GPU 0: NVIDIA H100 (UUID: GPU-5d5ba0d6)'\n"
        "echo '  MIG 1g.10gb     Device  0: (UUID: MIG-c6d4f1ef)'\n"
        "echo '  MIG 1g.10gb     Device  1: (UUID: MIG-cba663e8)'"
    )
    assert devices.visible() == ["GPU-5d5ba0d6"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-cb")
    assert devices.visible() == ["MIG-cba663e8"]


@pytest.mark.parametrize("named", ["0", "GPU-1,MIG-a"])
def test_names_stand_where_nvidia_smi_gives_no_answer(smi, monkeypatch, named):
    smi("echo 'NVIDIA-SMI has failed'; exit 9")
    assert devices.visible() == []
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert devices.visible() == named.split(",") and devices.resolve("auto") == "cuda"


def raising(error):
    def ones(*size, device):
        raise error

    return ones


# What torch says, where it does.
UNUSABLE = {
    "no driver": (
        RuntimeError("Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU"),
        "torch cannot use the GPU: Found no NVIDIA driver on your system",
    ),
    "a driver too old": (
        RuntimeError("The NVIDIA driver on your system is too old (found version 11040). Please update"),
        "torch cannot use the GPU: The NVIDIA driver on your system is too old (found version 11040)",
    ),
    "torch without CUDA": (
        AssertionError("Torch not compiled with CUDA enabled"),
        "torch cannot use the GPU: Torch not compiled with CUDA enabled",
    ),
    "compute capability": (
        RuntimeError(
            "CUDA error: no kernel image is available for execution on the device\nCUDA kernel errors"
        ),
        "torch cannot use the GPU: CUDA error: no kernel image is available for execution on the device",
    ),
    "memory": (
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB. GPU 0 has a total"),
        "torch cannot use the GPU: CUDA out of memory",
    ),
    "no words": (RuntimeError(), "torch cannot use the GPU: RuntimeError"),
}


@pytest.mark.fault(
    "a GPU that torch cannot use",
    "an nvidia-smi that lists one, and a torch that raises what it raises without a driver, with one too old, without CUDA, "
    "without kernels for the GPU, without memory (pretended)",
    "`auto`: the CPU, and a line that says why; `cuda`: one sentence",
)
@pytest.mark.parametrize(("error", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_auto_ends_at_the_cpu_and_cuda_in_a_sentence(
    smi, monkeypatch, tmp_path, capsys, caplog, error, reason
):
    smi("echo 'GPU 0: NVIDIA H100 (UUID: GPU-0)'")
    monkeypatch.setattr(torch, "ones", raising(error))
    assert devices.trouble(tmp_path) == reason
    with devices.claimed("auto", tmp_path) as device:
        assert device == "cpu"
        # The lock is free again.
        assert devices.trouble(tmp_path) == reason
    said = f"device: auto takes the CPU, since {reason}."
    assert capsys.readouterr().err == said + "\n" and caplog.messages == [said]
    with pytest.raises(UserError) as found, devices.claimed("cuda", tmp_path):
        pass
    assert str(found.value) == f"device is 'cuda', but {reason}; allowed here: cpu, auto."


def test_one_usable_gpu_is_enough(gpus, monkeypatch, tmp_path):
    gpus(2)
    monkeypatch.setattr(devices, "_refusal", lambda number: None if number else "no kernel image")
    assert devices.trouble(tmp_path) is None


def test_a_gpu_that_a_job_of_ours_holds_counts_as_usable(gpus, monkeypatch, tmp_path):
    gpus(1)
    with devices.claimed("cuda", tmp_path):
        monkeypatch.setattr(devices, "_refusal", lambda number: "busy")
        assert devices.trouble(tmp_path) is None
    assert devices.trouble(tmp_path) == "busy"


def test_a_job_logs_why_the_study_takes_the_cpu(monkeypatch, caplog):
    monkeypatch.setenv(devices.REASON, "the driver is too old")
    caplog.set_level(logging.INFO)
    with devices.claimed("cpu") as device:
        assert device == "cpu"
    assert caplog.messages == ["device: auto takes the CPU, since the driver is too old."]


def test_memory_that_runs_out_while_training_is_one_sentence(gpus, tmp_path):
    gpus(1)
    with pytest.raises(UserError, match=r"memory ran out .*2.00 GiB.* seeds_per_job"):  # noqa: SIM117
        with devices.claimed("auto", tmp_path):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nMore")


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


def test_a_job_waits_for_a_gpu_and_gets_one_from_a_killed_job(gpus, monkeypatch, tmp_path):
    gpus(1)
    root = Path(__file__).parents[2] / "workflow" / "scripts"
    code = (
        "import sys, time; from actbench.runtime import devices; devices._refusal = lambda number: None\n"
        f"with devices.claimed('cuda', {str(tmp_path)!r}): print('held', flush=True); time.sleep(3600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline().strip() == "held"
    waited = []

    def kill_on_the_second_wait(seconds):
        waited.append(seconds)
        if len(waited) == 2:
            holder.kill()
            holder.wait()

    monkeypatch.setattr(devices, "time", SimpleNamespace(sleep=kill_on_the_second_wait))
    with devices.claimed("cuda", tmp_path, poll_seconds=0.05) as device:
        assert device == "cuda:0" and waited == [0.05, 0.05]
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


@pytest.mark.fault(
    "no room for a GPU's lock",
    "a temporary folder of a file system that is full (needs the right to mount), that is none, or that cannot be found",
    "one sentence that names the folder or the lock",
)
@pytest.mark.parametrize(("files", "named"), [(1, "the folder for the locks"), (2, "the lock of a GPU")])
@pytest.mark.parametrize(
    "asked", [devices.trouble, lambda folder: devices.claimed("cuda", folder).__enter__()]
)
def test_a_full_file_system_for_locks_is_named(gpus, tmp_path, files, named, asked):
    gpus(1)
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"nr_inodes={files}", "none", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no right to mount")
    try:
        with pytest.raises(UserError) as error:
            asked(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
    text = str(error.value)
    assert text.startswith(f"{folder}/actbench-") and named in text
    assert "No space left on device" in text and text.endswith("set TMPDIR to another folder.")


@pytest.mark.fault(
    "no room for a GPU's lock",
    "a temporary folder of a file system that is full (needs the right to mount), that is none, or that cannot be found",
    "one sentence that names the folder or the lock",
)
@pytest.mark.parametrize("tempdir", ["/dev/full", "/proc/nowhere", None])
def test_no_folder_for_locks_is_one_sentence(gpus, monkeypatch, tempdir):
    gpus(1)
    monkeypatch.setattr(tempfile, "tempdir", tempdir)
    if tempdir is None:  # neither the usual ones nor the working directory
        monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/proc/nowhere"])
    with pytest.raises(UserError, match=r"actbench-\d+, the folder for the locks .*set TMPDIR"):
        devices.trouble()


def test_a_lock_keeps_what_is_in_its_file(gpus, tmp_path):
    gpus(1)
    folder = tmp_path / f"actbench-{os.getuid()}"
    folder.mkdir(mode=0o700)
    (folder / "GPU-0.lock").write_text("here before")
    with devices.claimed("cuda", tmp_path) as device:
        assert device == "cuda:0"
    assert (folder / "GPU-0.lock").read_text() == "here before"
