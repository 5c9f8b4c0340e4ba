"""Bad configs end with one sentence and status 1, whichever way they come."""

import subprocess

import pytest


def refused(done, words):
    text = done.stdout
    assert done.returncode == 1
    assert words in text
    assert "Traceback" not in text and "File " not in text
    lines = [line for line in text.splitlines() if line.startswith("Config error:")]
    assert len(lines) == 1


WORDS = "training.learnig_rate is not a key of the config, did you mean learning_rate?"


def test_from_the_command_line(tiny):
    """The whole command, so that standard error and status are the real ones."""
    running = tiny.start("-n", "--config", "training={learnig_rate: 0.1}")
    text, _ = running.communicate()
    refused(subprocess.CompletedProcess([], running.returncode, text), WORDS)


def test_from_config_yaml(tiny):
    path = tiny.folder / "config.yaml"
    before = path.read_text()
    path.write_text(before.replace("learning_rate", "learnig_rate"))
    try:
        refused(tiny.snakemake("--dry-run", study=None), WORDS)
    finally:
        path.write_text(before)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("training: {learnig_rate: 0.1}", WORDS),
        ("training:\n  learning_rate: 1e-3", "training.learning_rate is '1e-3' (text)"),
        ("depths: [0]", "depths[0] is 0; allowed: a whole number from 1"),
        ("seeds: [0, 1]\nseeds: [2]", "line 2: 'seeds' stands twice"),
        ("study: ../../tmp", "study is '../../tmp' (text)"),
        ("activations: [relu, {name: mine, import: 'nowhere:A'}]", "there is no nowhere.py"),
    ],
)
def test_from_a_config_file(tiny, content, words):
    (tiny.folder / "studies" / "bad.yaml").write_text(content + "\n")
    refused(tiny.snakemake("--dry-run", study="bad"), words)


def test_file_and_command_line_give_the_same_plan(tiny):
    """Nothing is to be done when the command line repeats what the file says."""
    given = ["seeds=[0,1]", "depths=[1,2]", "training={max_epochs: 4, patience: null, histograms: true}"]
    assert not tiny.planned("--config", *given)


def test_cuda_where_there_is_none_is_one_sentence(tiny):
    done = tiny.snakemake("--config", "study=nogpu", "device=cuda")
    text = done.stdout + done.stderr
    assert done.returncode == 1 and "Traceback" not in text
    assert "Error: device is 'cuda', but nvidia-smi lists no GPU; allowed here: cpu, auto." in text
    assert not list((tiny.folder / "results" / "nogpu" / "runs").rglob("*.parquet"))


def test_data_errors_are_sentences_and_train_nothing(tiny):
    raw = tiny.folder / "broken" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            (raw / f"{part}-{kind}-ubyte").write_bytes(b"<html>")
    done = tiny.snakemake("--config", "study=broken", "dataset=mnist", "data_dir=broken")
    text = done.stdout + done.stderr
    assert done.returncode == 1 and "train-images-idx3-ubyte is not the file it should be" in text
    assert "expected 6bbc9ace898e44ae57da46a324031adb" in text and "Traceback" not in text
    assert not (tiny.folder / "results" / "broken" / "runs").exists()
    assert not (tiny.folder / "results" / "data" / "mnist.safetensors").exists()


def test_without_network_the_study_says_how_to_get_the_files(tiny):
    proxy = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    done = tiny.snakemake("--config", "study=broken", "dataset=mnist", "data_dir=empty", **proxy)
    text = done.stdout + done.stderr
    assert done.returncode == 1 and "dataset: digits needs no files at all" in text
