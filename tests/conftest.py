"""Fixtures that several tests share."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch
from actbench import splits

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """A folder with the real image files, named by ACTBENCH_DATA_DIR."""
    named = os.environ.get("ACTBENCH_DATA_DIR")
    if not named or not Path(named).is_dir():
        pytest.skip("ACTBENCH_DATA_DIR names no folder of image files")
    return Path(named)


@pytest.fixture
def spec():
    """Make a resolved activation spec from a name and parameters."""
    return lambda name, **parameters: {"name": name, "import": None, "parameters": parameters}


@pytest.fixture
def toy() -> splits.Data:
    """Three subsets of a problem that a small network learns at once: which input is the largest."""
    generator = torch.Generator().manual_seed(0)

    def subset(n):
        x = torch.randn(n, 4, generator=generator)
        return splits.Subset(x, x.argmax(dim=1))

    return splits.Data(subset(256), subset(64), subset(64), 4)


class Project:
    """A copy of the project in a folder of its own, in which Snakemake runs the tiny study."""

    LEFT_OUT = (".git", ".venv", ".snakemake", "results", "reports", "__pycache__", ".*_cache")

    def __init__(self, folder: Path, source: Path = ROOT, ignored: tuple[str, ...] = LEFT_OUT):
        self.folder = folder
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns(*ignored))

    def snakemake(self, *arguments: str, study: str | None = "tiny", **environment: str):
        """Run Snakemake; the study is given by --configfile unless None."""
        given = ["--configfile", f"studies/{study}.yaml"] if study else []
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *given, *arguments]
        env = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "COLUMNS": "200", **environment}
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True)

    def planned(self, *arguments: str) -> Counter:
        """How many jobs of each rule a dry run plans, the collecting rule `all` left out."""
        done = self.snakemake("--dry-run", "--quiet", "rules", "host", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        text = done.stdout + done.stderr
        if "Nothing to be done" in text:
            return Counter()
        table = text.split("Job stats:")[1].split("\n\n")[0]
        found = re.findall(r"^(\w+)\s+(\d+)$", table, re.MULTILINE)
        return Counter({rule: int(n) for rule, n in found if rule not in ("all", "total")})


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Project:
    """A project in which the tiny study has run once; tests leave it as they found it."""
    project = Project(tmp_path_factory.mktemp("project") / "actbench")
    project.first_run = project.snakemake("--resources", "gpu=1")
    assert project.first_run.returncode == 0, project.first_run.stdout + project.first_run.stderr
    return project
