"""A study of own data: their content is part of the plan, and the report shows them where they are images."""

import os
import re
from collections import Counter

import numpy as np
import pytest
from actbench.data import prepared
from actbench.storage import files, yaml_files
from conftest import Project

STUDY = """
study: mine
dataset: {name: mine, file: mine.npz}
activations: [relu]
depths: [1]
seeds: [0]
network: {width: 8}
training: {batch_size: 16, max_epochs: 2}
"""
EVERY = Counter(
    [
        *(
            "prepare_own_data",
            "theory",
            "train",
            "probe_gradients",
            "probe_distributions",
            "probe_dead_neurons",
        ),
        *("aggregate", "figures", "histogram_figures", "report"),
    ]
)


def save(folder, name, fill=0.0):
    """120 images [3, 4, 4] of two classes, one of them brighter; the last number of all is `fill`."""
    y = np.arange(120) % 2
    x = np.random.default_rng(0).normal(size=(120, 3, 4, 4)) + 3 * y[:, None, None, None]
    x[-1, -1, -1, -1] = fill
    np.savez(folder / name, x=x, y=np.array(["dark", "bright"])[y])


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("own") / "actbench")
    save(project.folder, "mine.npz")
    (project.folder / "studies/mine.yaml").write_text(STUDY)
    project.done = project.snakemake(study="mine")
    assert project.done.returncode == 0, project.done.stdout
    return project


def planned(project, *arguments):
    return project.planned(*arguments, "--configfile", "studies/mine.yaml")


def test_the_study_is_of_these_data(mine):
    stored = prepared.read(mine.folder / "results/data/mine.safetensors")
    assert stored.images.shape == (120, 3, 4, 4) and stored.classes == ("bright", "dark")
    data = files.read_json(mine.folder / "results/mine/provenance.json")["data"]
    assert (data["dataset"], data["own_data"]["classes"]) == ("mine", ["bright", "dark"])
    assert data["sha256"] == [stored.digest]
    page = mine.page("mine")
    assert "The first images of each class of mine." in page and "83 training, 17 validation, 20 test" in page
    assert (mine.folder / "results/mine/figures/images.png").is_file()


def test_rows_of_a_table_are_examples(mine):
    """The page of a study of rows that are no images never calls them so, but in the keys of its config."""
    rng = np.random.default_rng(1)
    rows = [f"{a},{b},{'uv'[int(a > b)]}" for a, b in rng.normal(size=(120, 2)).tolist()]
    (mine.folder / "rows.csv").write_text("\n".join(["a,b,kind", *rows]))
    text = STUDY.replace("study: mine", "study: rows")
    text = text.replace("{name: mine, file: mine.npz}", "{name: rows, file: rows.csv, label: kind}")
    (mine.folder / "studies/rows.yaml").write_text(text)
    done = mine.snakemake(study="rows")
    assert done.returncode == 0, done.stdout
    page = mine.page("rows")
    assert "83 training, 17 validation, 20 test examples" in page and "Examples per second" in page
    seen = re.sub(r"<(style|script|pre)\b.*?</\1>|<[^>]*>", " ", page)
    described = " ".join(re.findall(r' (?:alt|title|aria-label)="([^"]*)"', page))
    assert "Mean field theory predicts" in seen and "by activation" in described
    assert re.findall(r"\w*image\w*", f"{seen} {described}", re.IGNORECASE) == []


def test_what_is_written_is_the_same_study(mine):
    written = yaml_files.read(mine.folder / "results/mine/config.yaml")
    assert written["dataset"] == {"name": "mine", "file": "mine.npz", "label": None}
    assert mine.planned("--configfile", "results/mine/config.yaml") == Counter()


def test_content_counts_and_not_date_or_place(mine):
    file, moved = mine.folder / "mine.npz", mine.folder / "moved.npz"
    times, before = file.stat(), file.read_bytes()
    os.utime(file)
    assert planned(mine) == Counter()
    file.rename(moved)
    assert planned(mine, "--config", "dataset={file: moved.npz}") == Counter(["report"])
    moved.rename(file)
    save(mine.folder, "mine.npz", fill=1.0)
    assert planned(mine) == EVERY
    file.write_bytes(before)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert planned(mine) == Counter()


@pytest.mark.fault(
    "own data that cannot be used",
    "a file of own data that is not there, and one with NaN in its last row",
    "one sentence that names the file and the row; nothing of the study is written",
)
def test_data_that_cannot_be_used_are_one_sentence(mine, tried):
    done = mine.snakemake("-n", "--config", "dataset={name: other, file: other.npz}", study="mine")
    assert done.returncode == 1 and "Traceback" not in done.stdout
    assert "Config error: dataset.file is 'other.npz'; allowed: a file that is there." in done.stdout
    save(mine.folder, "other.npz", fill=np.nan)
    said = ("study=other", "dataset={name: other, file: other.npz}")
    done = mine.snakemake("--config", *said, "--", "results/data/other.safetensors", study="mine")
    assert done.returncode == 1 and "Traceback" not in done.stdout
    assert "dataset.file is 'other.npz': x has nan in row 119; allowed: finite numbers." in done.stdout
    assert not list((mine.folder / "results/data").glob("*other.safetensors*"))
    tried(2, "as expected")
