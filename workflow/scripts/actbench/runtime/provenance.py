"""Where numbers come from: commit, versions and hardware, recorded by the job that ran."""

import importlib.metadata
import os
import platform
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from actbench.runtime import imports

# Variables that choose a processor's instructions, and with them the last bits of sums: of torch, of its
# matrix products (MKL, oneDNN), of numpy and its matrix products, and of the C library's mathematics.
INSTRUCTIONS = {
    "ATEN_CPU_CAPABILITY",
    "DNNL_CPU_ISA_HINTS",
    "DNNL_DEFAULT_FPMATH_MODE",
    "DNNL_MAX_CPU_ISA",
    "GLIBC_TUNABLES",
    "MKL_CBWR",
    "MKL_DEBUG_CPU_TYPE",
    "MKL_ENABLE_INSTRUCTIONS",
    "NPY_DISABLE_CPU_FEATURES",
    "NPY_ENABLE_CPU_FEATURES",
    "ONEDNN_CPU_ISA_HINTS",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
}
GPU_ARITHMETIC = {"NVIDIA_TF32_OVERRIDE"}  # the same of a GPU's matrix products
PACKAGES = ("torch", "numpy", "pyarrow", "pandas", "scipy", "scikit-learn", "snakemake")


def describe(code: Mapping[str, str], device: str) -> dict:
    """Code, commit, versions of Python and packages, and the processor or GPU that did the work.

    Args:
        code: the digest of each file that the job is made of, its script first.
        device: `cpu` or `cuda:<i>`.

    Raises:
        UserError: other code than that has been imported, see `imports.check`.
    """
    imports.check()
    scripts = Path(next(iter(code))).parent
    return {
        "code": named(code, scripts),
        "device": device_name(device),
        "platform": platform.platform(terse=True),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    } | commit(scripts)


def seconds() -> float:
    """Wall time of this process until now, from its first own import."""
    return round(time.monotonic() - imports.BEGAN, 3)


def named(code: Mapping[str, str], scripts: str | Path) -> dict[str, str]:
    """Digests by names that do not depend on the folder of the project: below `scripts`, or as they are."""
    return {_name(path, Path(scripts)): digest for path, digest in code.items()}


def file_version(path: str | Path) -> str:
    """What tells one version of a file from another."""
    return imports.version(Path(path).read_bytes())


def commit(scripts: str | Path) -> dict:
    """The commit checked out, and whether the workflow's tracked files differ from it.

    Null without git, and where the project lies inside of another repository, whose commits do not hold it.
    What is outside of the workflow (config.yaml, docs, tests) is no part of the code that made a number.
    """
    workflow = ("..", "../../Snakefile", "../../profiles")
    try:
        top = _git(scripts, "rev-parse", "--show-toplevel")
        if Path(top).resolve() != Path(scripts).resolve().parents[1]:
            return {"commit": None, "uncommitted_changes": None}
        head = _git(scripts, "rev-parse", "HEAD")
        changed = _git(scripts, "status", "--porcelain", "--untracked-files=all", "--", *workflow)
    except (OSError, subprocess.SubprocessError):
        return {"commit": None, "uncommitted_changes": None}
    return {"commit": head, "uncommitted_changes": bool(changed)}


def device_name(device: str) -> str:
    """The GPU's name, or the processor's model and number of cores, and what the user forces it to."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device) + _forced(GPU_ARITHMETIC)
    return f"{_processor()}, {os.cpu_count()} cores{_forced(INSTRUCTIONS)}"


def _forced(variables: set[str]) -> str:
    """Those that are set, as ASCII: a variable holds any bytes."""
    return "".join(
        f", {name}={ascii(os.environ[name])[1:-1]}" for name in sorted(variables & os.environ.keys())
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _name(path: str | Path, scripts: Path) -> str:
    path = Path(path)
    return str(path.relative_to(scripts) if path.is_relative_to(scripts) else path)


def _git(repository: str | Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", timeout=20, check=True, env=own
    )
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
