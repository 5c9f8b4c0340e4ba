"""The code that ran is the code that is recorded, and a user's own is tried before anything trains."""

import json
import os
import shutil
import subprocess
from collections import Counter

import pandas as pd
import pytest
from actbench.storage import files

TANH = "import torch\nf = torch.tanh\n"
RELATIVE = {
    "mypkg/__init__.py": "",
    "mypkg/act.py": (
        "from torch import nn\nfrom .shape import f\n"
        "class Mine(nn.Module):\n    def forward(self, x):\n        return f(x)\n"
    ),
    "mypkg/shape.py": TANH,
}
OWN = ["--config", "study=own", "depths=[1]"]
MINE = "activations=[relu, {name: mine, import: 'mypkg.act:Mine'}]"
UNTIL = ["--until", "train", "describe_activations"]


def write(project, modules):
    for name, text in modules.items():
        path = project.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def accuracies(project, activation):
    folder = project.folder / "results/own/runs" / activation / "d1/default/seeds0-1"
    return pd.read_parquet(folder / "runs.parquet")["test_accuracy"].tolist()


@pytest.mark.fault(
    "a package of the user's",
    "an activation in a package that uses relative imports; then each of its files edited",
    "exactly its networks are trained again",
)
def test_every_file_of_a_users_package_counts(tiny, tmp_path, tried):
    project = tiny.copy(tmp_path / "actbench")
    write(project, RELATIVE)
    done = project.snakemake("--quiet", "all", *UNTIL, *OWN, MINE)
    assert done.returncode == 0, done.stdout
    code = files.read_json(project.folder / "results/own/runs/mine/d1/default/seeds0-1/config.json")[
        "provenance"
    ]["code"]
    assert RELATIVE.keys() <= code.keys()
    for name in RELATIVE:
        with project.edited(name):
            assert project.planned(*UNTIL, *OWN, MINE) == Counter(train=1, describe_activations=1), name
    assert project.planned(*UNTIL, *OWN, MINE) == Counter()
    write(project, {"mypkg/shape.py": "import torch\nf = torch.relu\n"})
    done = project.snakemake("--quiet", "all", *UNTIL, *OWN, MINE)
    assert done.returncode == 0, done.stdout
    assert accuracies(project, "mine") == accuracies(project, "relu")
    tried(3, "as expected")


@pytest.mark.fault(
    "other code on the path",
    "PYTHONPATH with another checkout and with an older module of the same name; a module beside a package of its name",
    "the planned files run",
)
def test_the_planned_files_run_whatever_pythonpath_says(tiny, tmp_path, only_chaos, tried):
    project = tiny.copy(tmp_path / "actbench")
    write(project, RELATIVE)
    write(project, {"mypkg.py": "raise SystemExit('the module, not the package')\n"})
    old = tmp_path / "old"
    shutil.copytree(project.folder / "workflow/scripts/actbench", old / "actbench")
    (old / "actbench/training/fitting.py").write_text("raise SystemExit('another checkout')\n")
    shutil.copytree(project.folder / "mypkg", old / "mypkg")
    (old / "mypkg/shape.py").write_text("import torch\nf = torch.relu\n")
    done = project.snakemake("--quiet", "all", *UNTIL, *OWN, MINE, PYTHONPATH=str(old))
    assert done.returncode == 0, done.stdout
    assert accuracies(project, "mine") != accuracies(project, "relu")
    assert project.planned(*UNTIL, *OWN, MINE) == Counter()
    tried(3, "as expected")


# Each imports a file that no longer is what was planned, or that was not planned.
SNEAKY = {
    "put back": (
        {
            "mypkg/shape.py": "import torch\nf = torch.tanh\n",
            "mypkg/act.py": (
                "from pathlib import Path\nfrom torch import nn\n"
                "shape, before = Path('mypkg/shape.py'), Path('mypkg/shape.py').read_bytes()\n"
                "if 'check' not in __import__('sys').argv[0]:\n    shape.write_text('import torch; f = torch.relu')\n"
                "try:\n    from .shape import f\nfinally:\n    shape.write_bytes(before)\n"
                "class Mine(nn.Module):\n    def forward(self, x):\n        return f(x)\n"
            ),
        },
        "mypkg/shape.py is",
    ),
    "by a name that is put together": (
        {
            "mypkg/act.py": RELATIVE["mypkg/act.py"].replace(
                "from .shape", "__import__('hid' + 'den')\nfrom .shape"
            ),
            "hidden.py": "",
        },
        "hidden.py was imported, but no import statement",
    ),
    "a data file": (
        {"mypkg/act.py": RELATIVE["mypkg/act.py"] + "open('values.txt').read()\n", "values.txt": "1"},
        "values.txt is read by an activation's module",
    ),
}


@pytest.mark.fault(
    "code that the plan cannot see",
    "an activation whose module is edited while it is loaded and put back, that imports by a name put together, that reads a "
    "data file",
    "one sentence that names the file; nothing of it is trained",
)
@pytest.mark.parametrize("how", SNEAKY)
def test_a_job_that_ran_other_code_than_planned_fails(tiny, tmp_path, chaos, tried, how):
    if not chaos and how != "put back":
        pytest.skip("only with --chaos")
    project = tiny.copy(tmp_path / "actbench")
    modules, words = SNEAKY[how]
    write(project, RELATIVE | modules)
    done = project.snakemake("--quiet", "all", *UNTIL, *OWN, MINE)
    assert done.returncode == 1 and words in done.stdout and "Traceback" not in done.stdout, done.stdout
    assert not list(project.folder.glob("results/own/runs/mine/**/config.json"))
    tried(1, "as expected")


BAD = {
    "not entry by entry": "return torch.tanh(x - x.mean(0))",
    "softmax": "return torch.softmax(x, -1)",
    "by place": "return x * torch.arange(x.shape[-1])",
    "no gradient": "return (x > 0).float()",
    "in place": "return x.clamp_(-3, 3)",
}


@pytest.mark.fault(
    "an own activation that is none",
    "relu, and beside it one that mixes entries, depends on the place, has no gradient or changes its input",
    "one sentence before anything trains, relu included",
)
@pytest.mark.parametrize("kind", BAD)
def test_own_activations_are_tried_before_anything_trains(tiny, tmp_path, chaos, tried, kind):
    if not chaos and kind != "not entry by entry":
        pytest.skip("only with --chaos")
    project = tiny.copy(tmp_path / "actbench")
    text = f"import torch\nclass Mine(torch.nn.Module):\n    def forward(self, x):\n        {BAD[kind]}\n"
    write(project, {"mine.py": text})
    done = project.snakemake(*OWN, "activations=[relu, {name: mine, import: 'mine:Mine'}]")
    assert done.returncode == 1 and "Traceback" not in done.stdout, done.stdout
    assert done.stdout.count("Error: activations: mine (import: mine:Mine) ") == 1, done.stdout
    assert not (project.folder / "results/own/runs").exists()
    tried(1, "as expected")


LOUD = """
import logging, sys, warnings, torch
print("hello from own code")

class Loud(torch.nn.Module):
    def forward(self, x):
        for say in (print, sys.stderr.write, logging.warning, warnings.warn):
            say("x" * 10_000)
        return x.relu()
"""


@pytest.mark.fault(
    "a loud activation",
    "an activation that prints 10 kB at every call, on both streams, with logging and with warnings, at the check and in all "
    "jobs",
    "nothing of it on the terminal, 40 kB at most in a job's log; the job's own lines are there, and the numbers of relu",
)
def test_what_own_code_prints_floods_nothing(tiny, tmp_path, only_chaos, tried):
    project = tiny.fresh(tmp_path / "actbench")
    write(project, {"loud.py": LOUD})
    loud = "activations=[relu, {name: loud, import: 'loud:Loud'}]"
    done = project.snakemake(*OWN, loud)
    assert done.returncode == 0 and "xxxx" not in done.stdout and "hello" not in done.stdout, done.stdout
    assert "] loud, depth 1, seeds 0-1: test accuracy" in done.stdout and len(done.stdout) < 50_000
    logs = {path: path.read_text() for path in (project.folder / "results/own/logs").rglob("*loud*.log")}
    logs |= {
        path: path.read_text() for path in (project.folder / "results/own/logs").glob("*activations.log")
    }
    assert len(logs) == 6 and all(len(text) < 40_000 for text in logs.values())
    assert all("hello from own code" in text and "CPU seconds" in text for text in logs.values())
    assert accuracies(project, "loud") == accuracies(project, "relu")
    tried(1, "as expected")


RANDOM = """
import numpy, random, torch
from torch import nn
from torch.nn import functional as F

class Leak(nn.Module):
    def forward(self, x):
        return F.rrelu(x, training=self.training)

class Always(nn.Module):
    def forward(self, x):
        return x * (1 + 0.1 * float(numpy.random.rand()) + 0.1 * random.random() + 0.1 * torch.rand(()))

class Seen(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))
        self.calls = 0
    def forward(self, x):
        if self.training:
            self.seen = 0.9 * self.seen + 0.1 * x.detach().abs().mean()
            self.calls += 1
        return torch.relu(x) / (1 + self.seen) + x / (10 + self.calls)
"""


@pytest.mark.fault(
    "random and stateful activations",
    "activations that draw while training or always, from torch, numpy and random, and that keep buffers and counters; the "
    "study with one and with two seeds a job, and once more",
    "the same bytes in every table",
)
def test_numbers_do_not_depend_on_the_block(tiny, tmp_path, only_chaos, tried):
    project = tiny.copy(tmp_path / "actbench")
    write(project, {"drawing.py": RANDOM})
    own = ", ".join(
        f"{{name: {name.lower()}, import: 'drawing:{name}'}}" for name in ("Leak", "Always", "Seen")
    )
    given = ["--config", f"activations=[relu, {own}]", "depths=[2]"]
    tables = []
    for study, size in (("one", 1), ("two", 2), ("again", 2)):
        done = project.snakemake("--quiet", "all", *given, f"study={study}", f"seeds_per_job={size}")
        assert done.returncode == 0, done.stdout
        tables.append(project.tables(study))
    assert tables[0] == tables[1] == tables[2]
    tried(3, f"the same bytes in all {len(tables[0])} tables")


@pytest.mark.fault(
    "a copy inside of another repository",
    "the project without its own git folder in a folder of another repository, and with GIT_DIR of another one",
    "no commit is recorded",
)
def test_the_commit_is_the_projects_own_or_none(tiny, tmp_path, tried):
    outer = tmp_path / "outer"
    project = tiny.copy(outer / "actbench")
    for arguments in (
        ["init"],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--allow-empty", "-m", "a"],
    ):
        subprocess.run(["git", "-C", str(outer), *arguments], check=True, capture_output=True)
    model = "results/tiny/runs/relu/d1/default/seeds0-1/model.safetensors"
    done = project.snakemake(
        "--quiet", "all", "--forcerun", model, "--", model, GIT_DIR=os.fspath(outer / ".git")
    )
    assert done.returncode == 0, done.stdout
    found = json.loads((project.folder / model).with_name("config.json").read_text())["provenance"]
    assert (found["commit"], found["uncommitted_changes"]) == (None, None)
    tried(2, "as expected")
