"""Which heavy packages each script loads; importing them costs a short job more than its work."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from actbench.probes import registry
from actbench.runtime import sources
from conftest import ROOT

SCRIPTS = ROOT / "workflow" / "scripts"
HEAVY = {
    "hiplot",
    "jinja2",
    "jsonschema",
    "latex2mathml",
    "matplotlib",
    "pandas",
    "pyarrow",
    "safetensors",
    "scipy",
    "seaborn",
    "sklearn",
    "statsmodels",
    "tabulate",
    "tensorboard",
    "torch",
    "torchvision",
    "yaml",
}
NETWORKS = {"pyarrow", "safetensors", "torch"}
# Named in import statements at module level: what the script loads whatever it does.
EXPECTED = {
    "aggregate": {"pandas", "pyarrow", "scipy"},
    "describe_activations": {"pyarrow", "torch"},
    "figures": {"matplotlib", "pandas", "pyarrow", "safetensors", "seaborn"},
    "fit_mlp_classifier": NETWORKS | {"sklearn"},
    "histogram_figures": {"matplotlib", "pandas", "pyarrow", "scipy", "seaborn"},
    "prepare_data": {"safetensors"},
    **{probe.rule: NETWORKS for probe in registry.specs().values()},
    "report": {"jinja2", "latex2mathml", "pandas", "pyarrow", "scipy", "yaml"},
    "theory": NETWORKS | {"scipy"},
    "time_activations": {"pyarrow", "torch"},
    "train": NETWORKS,
    "tune": NETWORKS,
}


def at_module_level(path: Path) -> set[str]:
    """Top-level names of what a file imports when it is itself imported."""
    found, body = set(), ast.parse(path.read_text(encoding="utf-8")).body
    body += [node for block in body if isinstance(block, ast.With) for node in block.body]
    for node in body:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("script", EXPECTED)
def test_a_script_imports_what_it_uses(script):
    path = SCRIPTS / f"{script}.py"
    files = [path, *map(Path, sources.imported(path, [SCRIPTS]))]
    # What `registry.create` imports when it runs.
    of_create = ("relu_autograd", "modules", "contract", "states", "entries", "switches")
    lazily = {SCRIPTS / f"actbench/activations/{name}.py" for name in of_create}
    lazily.add(SCRIPTS / "actbench/runtime/seeds.py")
    named = set().union(*(at_module_level(file) for file in files if file not in lazily))
    assert named & HEAVY == EXPECTED[script]


def test_one_module_imports_matplotlib():
    """So that no job imports it with the user's settings; in a notebook, where `interactive` does, they are meant."""
    importers = set()
    for path in (SCRIPTS / "actbench").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            if {"matplotlib", "seaborn"} & {name.split(".")[0] for name in names}:
                importers.add(path.name)
    assert importers == {"plotting.py", "interactive.py"}


def test_every_rule_of_a_study_has_its_line():
    named = {path.stem for path in SCRIPTS.glob("*.py")}
    others = {
        "checkpoint",
        "compare",
        "predict",
        "probe",
        "verification",
        "verify",
        "write_hiplot",
        "write_tensorboard",
    }  # not part of a study
    before = {"check_activations", "check_device", "fork_server", "measure_speed"}  # no rule's
    assert named - others - before == EXPECTED.keys()


@pytest.mark.parametrize("script", ["train", "probe_distributions", "aggregate"])
def test_nothing_heavy_comes_in_by_the_back_door(script):
    """In a real process: what the packages named above import themselves."""
    body = ast.parse((SCRIPTS / f"{script}.py").read_text()).body
    imports = "\n".join(ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom))
    assert {name.split(".")[0] for name in loaded_by(imports)} & HEAVY == EXPECTED[script]


def loaded_by(code: str) -> set[str]:
    """The modules that a process has imported at the end of this code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        env=os.environ | {"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


WORK = """
import torch
from actbench.networks.families.mlp import MLP
from actbench.probes import gradients
from actbench.storage import parquet
from actbench.training.stack import Stack

networks = [MLP([6, 4, 4, 3], "tanh") for _ in range(2)]
x, y = torch.randn(2, 8, 6), torch.zeros(2, 8, dtype=torch.long)
Stack(networks).gradients(x, y)
gradients.measure(networks[0], x[0], y[0], bins=3)
parquet.table([{"n": 2}, {"n": 1}], parquet.pa.schema({"n": parquet.pa.int32()}.items()), ["n"])
"""


def test_training_probing_and_writing_import_neither_sympy_nor_more_of_arrow():
    """Which torch and pyarrow would load on the way: together half a second of each short job."""
    assert not {"sympy", "pyarrow.compute"} & loaded_by(WORK)
