"""A user without an entry in passwd, as a container has with `docker run --user` or in a pod."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import ENVIRONMENT, ROOT

USER = 54321
# Others may not read this environment where it lies in root's home.
CAPABILITIES = "+dac_override,+dac_read_search"
SETPRIV = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
           f"--inh-caps={CAPABILITIES}", f"--ambient-caps={CAPABILITIES}")  # fmt: skip
TIMES = "results/tiny/timings/activations.parquet"


def image() -> dict[str, str]:
    """The environment variables of the Dockerfile."""
    lines = re.findall(r"^ENV (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return dict(pair.split("=", 1) for line in lines for pair in line.split())


@pytest.fixture
def run(tiny, tmp_path):
    """Run Snakemake as such a user, with these environment variables and no others that name a user."""
    if shutil.which("setpriv") is None or subprocess.run([*SETPRIV, "true"], capture_output=True).returncode:
        pytest.skip("no right to become another user")
    project = tiny.fresh(tmp_path / "actbench")
    for name in (".", "results", "reports"):
        os.chown(project.folder / name, USER, USER)

    def of(variables, *arguments):
        names = {name: os.environ[name] for name in ("PATH", "PYTHONDONTWRITEBYTECODE") if name in os.environ}
        command = [*SETPRIV, sys.executable, "-m", "snakemake", *project.command(*arguments)]
        done = subprocess.run(
            command,
            cwd=project.folder,
            env=names | ENVIRONMENT | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return project, done

    return of


FAULT = pytest.mark.fault(
    "a user without an entry in passwd",
    "a user number that nobody has, with the variables that the Dockerfile sets: a job, and a whole study; with HOME alone, a "
    "dry run",
    "everything runs; the bytes are those of root's run",
)


@FAULT
def test_a_study_in_the_images_environment(tiny, chaos, run):
    assert image().keys() >= {"HOME", "LOGNAME"}
    project, done = run(image(), *(() if chaos else ("--", TIMES)))
    assert done.returncode == 0 and "Traceback" not in done.stdout, done.stdout
    assert (project.folder / TIMES).stat().st_uid == USER
    if chaos:
        assert project.tables() == tiny.tables()
    assert not list(project.folder.glob("~*"))


@FAULT
@pytest.mark.parametrize("unnamed", [{}, {"LOGNAME": ""}, {"USER": "", "USERNAME": ""}])
def test_a_home_is_enough(run, tmp_path, chaos, unnamed):
    if unnamed and not chaos:
        pytest.skip("only with --chaos")
    _, done = run({"HOME": str(tmp_path / "home"), **unnamed}, "--dry-run")
    assert done.returncode == 0 and "This was a dry-run" in done.stdout, done.stdout
