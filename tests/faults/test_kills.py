"""Killed anywhere: nothing half-written passes for finished, and what comes after is the same byte for byte."""

import collections
import os
import random
import re
import shutil
import signal
import subprocess
import time

import psutil
import pytest
from actbench.runtime import fork_server
from conftest import wait_for_end

INTERRUPTER = """
import os
import signal
import sys

script, number = os.environ["INTERRUPT"].split(":")
if sys.orig_argv[-1].endswith(f".{script}.py"):
    left, flush = int(number), os.fsync

    def die_half_way(descriptor):
        global left
        left -= 1
        if left == 0:
            path = os.readlink(f"/proc/self/fd/{descriptor}")
            os.truncate(path, os.path.getsize(path) // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        flush(descriptor)

    os.fsync = die_half_way
"""


def jobs_of(snakemake) -> list[psutil.Process]:
    """The scripts that run now below a Snakemake."""
    try:
        children = psutil.Process(snakemake.pid).children(recursive=True)
        return [child for child in children if stage(child)]
    except psutil.NoSuchProcess:
        return []


def stage(process: psutil.Process) -> str | None:
    try:
        found = re.search(r"\.snakemake/scripts/\w+\.(\w+)\.py$", process.cmdline()[-1])
    except (psutil.Error, IndexError):
        return None
    return found and found[1]


def recover(project) -> None:
    """What the README says: unlock, then the usual command."""
    unlocked = project.snakemake("--unlock")
    assert unlocked.returncode == 0, unlocked.stderr


def assert_undisturbed(project, tiny) -> None:
    assert project.tables() == tiny.tables()
    assert not list(project.folder.glob("re*/**/.*.tmp"))


def interrupted(project, send, delay, *arguments, **options) -> tuple[bool, list[str]]:
    """Run, send a signal after a while; whether it was still running, and what ran at that moment."""
    running = project.start(*arguments, **options)
    try:
        running.communicate(timeout=delay)
    except subprocess.TimeoutExpired:
        jobs = jobs_of(running)
        names = [name for name in map(stage, jobs) if name]
        send(running)
        text, _ = running.communicate()
        wait_for_end(jobs)
        assert not re.search(r'File ".*/workflow/scripts/', text), text
        return True, names
    assert running.returncode == 0
    return False, []


def again_and_again(tiny, folder, wanted, send, shortest, longest, recovery, changed=(), last=(), **options):
    """Interrupt the study at random moments until it is through, and so on until `wanted` times.

    `changed` is part of every command and must not change a number, `last` of the one that is not interrupted.
    Returns what was met how often.
    """
    moments = random.Random(4)  # noqa: S311, which moments they are is no secret
    hit = collections.Counter()
    for study in range(wanted):
        project = tiny.fresh(folder / str(study))
        while sum(hit.values()) < wanted:
            keep = ["--keep-incomplete"] if moments.random() < 0.5 else []
            delay = moments.uniform(shortest, longest)
            alive, names = interrupted(project, send, delay, *keep, *changed, **options)
            if not alive:
                break
            hit[" + ".join(sorted(names)) or "between jobs"] += 1
            recovery(project)
        through = project.start(*changed, *last, **options)
        text, _ = through.communicate()
        assert through.returncode == 0, text
        assert_undisturbed(project, tiny)
        if sum(hit.values()) >= wanted:
            return hit
    raise AssertionError("the study was always through before it was interrupted")


def another_environment(folder) -> dict:
    """Options of `Project.start` that must not change a number; HOME moves matplotlib's and Snakemake's caches."""
    home = folder / "home"
    home.mkdir()
    environment = {
        "TZ": "Pacific/Chatham",
        "LANG": "C",
        "LC_ALL": "C",
        "HOME": str(home),
        "PYTHONHASHSEED": "123",
    }
    changed = ["--config", "seeds=[1,0]", "seeds_per_job=1"]
    return {"changed": changed, "last": ["--", "aggregate"], "cores": 4, "environment": environment}


def spread(hit: collections.Counter) -> str:
    """How many of the kills met which stage."""
    met = collections.Counter(name for names in hit.elements() for name in set(names.split(" + ")))
    return ", ".join(f"{name} {n}" for name, n in met.most_common())


@pytest.mark.fault(
    "SIGKILL of Snakemake",
    "`kill -9` at random moments over a whole tiny study, half of them with `--keep-incomplete`; then "
    "`--unlock` and the usual command",
    "its jobs end with it; the tables are those of an undisturbed run, byte for byte",
)
def test_snakemake_is_killed(tiny, tmp_path, chaos, tried):
    """In its short form in another environment, too, which test_same_numbers tries alone."""
    wanted, options = (24, {}) if chaos else (1, another_environment(tmp_path))
    hit = again_and_again(tiny, tmp_path, wanted, lambda running: running.kill(), 3, 11, recover, **options)
    tried(wanted, f"same bytes; met {spread(hit)}")


WAIT_FOR_AN_ORPHAN = """
import os
import sys
import time

if sys.orig_argv[-1].endswith(".time_activations.py"):
    parent = os.getppid()
    open(os.environ["STARTED"], "w").close()
    while os.getppid() == parent:
        time.sleep(0.01)
"""
TIMES = "results/tiny/timings/activations.parquet"


def processes_in(folder) -> list[psutil.Process]:
    """All that run in a folder."""
    return [found for found in psutil.process_iter(["cwd"]) if found.info["cwd"] == str(folder)]


@pytest.mark.fault(
    "SIGKILL of Snakemake while a job starts",
    "`kill -9` at random moments in a job's first second, and, with a job that waits for it, before the job's first line",
    "no process is left, no file is written",
)
def test_a_job_that_is_starting_ends_too(tiny, tmp_path, chaos, tried):
    project = tiny.fresh(tmp_path / "actbench")
    moments = random.Random(4)  # noqa: S311, which moments they are is no secret
    (tmp_path / "sitecustomize.py").write_text(WAIT_FOR_AN_ORPHAN)
    started = tmp_path / "started"
    waits = {"PYTHONPATH": str(tmp_path), "STARTED": str(started)}
    wanted = 24 if chaos else 1
    hit = 0
    while hit < wanted:
        first = hit == 0
        running = project.start("--", TIMES, environment=waits if first else {}, stdout=subprocess.DEVNULL)
        while not (started.exists() if first else jobs_of(running)):
            assert running.poll() is None
            time.sleep(0.01)
        time.sleep(0 if first else moments.random())
        running.kill()
        running.wait()
        through = (project.folder / TIMES).exists()
        wait_for_end(processes_in(project.folder))
        assert not processes_in(project.folder)
        hit += not through
        assert through or not (project.folder / TIMES).exists()
        (project.folder / TIMES).unlink(missing_ok=True)
        recover(project)
    tried(wanted, "as expected")


@pytest.mark.fault(
    "Ctrl-C",
    "SIGINT to Snakemake and all its jobs at random moments; then the usual command, without `--unlock`",
    "no traceback of ours; the tables are those of an undisturbed run, byte for byte",
)
def test_control_c(tiny, tmp_path, only_chaos, tried):
    def send(running):
        os.killpg(running.pid, signal.SIGINT)

    hit = again_and_again(tiny, tmp_path, 6, send, 4, 12, lambda project: None)
    tried(6, f"same bytes; met {spread(hit)}")


@pytest.mark.fault(
    "SIGKILL of a job",
    "`kill -9` of a running script at random moments, half of them with `--keep-incomplete`; then the usual "
    "command",
    "the tables are those of an undisturbed run, byte for byte",
)
def test_jobs_are_killed(tiny, tmp_path, only_chaos, tried):
    def send(running):
        for _ in range(200):
            jobs = jobs_of(running)
            if jobs:
                jobs[0].kill()
                return
            time.sleep(0.02)
        running.kill()

    hit = again_and_again(tiny, tmp_path, 8, send, 3, 14, recover)
    tried(8, f"same bytes; met {spread(hit)}")


WRITES = {
    "prepare_data": 1,
    "train": 5,
    "probe_gradients": 1,
    "probe_distributions": 1,
    "probe_dead_neurons": 1,
    "describe_activations": 2,
    "theory": 5,
    "aggregate": 20,
    "figures": 9,
    "histogram_figures": 7,
    "report": 3,
}
OUTPUTS = {
    "prepare_data": "results/data/digits.safetensors",
    "train": "results/tiny/runs/relu/d1/default/seeds0-1/model.safetensors",
    "describe_activations": "results/tiny/activations/curves.parquet",
    **{
        f"probe_{name}": f"results/tiny/runs/relu/d1/default/seeds0-1/{name}.parquet"
        for name in ("gradients", "distributions", "dead_neurons")
    },
    "theory": "results/tiny/theory/theory.parquet",
    "aggregate": "results/tiny/tables/runs.parquet",
    "figures": "results/tiny/figures/accuracy.svg",
    "histogram_figures": "results/tiny/figures/distributions_d1.svg",
    "report": "reports/tiny.html",
}


@pytest.mark.fault(
    "SIGKILL in the middle of a write",
    "a job kills itself when half of a file is written: of each stage the first, the last and one file "
    "between; with `--keep-incomplete`",
    "no half-written file has its name; the usual command gives the bytes of an undisturbed run",
)
@pytest.mark.parametrize("script", WRITES)
def test_killed_in_the_middle_of_a_write(tiny, tmp_path, chaos, tried, script):
    if not chaos and script != "train":
        pytest.skip("only with --chaos")
    project = tiny.copy(tmp_path / "actbench")
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTER)
    last = WRITES[script]
    numbers = sorted({1, (last + 1) // 2, last}) if chaos else [last]
    for number in numbers:
        for name in ("results/tiny/tables", "results/tiny/figures", "reports"):
            shutil.rmtree(project.folder / name, ignore_errors=True)
        forced = ["--keep-incomplete", "--forcerun", OUTPUTS[script]]
        environment = {"PYTHONPATH": str(tmp_path), "INTERRUPT": f"{script}:{number}"}
        # Forks are past `sitecustomize`; and the jobs of `tiny` were forks, so that bytes of both compare.
        alone = {fork_server.SERVER: "off"}
        done = project.snakemake(*forced, **environment, **alone)
        assert done.returncode == 1 and "SIGKILL" in done.stdout + done.stderr, done.stdout + done.stderr
        assert list(project.folder.glob("re*/**/.*.tmp"))
        done = project.snakemake(*([] if chaos else ["--", "aggregate"]), **alone)
        assert done.returncode == 0, done.stdout + done.stderr
        assert_undisturbed(project, tiny)
    tried(len(numbers), "same bytes")
