"""The script that tries a study's activations before anything trains, as a process of its own."""

import json
import subprocess
import sys

import pytest
from conftest import ROOT

RELU = {"import": None, "name": "relu", "parameters": {}}


def own(name, **parameters):
    return {"import": f"mine_here:{name}", "name": name.lower(), "parameters": parameters}


@pytest.fixture
def ran(tmp_path):
    """The finished process, given the specs by id."""
    (tmp_path / "mine_here.py").write_text(
        "import torch\n"
        "class Good(torch.nn.LeakyReLU):\n"
        "    pass\n"
        "class Step(torch.nn.Module):\n"
        "    def forward(self, x):\n"
        "        return (x > 0).float()\n"
        "class Scattered(torch.nn.Module):\n"
        "    def forward(self, x):\n"
        "        return x.new_zeros(x.numel()).put_(torch.arange(x.numel()), x.flatten()).view_as(x)\n"
    )

    def run(code=None, **specs):
        return subprocess.run(
            [sys.executable, "-P", str(ROOT / "workflow/scripts/check_activations.py")],
            input=json.dumps({"specs": specs, "code": code or {}}),
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    return run


def test_good_ones_end_in_silence(ran):
    done = ran(relu=RELU, good=own("Good", negative_slope=0.2))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_module_that_is_not_the_planned_one_is_one_sentence(ran):
    done = ran(code={"mine_here.py": "0" * 16}, good=own("Good"))
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (own("Step"), "activations: step (import: mine_here:Step) has no gradient"),
        (own("Good", slope=3), "activations: good (import: mine_here:Good) cannot be made"),
        (own("Missing"), "activations: missing (import: mine_here:Missing)"),
        (own("Scattered"), "put_ does not have a deterministic implementation"),
    ],
)
def test_the_first_bad_one_is_one_sentence(ran, spec, words):
    done = ran(good=own("Good"), bad=spec, worse=own("Step"))
    assert done.returncode == 1 and done.stdout == ""
    assert words in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "line",
    [
        "raise ValueError('so\\nand so')",
        "undefined",
        "import sys; sys.exit(0)",
        "import sys; sys.exit('bye')",
        "1 / 0",
    ],
)
def test_whatever_a_module_raises_is_one_sentence(ran, tmp_path, line):
    (tmp_path / "broken.py").write_text(line + "\n")
    done = ran(bad={"import": "broken:A", "name": "bad", "parameters": {}})
    assert done.returncode == 1 and done.stderr.startswith("activations: bad (import: broken:A): "), (
        done.stderr
    )
    assert done.stderr.count("\n") == 1


def test_a_module_that_warns_is_no_bad_one(ran, tmp_path, monkeypatch):
    """Whatever PYTHONWARNINGS says."""
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    path = tmp_path / "warns.py"
    path.write_text(
        "import warnings, torch\n"
        "warnings.warn('old', DeprecationWarning)\n"
        "class A(torch.nn.Tanh):\n"
        "    pass\n"
    )
    done = ran(good={"import": "warns:A", "name": "good", "parameters": {}})
    assert (done.returncode, done.stderr) == (0, "")
