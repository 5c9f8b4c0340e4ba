"""`snakemake probe`: a state dict on the data of a study, planned by its content, on one page."""

import shutil
from collections import Counter

import actbench
import pandas as pd
import pytest
import safetensors.torch
from conftest import Project

SAVED = ("--config", "checkpoint=weights.safetensors", "activations=[tanh]")
PROBE = ("--", "probe")


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("probe") / "actbench")
    trained = actbench.train("tanh", 2, network={"width": 16, "norm": "batch"}, training={"max_epochs": 2})
    project.trained = trained
    safetensors.torch.save_file(trained.network(0).state_dict(), project.folder / "weights.safetensors")
    project.done = project.snakemake(*SAVED, *PROBE)
    assert project.done.returncode == 0, project.done.stdout
    return project


def test_the_tables_are_those_of_the_network(probed):
    """Which the study's own split gives again."""
    expected = actbench.probe(probed.trained.network(0), probed.trained.data)
    for name, table in expected.items():
        stored = pd.read_parquet(probed.folder / f"results/tiny/checkpoint/{name}.parquet")
        keys = [key for key in ("layer", "tensor", "signal") if key in table]
        assert stored.columns.tolist() == table.columns.tolist()
        both = [frame.sort_values(keys).drop(columns="counts", errors="ignore") for frame in (stored, table)]
        pd.testing.assert_frame_equal(*(frame.reset_index(drop=True) for frame in both), check_dtype=False)


def test_the_page_says_what_it_is(probed):
    page = probed.page("tiny_checkpoint")
    (run,) = probed.trained.runs
    assert f"weights.safetensors classifies {100 * run['test_accuracy']:.1f} % of the 300 test images" in page
    assert "an MLP of 64–16–16–10, 2 hidden layers, tanh; biases; BatchNorm1d between" in page
    assert page.count("<figure") == 3 and "script-src 'sha256-" in page


def test_it_is_planned_by_its_content(probed):
    assert probed.planned(*SAVED, *PROBE) == Counter()
    shutil.copyfile(probed.folder / "weights.safetensors", probed.folder / "moved.safetensors")
    moved = ("--config", "checkpoint=moved.safetensors", "activations=[tanh]")
    assert probed.planned(*moved, *PROBE) == Counter(["probe"])  # which shows its name
    other = actbench.MLP([64, 16, 16, 10], "tanh").state_dict()
    safetensors.torch.save_file(other, probed.folder / "moved.safetensors")
    assert probed.planned(*moved, *PROBE) == Counter(["checkpoint", "probe"])
    gone = ("--config", "checkpoint=gone.safetensors", "verify_checkpoints=nowhere")
    assert (
        probed.snakemake("-n", *gone, "--", "all").returncode == 0
    )  # what has no use for either does not look
    with probed.edited("workflow/scripts/actbench/report/checkpoint.py"):
        assert probed.planned(*SAVED, *PROBE) == Counter(["probe"])
    with probed.edited("workflow/scripts/actbench/networks/statedicts.py"):
        assert probed.planned(*SAVED, *PROBE) == Counter(["checkpoint", "probe"])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("activations=[relu]",), "Config error: checkpoint is null; allowed: the path of a state dict"),
        (
            ("checkpoint=weights.safetensors",),
            "activations are relu, tanh; allowed with checkpoint: the one of",
        ),
        (("checkpoint=gone.pt", "activations=[relu]"), "Config error: gone.pt cannot be read: No such file"),
        (
            ("checkpoint=studies", "activations=[relu]"),
            "Config error: studies cannot be read: Is a directory",
        ),
    ],
)
def test_what_cannot_be_planned_is_one_sentence(probed, given, words):
    done = probed.snakemake("-n", "--config", *given, *PROBE)
    assert done.returncode == 1 and words in done.stdout and "Traceback" not in done.stdout


def test_what_the_job_finds_is_one_sentence_and_the_page_stays(probed):
    (probed.folder / "junk.pt").write_text("junk")
    before = probed.page("tiny_checkpoint")
    done = probed.snakemake("--config", "checkpoint=junk.pt", "activations=[tanh]", *PROBE)
    assert done.returncode == 1 and "junk.pt is no state dict of torch.save, or not all" in done.stdout
    assert "Traceback" not in done.stdout and probed.page("tiny_checkpoint") == before
