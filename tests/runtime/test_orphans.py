"""A job ends with the Snakemake that started it: else it would write its files beside those of its successor."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from actbench.runtime import orphans
from conftest import wait_for_end

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
ENDED = "Error: the Snakemake that started this job has ended, and so does the job.\n"
AT_ONCE = "from actbench.runtime import orphans; orphans.prevent()\n"
READY = "import os, time; print(os.getpid(), flush=True); time.sleep(3600)"
# Stands for Snakemake: starts a job, which it has announced itself to.
SNAKEMAKE = """
import subprocess, sys
from actbench.runtime import orphans
orphans.announce()
subprocess.run({command!r})
"""


def started(command: list[str]) -> tuple[subprocess.Popen, psutil.Process]:
    """Such a Snakemake, and its job once that has told its number."""
    snakemake = subprocess.Popen(
        [sys.executable, "-c", SNAKEMAKE.format(command=command)],
        cwd=SCRIPTS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return snakemake, psutil.Process(int(snakemake.stdout.readline()))


def killed(snakemake: subprocess.Popen) -> None:
    snakemake.kill()
    snakemake.wait()


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-c", AT_ONCE + READY],
        ["sh", "-c", f"{sys.executable} -c '{AT_ONCE + READY}'; true"],
        ["sh", "-c", f"sh -c \"{sys.executable} -c '{AT_ONCE + READY}'; true\"; true"],
    ],
    ids=["direct", "a shell between", "two shells between"],
)
def test_a_job_is_killed_with_its_snakemake(command):
    snakemake, job = started(command)
    killed(snakemake)
    wait_for_end([job])
    assert "Error" not in snakemake.stderr.read()
    snakemake.stdout.close()
    snakemake.stderr.close()


def test_a_job_that_outlives_its_snakemake_while_python_starts_ends_with_the_first_import():
    late = (
        "import os, time; before = os.getppid(); print(os.getpid(), flush=True)\n"
        f"while os.getppid() == before: time.sleep(0.01)\n{AT_ONCE}print('alive', flush=True)"
    )
    snakemake, job = started([sys.executable, "-c", late])
    killed(snakemake)
    assert snakemake.communicate() == ("", ENDED)
    wait_for_end([job])


def run(announced: str | None) -> subprocess.CompletedProcess:
    env = {name: value for name, value in os.environ.items() if name != orphans.SNAKEMAKE}
    given = {} if announced is None else {orphans.SNAKEMAKE: announced}
    command = [sys.executable, "-c", AT_ONCE + "print('alive')"]
    return subprocess.run(command, cwd=SCRIPTS, env=env | given, capture_output=True, text=True)


def test_a_number_that_another_process_has_by_now_is_not_snakemake():
    with subprocess.Popen(["sleep", "3600"]) as other:
        done = run(f"{other.pid} {orphans.namespace()}")
        other.kill()
    assert (done.returncode, done.stdout, done.stderr) == (1, "", ENDED)


@pytest.mark.parametrize("announced", [None, "1 pid:[1]", f"{2**22 + 1} pid:[1]"])
def test_a_job_by_hand_or_in_a_container_with_its_own_numbers_goes_on(announced):
    done = run(announced)
    assert (done.returncode, done.stdout, done.stderr) == (0, "alive\n", "")


def test_a_process_is_announced_to_its_children(monkeypatch):
    monkeypatch.setenv(orphans.SNAKEMAKE, "")
    orphans.announce()
    done = run(os.environ[orphans.SNAKEMAKE])
    assert (done.returncode, done.stdout) == (0, "alive\n")
