"""The benchmarks run, count right, and find the speed that docs/performance.md tells of, give or take much."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import contenders
import gpu_page
import gpu_speed
import pandas as pd
import pytest
import scale
import setting
import small
import torch
from actbench.analysis import aggregation, job, searches
from actbench.data import acquire
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.training import fitting, loop
from actbench.training.stack import Stack
from conftest import ROOT
from gpu_run import Run
from torch.utils.flop_counter import FlopCounterMode

LOOK = ["git", "cat-file", "-e", f"{small.BEFORE}^{{commit}}"]
HISTORY = subprocess.run(LOOK, cwd=ROOT, stderr=subprocess.DEVNULL).returncode == 0
# What `make benchmark-gpu` must do without.
ABSENT = [
    "PIL",
    "hypothesis",
    "jinja2",
    "jsonschema",
    "matplotlib",
    "psutil",
    "scipy",
    "seaborn",
    "sklearn",
    "snakemake",
    "statsmodels",
    "torchvision",
    "yaml",
]


def run(*arguments, before=()):
    """Run a benchmark as a program; its Python looks for modules in the folders `before` first."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([*map(str, before), "workflow/scripts"])}
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def test_speed_side_by_side_on_this_machine(tmp_path, chaos):
    """The ratios only where nothing else runs, and loosely. The real figures: `make benchmark`."""
    rounds, images = (3, (10_240, 2_048)) if chaos else (1, (1_024, 512))
    done = run("benchmarks/cpu.py", "--rounds", rounds, "--images", *images, "--save", tmp_path)
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
    """Here on the CPU, all of it in small; what it must do without cannot be imported, in its own processes neither."""
    (tmp_path / "sitecustomize.py").write_text(f"import sys; sys.modules.update(dict.fromkeys({ABSENT!r}))")
    page = tmp_path / "page.md"
    page.write_text(f"before {gpu_page.BEGIN} as it was {gpu_page.END} after")
    small = ["--device", "cpu", "--small", "--save", tmp_path, "--page", page]
    done = run("benchmarks/gpu.py", *small, before=[tmp_path])
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "benchmark-gpu.jsonl").read_text().splitlines()]
    assert not [row for row in rows if {"failed", "errors"} & row.keys()]
    ended = [row["section"] for row in rows if "seconds" in row and len(row) == 3]
    sections = [work.__name__ for work, _ in gpu_speed.SECTIONS]
    assert list(dict.fromkeys(ended)) == [*sections, "failed_capture"]
    of = {name: [row for row in rows if row["section"] == name] for name in ended}
    assert of["correctness"][-2]["cases"] == 12 and of["correctness"][-2]["otherwise"] == 0
    assert of["gpu_tests"][0]["status"] == 0 and of["job"][0]["training"] > 0
    assert {row["activation"] for row in of["study"] if "best" in row} == {"sigmoid"}
    assert page.read_text().endswith(" as it was <!-- end of benchmark-gpu --> after")  # it was no GPU


def made_up_run(tmp_path):
    """Lines as of a GPU: two blocks in both precisions, 1 and 2 s each."""
    run = Run("cpu", tmp_path / "lines.jsonl", 1000, small=False)
    run.say("environment", device="Made-up GPU", torch="9.9")
    run.say("ceilings", of="product", precision="highest", tflops=50.0)
    run.say("tutorial", images_per_second=5_000.0)
    for precision, best in (("highest", [0.8, 0.9]), ("high", [0.81, 0.93])):
        for depth in (2, 4):
            place = {"activation": "relu", "depth": depth, "precision": precision}
            count = {
                "n_networks": 2,
                "n_epochs": 50,
                "n_images": 3_000_000 * depth,
                "operations": 1e13 * depth,
            }
            run.say("study", **place, **count, seconds=depth / 2, best=best)
        gpu_speed.total(run, precision)
    return run


def test_a_study_on_a_gpu_is_summed_up(tmp_path):
    run = made_up_run(tmp_path)
    of_float32, of_tf32 = run.found("study_total")
    assert of_float32["n_networks"] == 4 and of_float32["seconds"] == 3
    assert of_float32["images_per_second"] == 6e6 and of_float32["times_tutorial"] == 1200
    assert of_float32["tflops"] == 20 and of_float32["of_peak"] == 0.4 and of_float32["differences"] is None
    assert of_tf32["of_peak"] is None
    assert [row["mean"] for row in of_tf32["differences"]] == pytest.approx([0.02, 0.02])
    assert [row["standard_error"] for row in of_tf32["differences"]] == pytest.approx([0.01, 0.01])


def test_the_page_has_what_was_measured(tmp_path):
    run = made_up_run(tmp_path)
    run.say("correctness", cases=144, otherwise=0, furthest_from_cpu=2e-6)
    run.say("gpu_tests", status=0)
    common = {"way": "stack", "activation": "relu", "depth": 4, "n_networks": 10, "captured": True}
    run.say("steps", **common, precision="highest", s=1e-4, images_per_second=2.56e7, tflops=25.0)
    run.say("job", status=0, activation="relu", n_networks=10, n_epochs=10, seconds=9.0, training=3.0)
    path = tmp_path / "page.md"
    path.write_text(f"before\n\n{gpu_page.BEGIN}\n\nnothing yet\n\n{gpu_page.END}\n\nafter\n")
    gpu_page.write(run, path)
    page = path.read_text()
    assert page.startswith("before\n") and page.endswith("\nafter\n") and "nothing yet" not in page
    assert "on one Made-up GPU, torch 9.9" in page and "Of 144 trainings" in page and ", 0 differ" in page
    assert "| 10 | 4 | relu | float32 | captured | 100 µs | 25,600,000 | 25.0 | 50 % |" in page
    assert "4 networks, 50 epochs each, in float32: 3.0 s, 6,000,000 images/s, 1,200 times" in page
    assert "+2.00 percentage points" in page and "9.0 s from its start to its end" in page


def test_the_page_of_the_project_has_a_place_for_it():
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert "measured" in gpu_page.replaced(page, "measured")
    with pytest.raises(SystemExit, match="Error: the page has not the marks"):
        gpu_page.replaced("no marks", "measured")


def test_a_section_that_fails_or_has_no_time_leaves_the_others(tmp_path):
    def broken(run):
        raise RuntimeError("no memory")

    def well(run):
        run.say("well", value=1)

    run = Run("cpu", tmp_path / "lines.jsonl", 100, small=True)
    run.section(broken, 0)
    run.section(well, 200)
    run.section(well, 0)
    rows = [json.loads(line) for line in (tmp_path / "lines.jsonl").read_text().splitlines()]
    assert "no memory" in rows[0]["failed"] and "broken" in rows[0]["traceback"]
    assert rows[2]["section"] == "well" and rows[2]["left_out"] == "100 s left, 200 needed"
    assert rows[3]["value"] == 1


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
    ours, theirs = (kind(gpu_speed.members("relu", (8, 8), 3, "cpu")) for kind in (Stack, gpu_speed.Vmapped))
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


def test_a_study_with_recipes_is_made_up_as_its_jobs_would_write_it(tmp_path, monkeypatch):
    """Aggregation takes it, and a search's rate is that of the networks it was for."""
    (tmp_path / "workflow").symlink_to(ROOT / "workflow")
    monkeypatch.chdir(tmp_path)
    config = scale.configured("recipes", (3, 2, 2))
    scale.make_up(config, acquire.dataset("digits", "nowhere"))
    paths = [path for path in sorted(Path("results").rglob("*")) if path.is_file()]
    assert len(paths) == 3 * 2 * 5 * (9 + 3)
    stages = ("train", "tune", *(f"probe_{name}" for name in scale.MEASURED))
    code = {path: digest for stage in stages for path, digest in scale.described(stage)["code"].items()}
    specs = {entry["id"]: entry["spec"] for entry in config["activations"]}
    blocks = [job._block(path.parent, config, specs) for path in paths if path.name == "config.json"]
    runs = aggregation.collect(blocks, code)["runs"].to_pandas()
    chosen = [job._search(path, config, specs) for path in paths if path.name == "chosen.json"]
    found = searches.collect(chosen, code, 0.005)
    assert len(runs) == 3 * 2 * 5 * 2 and len(found["tuning"]) == 3 * 2 * 5 * 6 * 2
    both = runs.merge(found["rates"].to_pandas(), on=["activation", "depth", "setting", "fold"])
    assert (both["learning_rate_x"] == both["learning_rate_y"]).all() and len(both) == len(runs)
    assert runs["learning_rate"].nunique() > 1 and runs["test_accuracy"].nunique() > len(runs) / 2


def test_the_report_of_many_networks_with_recipes_stays_small(tmp_path, only_chaos):
    """1,000 networks: the page of 10,000 has the same figures, and tables of the same length."""
    done = run("benchmarks/scale.py", tmp_path / "copies", "--kinds", "recipes", "--networks", 1000)
    assert done.returncode == 0, done.stderr
    row = dict(line.split() for line in done.stdout.splitlines())
    assert row["networks"] == "1000" and row["jobs"] == str(500 * (4 + 1) + 8)
    assert float(row["report_mb"]) < 10 and float(row["most_gib"]) < 2
