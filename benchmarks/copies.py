"""A copy of the project to run studies in, so that nothing here is touched or out of date."""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = ("tests/", "docs/")
# Snakemake, which waits a tenth of a second before it touches what a job wrote, without this wait.
TOUCH = """
from snakemake import cli
from snakemake.executors import touch
touch.Executor.SLEEPING_TIME = 0
cli.main()
"""
SPENT = re.compile(r"CPU seconds: imports ([\d.]+), work ([\d.]+); at most (\d+) MiB")


def copy(folder: Path) -> None:
    """Copy every file of the project that git does not ignore, as it is now."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    for name in listed.stdout.splitlines():
        if not name.startswith(LEFT_OUT):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def snakemake(folder: Path, *arguments: str) -> tuple[float, str]:
    """Seconds and output of one run on two cores; what went wrong ends the benchmark."""
    return run(folder, "--cores", "2", *arguments)


def touch(folder: Path, *arguments: str) -> None:
    """Let Snakemake take the files of these targets for its own."""
    run(folder, "--cores", "2", "--quiet", "all", "--touch", *arguments, program=("-c", TOUCH))


def run(
    folder: Path,
    *arguments: str,
    environment: dict | None = None,
    program: tuple[str, ...] = ("-m", "snakemake"),
) -> tuple[float, str]:
    """The same with these arguments alone."""
    started = time.perf_counter()
    command = [sys.executable, *program, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return time.perf_counter() - started, done.stdout + done.stderr


def spent(log: Path) -> tuple[float, float, int]:
    """CPU seconds of a job's imports and of its work, and MiB that it had at most, as its log says."""
    imports, work, memory = SPENT.search(log.read_text(encoding="utf-8")).groups()
    return float(imports), float(work), int(memory)
