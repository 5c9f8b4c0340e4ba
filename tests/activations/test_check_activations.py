"""The script that tries a study's activations before anything trains, as a process of its own."""

import json
import subprocess
import sys

import pytest
from actbench.runtime import provenance, sources
from conftest import ROOT, scripts

LOUD = """import logging, os, sys, torch, warnings
class Loud(torch.nn.Module):
    kept = print("x" * 10_000)

    def forward(self, x):
        for say in (print, sys.stderr.write, logging.warning, warnings.warn):
            say("x" * 10_000)
    """
SCRIPT = ROOT / "workflow/scripts/check_activations.py"
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

    def run(code=None, critical=(), forked=True, **specs):
        given = json.dumps({"specs": specs, "code": code or {}, "critical": critical})
        if forked:
            return scripts().run(SCRIPT, tmp_path, given)
        command = [sys.executable, "-P", str(SCRIPT)]
        return subprocess.run(command, input=given, cwd=tmp_path, capture_output=True, text=True)

    return run


def sentence(done):
    """What Snakemake shows: the last line of standard output, and nothing on the terminal meanwhile."""
    assert done.returncode == 1 and done.stderr == ""
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize("forked", [False, True])
def test_good_ones_end_in_silence(ran, forked):
    done = ran(forked=forked, relu=RELU, good=own("Good", negative_slope=0.2))
    assert (done.returncode, done.stdout, done.stderr) == (0, "\ntried\n", "")


def test_a_module_that_is_not_the_planned_one_is_one_sentence(ran):
    files = [SCRIPT, *sources.imported(SCRIPT, [SCRIPT.parent])]
    planned = {str(path): provenance.file_version(path) for path in files}
    done = ran(code=planned | {"mine_here.py": "0" * 16}, good=own("Good"))
    assert sentence(done).startswith("mine_here.py is not the version that was planned")


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
    assert words in sentence(done)


def test_an_edge_of_chaos_is_looked_for_where_one_is_needed(ran):
    softplus = RELU | {"name": "softplus"}
    good = [(own("Good", negative_slope=0.2), 0.2), (RELU, 0.5)]
    assert ran(critical=good, soft=softplus).stdout == "\ntried\n"
    said = sentence(ran(critical=[*good, (softplus, 0.5)]))
    assert said.startswith(
        "network.initialisation is critical, and softplus has no edge of chaos with network."
    )


@pytest.mark.parametrize(
    "line",
    [
        "raise ValueError('so\\nand so')",
        "undefined",
        "import sys; sys.exit(0)",
        "import sys; sys.exit('bye')",
        "raise KeyboardInterrupt",
        "raise GeneratorExit",
        "1 / 0",
        "return",
        "raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})",
        "raise ValueError('x' * 10**6)",
    ],
)
def test_whatever_a_module_raises_is_one_sentence_with_its_line(ran, tmp_path, line):
    (tmp_path / "broken.py").write_text(f"\n{line}\n")
    said = sentence(ran(bad={"import": "broken:A", "name": "bad", "parameters": {}}))
    assert said.startswith("activations: bad (import: broken:A): ") and said.endswith(" (broken.py:2).")
    assert len(said) < 500


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("torch.set_num_threads(torch.get_num_threads() + 1)", "changes torch's number of threads"),
        ("torch.set_default_dtype(torch.float64)", "changes torch's default dtype"),
        ("import signal; signal.signal(signal.SIGTERM, print)", "changes the handlers of signals"),
        ("import os; os.environ['OMP_NUM_THREADS'] = '7'", "changes environment variables of libraries"),
    ],
)
def test_an_import_that_changes_the_process(ran, tmp_path, text, words):
    (tmp_path / "sets.py").write_text(f"import torch\n{text}\nA = torch.nn.ReLU\n")
    said = sentence(ran(bad={"import": "sets:A", "name": "bad", "parameters": {}}))
    assert said.startswith(f"activations: bad (import: sets:A) {words}") and "when it is imported" in said


@pytest.mark.parametrize("code", ["latin-1", "utf-8-sig", "cp1252"])
def test_a_module_in_another_encoding_that_it_names(ran, tmp_path, code):
    text = "# coding: utf-8\n" if code == "utf-8-sig" else f"# -*- coding: {code} -*-\n"
    text += "import torch\nA = torch.nn.ReLU if len('ä') == 1 else None\n"
    (tmp_path / "coded.py").write_bytes(text.encode(code))
    assert ran(good={"import": "coded:A", "name": "good", "parameters": {}}).returncode == 0


def test_what_own_code_prints_goes_nowhere(ran, tmp_path):
    (tmp_path / "loud.py").write_text(LOUD + "    os.write(1, b'raw')\n        return x.relu()\n")
    done = ran(good={"import": "loud:Loud", "name": "good", "parameters": {}})
    assert done.returncode == 0 and done.stderr == "" and done.stdout.endswith("\ntried\n")
    (tmp_path / "loud.py").write_text(LOUD + "    return x.detach()\n")
    done = ran(bad={"import": "loud:Loud", "name": "bad", "parameters": {}})
    assert sentence(done).endswith("(loud.py:5).") and len(done.stdout) < 500


def test_one_that_ends_python_was_not_tried(ran, tmp_path):
    (tmp_path / "ends.py").write_text("import os\nos._exit(0)\n")
    done = ran(bad={"import": "ends:A", "name": "bad", "parameters": {}})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_slow_one_is_named_meanwhile(ran, tmp_path):
    (tmp_path / "slow.py").write_text(
        "import time, torch\nfrom actbench.activations import patience\npatience.SECONDS = 0.05\n"
        "class Slow(torch.nn.LeakyReLU):\n    def __init__(self, a):\n        super().__init__(a)\n        time.sleep(0.02)\n"
    )
    slow = {"import": "slow:Slow", "name": "slow", "parameters": {"a": 0.1}}
    done = ran(first=slow, second=slow | {"name": "100 %", "parameters": {"a": 0.2}})
    assert done.returncode == 0
    assert (
        "activations: 100 % (import: slow:Slow) has been tried for 0.05 s and is still running" in done.stderr
    )


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
    done = ran(forked=False, good={"import": "warns:A", "name": "good", "parameters": {}})
    assert (done.returncode, done.stderr) == (0, "")
