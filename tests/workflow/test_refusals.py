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


@pytest.mark.parametrize("study", [None, "tiny"])
def test_from_config_yaml(tiny, study):
    with tiny.replaced("config.yaml", "training: {learnig_rate: 0.1}\n"):
        refused(tiny.snakemake("--dry-run", study=study), WORDS)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("training: [1", "config.yaml, line 2: expected ',' or ']'"),
        ("depths: *a", "config.yaml, line 1: found undefined alias 'a'."),
        ("__use_yte__: true\nstudy: ?open('run', 'w')", "__use_yte__ is not a key of the config"),
        ("- study: a", "config.yaml is a list; allowed: keys with values"),
        ("study: a\x07", "config.yaml has the character '\\x07', which YAML forbids."),
    ],
)
def test_a_broken_config_yaml(tiny, content, words):
    with tiny.replaced("config.yaml", content + "\n"):
        refused(tiny.snakemake("--dry-run", study=None), words)
    assert not (tiny.folder / "run").exists()


def test_broken_yaml_in_a_study_file_is_snakemakes_own_sentence(tiny):
    (tiny.folder / "studies" / "bad.yaml").write_text("depths: [1\n")
    done = tiny.snakemake("--dry-run", study="bad")
    assert done.returncode == 1 and "Traceback" not in done.stdout
    assert "Config file is not valid JSON or YAML." in done.stdout


def test_a_folder_without_any_study(tiny, tmp_path):
    words = f"there is no config.yaml in {tmp_path}; name a study with --configfile."
    refused(tiny.snakemake("--dry-run", "--directory", str(tmp_path), study=None), words)


def test_snakemakes_own_option_that_jobs_are_not_told_of(tiny):
    words = (
        "--replace-workflow-config is given; allowed: to leave it out, since a --configfile takes the place"
    )
    refused(tiny.snakemake("--dry-run", "--replace-workflow-config"), words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("training: {learnig_rate: 0.1}", WORDS),
        (
            "training:\n  max_epochs: 1_000",
            "training.max_epochs is '1_000' (text); allowed: a whole number from 1",
        ),
        ("depths: [2:4]", "depths[0] is '2:4' (text); allowed: a whole number from 1 to 1000"),
        ("training: {histograms: on}", "training.histograms is 'on' (text); allowed: true, false"),
        ("seeds: [2024-01-01]", "seeds[0] is '2024-01-01' (text); allowed: a whole number from 0"),
        ("seeds: !!set {1}", "line 1: could not determine a constructor for the tag"),
        (
            "depths: [1]\nnetwork: {hidden_sizes: [[8]]}",
            "depths is [1] and network.hidden_sizes is [[8]]; allowed: one",
        ),
        ("depths: [0]", "depths[0] is 0; allowed: a whole number from 1"),
        ("seeds: [0, 1]\nseeds: [2]", "line 2: 'seeds' stands twice"),
        ("study: ../../tmp", "study is '../../tmp' (text)"),
        ("seeds: &seeds [*seeds]", "line 1: found unconstructable recursive node."),
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
    assert (
        "Error: device is 'cuda', but nvidia-smi lists no GPU that CUDA_VISIBLE_DEVICES= names; allowed here: cpu, auto."
        in text
    )
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
    assert done.returncode == 1 and "dataset: digits and dataset: mnist1d need no files at all" in text


def test_results_of_an_earlier_version_are_refused_before_anything_runs(tiny):
    """Whose paths had no setting; those of another study do not matter."""
    folder = tiny.folder / "results" / "old" / "runs" / "relu" / "d2" / "seeds0-1"
    folder.mkdir(parents=True)
    running = tiny.start("--config", "study=old")
    text, _ = running.communicate()
    assert running.returncode == 1 and "Traceback" not in text
    sentence = (
        "Error: results/old/runs/relu/d2/seeds0-1 was made by an earlier version of actbench: delete results/old, "
        "or give the study another name."
    )
    assert [line for line in text.splitlines() if line.startswith("Error")] == [sentence]
    assert sorted(folder.parents[2].parent.rglob("*")) == sorted([*folder.parents[:3], folder])
    assert not tiny.planned()
