"""Small figures of one network, drawn in a session that has settings and figures of its own."""

import os
import subprocess
import sys

import actbench
import torch
from conftest import ROOT
from torch import nn

DRAW = """
import sys, torch, actbench
assert "matplotlib" not in sys.modules
network = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
figures = actbench.probe(network, torch.randn(6, 5), torch.arange(6) % 3).figures
import matplotlib
from matplotlib.colors import to_rgb
print(len(figures), matplotlib.get_backend(), to_rgb("b"), matplotlib.rcParams["lines.linewidth"])
"""


def test_a_small_figure_of_each_leaves_matplotlib_alone():
    import matplotlib
    from matplotlib import pyplot as plt

    network = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
    measured = actbench.probe(network, torch.randn(6, 5), torch.arange(6) % 3)
    before, backend, open_before = dict(matplotlib.rcParams), matplotlib.get_backend(), plt.get_fignums()
    figures = measured.figures
    assert dict(matplotlib.rcParams) == before and matplotlib.get_backend() == backend
    assert plt.get_fignums() == open_before and figures.keys() == measured.keys()
    drawn = {line.get_label(): line.get_ydata() for line in figures["dead_neurons"].axes[0].lines}
    assert len(drawn) == 4 and all(len(y) == 1 for y in drawn.values())
    (axis,) = figures["gradients"].axes
    rms = measured["gradients"].query("tensor == 'weight'")["rms"]
    assert axis.get_yscale() == "log" and axis.lines[0].get_ydata().tolist() == rms.tolist()


def fresh(folder, backend):
    """A process of its own that draws them before anything else needs matplotlib."""
    (folder / "matplotlibrc").write_text("lines.linewidth: 7\n")
    variables = os.environ | {"MPLBACKEND": backend, "PYTHONPATH": str(ROOT / "workflow" / "scripts")}
    return subprocess.run(
        [sys.executable, "-c", DRAW], cwd=folder, env=variables, capture_output=True, text=True
    )


def test_the_users_own_settings_are_those_of_the_session_afterwards(tmp_path):
    done = fresh(tmp_path, "pdf")
    assert (done.stdout, done.returncode) == ("3 pdf (0.0, 0.0, 1.0) 7.0\n", 0), done.stderr


def test_settings_that_matplotlib_refuses_are_one_sentence(tmp_path):
    last = fresh(tmp_path, "no.such").stderr.splitlines()[-1]
    assert last.startswith("actbench.errors.UserError: matplotlib cannot be imported: ") and "no.such" in last
