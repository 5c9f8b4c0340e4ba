"""Where numbers come from: commit, versions and hardware, recorded by the job that ran."""

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path

from actbench import files

PACKAGES = ("torch", "numpy", "pyarrow", "pandas", "scipy", "scikit-learn", "snakemake")
DIGEST = 16  # hexadecimal digits that tell versions of a file apart


def describe(code: Iterable[str | Path], device: str) -> dict:
    """Code, commit, versions of Python and packages, and the processor or GPU that did the work.

    Args:
        code: the files that the job is made of, its script first; each is named with a digest of its content.
        device: `cpu` or `cuda:<i>`.
    """
    paths = list(code)
    scripts = Path(paths[0]).parent
    return {
        "code": {_name(path, scripts): file_version(path) for path in paths},
        "device": device_name(device),
        "platform": platform.platform(terse=True),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    } | commit(scripts)


def file_version(path: str | Path) -> str:
    """What tells one version of a file from another."""
    return files.digest(path)[:DIGEST]


def commit(scripts: str | Path) -> dict:
    """The commit checked out, and whether the workflow's tracked files differ from it; null without git.

    What is outside of the workflow (config.yaml, docs, tests) is no part of the code that made a number.
    """
    workflow = ("..", "../../Snakefile", "../../profiles")
    try:
        head = _git(scripts, "rev-parse", "HEAD")
        changed = _git(scripts, "status", "--porcelain", "--untracked-files=no", "--", *workflow)
    except (OSError, subprocess.SubprocessError):
        return {"commit": None, "uncommitted_changes": None}
    return {"commit": head, "uncommitted_changes": bool(changed)}


def device_name(device: str) -> str:
    """The GPU's name, or the processor's model and number of cores."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    return f"{_processor()}, {os.cpu_count()} cores"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _name(path: str | Path, scripts: Path) -> str:
    path = Path(path)
    return str(path.relative_to(scripts) if path.is_relative_to(scripts) else path)


def _git(repository: str | Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
