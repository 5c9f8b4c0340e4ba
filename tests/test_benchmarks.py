"""The benchmarks run, count right, and find the speed that docs/performance.md tells of, give or take much."""

import os
import re
import subprocess
import sys

import contenders
import gpu
import pandas as pd
import pytest
import setting
import small
import torch
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.training import fitting, loop
from actbench.training.stack import Stack
from conftest import ROOT
from torch.utils.flop_counter import FlopCounterMode

LOOK = ["git", "cat-file", "-e", f"{small.BEFORE}^{{commit}}"]
HISTORY = subprocess.run(LOOK, cwd=ROOT, stderr=subprocess.DEVNULL).returncode == 0
# What `make benchmark-gpu` must do without.
ABSENT = [
    "jinja2",
    "matplotlib",
    "PIL",
    "safetensors",
    "scipy",
    "seaborn",
    "sklearn",
    "snakemake",
    "torchvision",
]


def run(*arguments, before=""):
    """Run a benchmark as a program, after some Python."""
    program = f"import runpy, sys; sys.argv = {list(map(str, arguments))!r}; {before}\nrunpy.run_path(sys.argv[0], run_name='__main__')"
    environment = os.environ | {"PYTHONPATH": "workflow/scripts:benchmarks"}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def test_speed_side_by_side_on_this_machine(tmp_path, chaos):
    """The ratios only where nothing else runs, and loosely. The real figures: `make benchmark`."""
    rounds = 3 if chaos else 1
    done = run("benchmarks/cpu.py", "--rounds", rounds, "--images", 10_240, 2_048, "--save", tmp_path)
    assert done.returncode == 0, done.stderr
    table = pd.read_parquet(tmp_path / "benchmark.parquet").set_index("name")
    assert table.loc["notebook loop (DataLoader)", "times_notebook"] == 1
    assert table.loc["matrix products alone, 1 thread", "products"] == 1
    assert (table[["times_notebook", "products"]].dropna() > 0).all(axis=None)
    if chaos:
        assert table.loc["actbench, 1 thread", "products"] < 2 * 1.4
        assert table.loc["actbench, 2 jobs side by side", "times_notebook"] > 3
    assert (tmp_path / "benchmark.svg").read_text().count("× notebook loop") <= 1
    assert "actbench, 2 jobs side by side" in done.stdout
    assert f"median of {rounds} round" in done.stdout


def test_the_gpu_benchmark_needs_few_packages(tmp_path):
    """Here on the CPU, with a tiny study; the packages that it must do without cannot be imported."""
    blocked = f"sys.modules.update(dict.fromkeys({ABSENT!r}))"
    small = ["--device", "cpu", "--images", 1024, 256, "--epochs", 1, "--seeds", 2, "--peak-size", 256]
    done = run("benchmarks/gpu.py", *small, "--precision", "highest", "--save", tmp_path, before=blocked)
    assert done.returncode == 0, done.stderr
    assert "36 networks in" in done.stdout and "% of peak" in done.stdout
    blocks = pd.read_parquet(tmp_path / "benchmark-gpu.parquet")
    assert len(blocks) == 18 and blocks["n_networks"].eq(2).all() and blocks["tflops"].gt(0).all()
    ways = pd.read_parquet(tmp_path / "benchmark-gpu-steps.parquet")
    assert {"stack, CUDA graph", "stack by vmap, CUDA graph"} <= set(ways["way"])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_gpu_benchmark_says_so():
    done = run("benchmarks/gpu.py")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.startswith("Error: torch sees no CUDA GPU here")


def test_operations_are_counted_as_pytorch_counts_them():
    """To the last one, for a batch of 8: torch's own counter, forward and backward."""
    network = mlp.build(Recipe(setting.SIZES, "relu"), seeds.generator(0, "weights"))
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(8, setting.SIZES[0])).sum().backward()
    assert counter.get_total_flops() == 8 * network.flops[1]


def test_the_stack_by_vmap_that_ours_is_timed_against_is_the_same_network():
    ours, theirs = (kind(gpu.members("relu", (8, 8), 3, "cpu")) for kind in (Stack, gpu.Vmapped))
    x, y = torch.randn(3, 5, setting.SIZES[0]), torch.randint(10, (3, 5))
    torch.testing.assert_close(ours(x), theirs(x))
    for one, other in zip(ours.gradients(x, y)[:2], theirs.gradients(x, y)[:2], strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.skipif(not HISTORY, reason="needs the repository's history")
def test_small_networks_are_timed_against_the_loop_that_was_and_have_its_bytes():
    """Here in small; both states of the code train, and what they leave is compared."""
    done = run(
        "benchmarks/small.py", "--rounds", 1, "--widths", 16, 32, "--depth", 1, "--seeds", 2, "--epochs", 1
    )
    assert done.returncode == 0, done.stderr
    assert "2 networks, relu, depth 1, 1 epochs; same bytes" in done.stdout
    assert len(re.findall(r"^ +(?:16|32) .* s .* s +\d+\.\d\d \(", done.stdout, re.MULTILINE)) == 2


def test_the_ratio_of_small_networks_is_taken_within_rounds():
    measured = pd.DataFrame({"width": [16] * 3, "round": [1, 2, 3], "then": [2.0, 8, 3], "now": [1.0, 2, 1]})
    (row,) = small.summary(measured).to_dict("records")
    assert row == {"width": 16, "then": 3, "now": 1, "times": 3, "low": 2, "high": 4}


def test_without_the_history_the_benchmark_of_small_networks_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(small, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="Error: commit 466686a is not in this folder's history; allowed: "):
        small.unpack(tmp_path)


@pytest.mark.skipif(not HISTORY, reason="needs the repository's history")
def test_other_weights_end_the_benchmark_of_small_networks(monkeypatch):
    class Other(small.Worker):
        def __init__(self, state, scripts):
            super().__init__("now", small.ROOT / "workflow" / "scripts")
            self.seeds = 1 + (state == "then")

        def train(self, asked):
            return super().train(asked | {"seeds": self.seeds})

    monkeypatch.setattr(small, "Worker", Other)
    shape = {"depth": 1, "activation": "relu"}
    with pytest.raises(SystemExit, match="at width 8 the networks have other weights"):
        small.measure(1, [8], 1, shape)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import not_there", ModuleNotFoundError),
        ("raise ImportError('libjpeg.so.8: cannot open shared object file')", ImportError),
        ("raise RuntimeError('operator torchvision::nms does not exist')", RuntimeError),
        ("", ImportError),  # has no transforms
    ],
)
def test_a_broken_torchvision_is_not_taken_for_none(tmp_path, monkeypatch, source, error):
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text(source)
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(error):
        contenders._to_tensor()
    sys.modules.pop("torchvision", None)


def test_the_notebook_loop_does_without_torchvision(monkeypatch):
    with_it = contenders._to_tensor()
    monkeypatch.setitem(sys.modules, "torchvision", None)
    pixels = torch.arange(784, dtype=torch.uint8).view(28, 28)
    torch.testing.assert_close(contenders._to_tensor()(pixels), with_it(pixels))


def test_made_up_images_can_be_learnt():
    """So that the timed networks work on numbers such as real ones do."""
    images = setting.images(2_560, 500)
    data = images.data()
    network = mlp.build(Recipe(setting.SIZES, "relu"), seeds.generator(0, "weights"))
    fitting.fit([network], data, setting.settings(epochs=25), [seeds.generator(0, "batches")])
    assert loop.evaluate(Stack([network]), data.validation)[0][1] > 0.5
