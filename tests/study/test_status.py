"""What `snakemake status` says, of made-up files."""

import os
from pathlib import Path

import pytest
from actbench.runtime import waiting
from actbench.study import grid, status

NOW = 10_000.0
STARTED = NOW - 100


def recipe(rate=0.1, hidden=((4,), (4, 4))):
    return {
        "network": {"hidden_sizes": [list(sizes) for sizes in hidden]},
        "training": {"learning_rate": rate, "max_epochs": 10},
        "tuning": {"max_epochs": 5},
    }


CONFIG = {
    "study": "made",
    "dataset": "digits",
    "activations": [{"id": "relu"}, {"id": "tanh"}],
    "depths": [1, 2],
    "seeds": [0, 1, 2],
    "seeds_per_job": 2,
    "settings": {"default": recipe(), "tuned": recipe(grid.TUNED)},
}
FILES = {
    "prepare_data": ("data.safetensors", "data.log"),
    "tune": ("tuning/{activation}{depth}{setting}", "logs/tune-{activation}{depth}{setting}"),
    "train": ("runs/{activation}{depth}{setting}{block}", "logs/train-{activation}{depth}{setting}{block}"),
    "report": ("page.html", "report.log"),
}


def written(path: str, text: str = "", at: float = NOW - 10) -> None:
    Path(path).parent.mkdir(exist_ok=True, parents=True)
    Path(path).write_text(text, encoding="utf-8")
    os.utime(path, (at, at))


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return status.planned(CONFIG, FILES)


def said(jobs):
    return status.told("made", jobs, "progress.txt", "locks", NOW).splitlines()


def end(job, seconds=1.0):
    written(job.output)
    written(
        job.log, f"2026-11-29 20:20:42,369 CPU seconds: imports 0.5, work {seconds - 0.5}; at most 9 MiB\n"
    )


def of_rule(jobs, rule):
    return [job for job in jobs if job.rule == rule]


def test_jobs_are_those_of_the_grid(jobs):
    assert {name: total for name, (_, total) in status.counted(jobs, []).items()} == {
        "data": 1,
        "tune": 4,
        "train": 16,
        "report": 1,
    }
    assert {job.title for job in jobs} >= {
        "tune relu, depth 1, tuned",
        "train tanh, depth 2, default, seeds 2-3",
        "report",
    }
    assert len({job.output for job in jobs}) == len(jobs)


def test_work_counts_networks_layers_products_and_epochs():
    layers = [status.LAYER + 64 * 4, status.LAYER + 4 * 4]
    assert status.work(CONFIG, "train", 2, "default", 3) == 3 * 10 * sum(layers)
    assert status.work(CONFIG, "tune", 1, "tuned") == 5 * layers[0]
    assert status.work(CONFIG, "probe_gradients", 1, "default", 2) == 2 * layers[0]
    assert status.work(CONFIG, "report") == 1


def test_never_started(jobs):
    assert said(jobs) == [
        "Study made has not been started",
        "  data    0 of  1",
        "  tune    0 of  4",
        "  train   0 of 16",
        "  report  0 of  1",
    ]


def test_complete(jobs):
    written("progress.txt", f"20 {STARTED}\nrelu: test accuracy 90.0–95.5 %, 2 of 2 trained\n")
    for job in jobs:
        end(job)
    assert said(jobs)[0] == "Study made is complete"
    assert said(jobs)[-1] == "The last run: test accuracy 90.0–95.5 %"
    assert not any("left" in line for line in said(jobs))


def test_running_elsewhere(jobs):
    """Four searches took 10 s each within 100 s, so that what remains takes as long by its own measure."""
    written("progress.txt", f"20 {STARTED}\ntanh: test accuracy 80.0 %, 2 of 2 trained\n")
    written("locks/0.output.lock", f"{jobs[-1].output}\n")
    end(jobs[0])
    for job in of_rule(jobs, "tune"):
        end(job, 10.0)
    first, second, *_ = of_rule(jobs, "train")
    written(first.log, "epoch 1", NOW - 3)
    written(second.log, "Error: the disk is full\n", NOW - 5)
    lines = said(jobs)
    assert lines[0] == "Study made runs (last sign 3 s ago)"
    assert lines[2:4] == ["  tune    4 of  4", "  train   0 of 16"]
    assert lines[5:] == [
        f"Running: {first.title}",
        f"Failed: {second.title}",
        "So far: test accuracy 80.0 %",
    ]


def test_time_left_is_that_of_the_measured_work(jobs):
    """Half of the networks took 100 s, one after the other: so will the other half, and the page is not known."""
    written("progress.txt", f"20 {STARTED}\n")
    written("locks/0.output.lock", f"{jobs[-1].output}\n")
    training = of_rule(jobs, "train")
    total = sum(job.work for job in training if job.title.startswith("train relu"))
    for job in training:
        if job.title.startswith("train relu"):
            end(job, 100 * job.work / total)
    assert said(jobs)[-1] == "Time: more than 100 s left".replace("100 s", waiting.duration(100))
    for job in jobs:
        if job.rule != "train":
            written(job.output)
    assert said(jobs)[-1] == f"Time: about {waiting.duration(100)} left"


def test_what_ran_before_this_start_measures_nothing(jobs):
    written("progress.txt", f"20 {STARTED}\n")
    written("locks/0.output.lock", f"{jobs[-1].output}\n")
    for job in of_rule(jobs, "tune"):
        end(job)
        os.utime(job.log, (STARTED - 1, STARTED - 1))
    assert not any("Time" in line for line in said(jobs))


@pytest.mark.parametrize("progress", ["", "nonsense\n", "1 nan\n", "20 1e400\n"])
def test_stopped_and_broken_files(jobs, progress):
    """A lock of another study's files says nothing; neither does a file that cannot be read."""
    written("locks/0.output.lock", "other.html\n")
    written("progress.txt", progress)
    end(jobs[0])
    Path(jobs[1].log).mkdir(parents=True)
    assert said(jobs)[0] == "Study made is not complete, and does not run"
    written("locks/1.output.lock", f"{jobs[0].output}\n")
    assert said(jobs)[0].startswith("Study made runs (last sign")
