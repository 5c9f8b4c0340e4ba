"""Where nothing can be written: one sentence that names the file, and the old file as it was."""

import os
import resource
import subprocess
import sys

import pytest

NOBODY = 65534


def one_sentence(done, *words) -> None:
    text = done.stdout + done.stderr
    assert done.returncode == 1
    lines = [line for line in text.splitlines() if all(word in line for word in words)]
    assert lines, text
    assert "Traceback" not in text, text


@pytest.mark.fault(
    "disk full in the middle of a file",
    "a limit on the size of files (`RLIMIT_FSIZE`, 20 kB) for the whole run: the prepared images do not fit",
    "a sentence that names the file; nothing has its name",
)
def test_no_room_for_a_file(tiny, tmp_path, tried):
    project = tiny.fresh(tmp_path / "actbench")
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # noqa: E731
    running = project.start("--", "results/data/digits.safetensors", preexec_fn=limit)
    text, _ = running.communicate()
    done = subprocess.CompletedProcess([], running.returncode, text, "")
    one_sentence(done, "Error: results/data/digits.safetensors cannot be written: File too large.")
    assert not list(project.folder.glob("results/data/*safetensors*"))
    tried(1, "as expected")


@pytest.mark.fault(
    "disk full",
    "`results/` on a file system of 300 kB (needs the right to mount)",
    "a sentence that names the file; with room again, the usual command ends with the same bytes",
)
def test_a_small_file_system(tiny, tmp_path, only_chaos, tried):
    from test_kills import assert_undisturbed

    project = tiny.fresh(tmp_path / "actbench")
    results = project.folder / "results"
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(results)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no right to mount")
    try:
        done = project.snakemake()
        one_sentence(done, "Error: results/", "cannot be written: No space left on device.")
        subprocess.run(["mount", "-o", "remount,size=100m", str(results)], check=True)
        done = project.snakemake()
        assert done.returncode == 0, done.stdout + done.stderr
        assert_undisturbed(project, tiny)
    finally:
        subprocess.run(["umount", "--lazy", str(results)], check=True)
    tried(1, "as expected, same bytes")


WRITE = """
import os, sys
from actbench.storage import files
if os.getuid() == 0:
    os.setegid({nobody}); os.seteuid({nobody})
files.write_text("new", sys.argv[1])
"""


@pytest.mark.fault(
    "folder that may not be written to",
    "a folder without write permission, as a user who is not root",
    "a sentence that names the file; the old file is as it was",
)
def test_a_folder_without_permission(tmp_path, tried):
    from actbench.storage import files

    # Not below tmp_path, whose parents only its owner may enter.
    folder = files.Path(f"/tmp/actbench-{os.getpid()}")  # noqa: S108
    folder.mkdir()
    try:
        path = folder / "table.parquet"
        path.write_text("old")
        folder.chmod(0o555)
        code = WRITE.format(nobody=NOBODY)
        environment = os.environ | {"PYTHONPATH": str(files.Path(files.__file__).parents[2])}
        command = [sys.executable, "-B", "-c", code, str(path)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert f"UserError: {path} cannot be written: Permission denied. What was there before" in done.stderr
        assert path.read_text() == "old" and len(list(folder.iterdir())) == 1
    finally:
        folder.chmod(0o755)
        for left in folder.iterdir():
            left.unlink()
        folder.rmdir()
    tried(1, "as expected")


@pytest.mark.fault(
    "read-only file system",
    "`results/` mounted read-only, before a first run and over a finished study (needs the right to mount)",
    "a sentence that names the file; the old files are as they were",
)
def test_a_read_only_file_system(tiny, tmp_path, only_chaos, tried):
    finished, new = tiny.copy(tmp_path / "finished"), tiny.fresh(tmp_path / "new")
    mounted = [str(project.folder / "results") for project in (finished, new)]
    if subprocess.run(["mount", "--bind", mounted[0], mounted[0]], capture_output=True).returncode:
        pytest.skip("no right to mount")
    subprocess.run(["mount", "--bind", mounted[1], mounted[1]], check=True)
    try:
        for results in mounted:
            subprocess.run(["mount", "-o", "remount,bind,ro", results], check=True)
        one_sentence(new.snakemake(), "Error: results/", "cannot be written: Read-only file system.")
        forced = finished.snakemake("--forcerun", "probe_gradients")
        one_sentence(forced, "Write-protected output files for rule probe_gradients")
        assert finished.tables() == tiny.tables()
    finally:
        for results in mounted:
            subprocess.run(["umount", "--lazy", results], check=True)
    tried(2, "as expected")
