"""A study of two settings, made of the tiny study by adding one."""

import re
from collections import Counter

import actbench
import pandas as pd
import pytest
from actbench.errors import UserError
from actbench.storage import yaml_files

ADAM = "adam: {training: {optimizer: adam, learning_rate: 0.01}}"
BOTH = f"settings={{default: {{}}, {ADAM}}}"
AFTER = Counter(["aggregate", "figures", "histogram_figures", "report"])


def weights(project):
    """Bytes of every block's weights, by activation, depth and setting."""
    found = project.folder.glob("results/tiny/runs/*/*/*/*/model.safetensors")
    return {path.parts[-5:-2]: path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def two(tiny, tmp_path_factory):
    project = tiny.copy(tmp_path_factory.mktemp("two") / "actbench")
    project.alone = project.tables()
    project.last_run = project.snakemake("--config", BOTH)
    assert project.last_run.returncode == 0, project.last_run.stdout
    return project


def test_the_networks_of_the_first_setting_are_those_of_before(tiny, two):
    before, after = weights(tiny), weights(two)
    assert {key: after[key] for key in before} == before
    assert {setting for *_, setting in after.keys() - before.keys()} == {"adam"} and len(after) == 8
    assert after["relu", "d1", "adam"] != after["relu", "d1", "default"]
    assert two.last_run.stdout.count("Train ") == 4


def test_messages_name_the_setting(two):
    assert "Train tanh, depth 2, adam, seeds 0-1" in two.last_run.stdout
    assert re.search(r"\[\d/4\] tanh, depth 2, adam, seeds 0-1: test accuracy", two.last_run.stdout)
    assert ", default, " not in two.last_run.stdout


def test_tables_have_rows_of_both_and_those_of_one_are_those_of_before(tiny, two):
    both = actbench.read("tiny", two.folder)
    assert {"default", "adam"} == set(both["runs"]["setting"]) == set(both["decay"]["setting"])
    assert dict(zip(both["settings"]["setting"], both["settings"]["position"], strict=True)) == {
        "default": 0,
        "adam": 1,
    }
    before = actbench.read("tiny", tiny.folder)
    one = actbench.read("tiny", two.folder, setting="default")
    for name in ("runs", "history", "gradients", "histograms", "over_depths", "decay", "properties"):
        pd.testing.assert_frame_equal(one[name], before[name], check_categorical=False)
    csv = pd.read_csv(two.folder / "results/tiny/tables/comparison.csv")
    assert Counter(csv["setting"]) == {"default": 4, "adam": 4}
    with pytest.raises(UserError, match=r"^setting is 'sgd'; allowed for the study tiny: default, adam\.$"):
        actbench.read("tiny", two.folder, setting="sgd")


def test_figures_of_the_first_setting_are_those_of_before(tiny, two):
    drawn = sorted(path.name for path in tiny.folder.glob("results/tiny/figures/*.svg"))
    both = {path.name for path in two.folder.glob("results/tiny/figures/*.svg")}
    assert both == {*drawn, "performance_profile.svg"}
    of_all = {
        "correlation_map",
        "edge_of_chaos",
        "decay_and_training",
        "theory_gradients",
        "theory_activations",
    }
    for name in (name for name in drawn if name.removesuffix(".svg") not in of_all):
        before, after = ((p.folder / "results/tiny/figures" / name).read_bytes() for p in (tiny, two))
        assert before == after, name


def test_the_page_says_what_it_shows(tiny, two):
    text = " ".join(two.page().split())
    assert "16 networks: 8 cells (2 activations × 2 depths × 2 settings) × 2 seeds" in text
    said = "<code>default</code> (shown): "
    assert said in two.page() and said not in tiny.page()
    assert "for all 4 comparisons of all settings at once" in two.page()


def test_the_resolved_config_runs_again_and_has_nothing_to_do(tiny, two):
    path = two.folder / "results" / "tiny" / "config.yaml"
    assert list(yaml_files.read(path)["settings"]) == ["default", "adam"]
    assert "settings" not in yaml_files.read(tiny.folder / "results" / "tiny" / "config.yaml")
    for project in (tiny, two):
        done = project.snakemake("-n", "--configfile", "results/tiny/config.yaml", study=None)
        assert done.returncode == 0 and "Nothing to be done" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("given", "jobs"),
    [
        ([BOTH], Counter()),
        ([f"settings={{{ADAM}, default: {{}}}}"], AFTER),
        ([f"settings={{{ADAM}}}"], AFTER + Counter(["theory"])),
        ([], AFTER + Counter(["theory"])),
    ],
    ids=["the same", "in another order", "without the default", "without the other"],
)
def test_settings_reordered_and_removed_train_nothing(two, given, jobs):
    assert two.planned(*(["--config", *given] if given else [])) == jobs


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("settings={a: {}, a: {}}", "'a' stands twice in the same mapping"),
        ("settings={a: {training: {optimizer: [sgd, adam]}}}", "settings.a: training.optimizer is ['sgd', 'adam']"),
        ("settings=adam", "settings is 'adam' (text); allowed: a mapping of names to overrides."),
    ],
)  # fmt: skip
def test_wrong_settings_are_one_sentence(tiny, given, words):
    done = tiny.snakemake("-n", "--config", given)
    assert done.returncode == 1 and words in done.stdout and "Traceback" not in done.stdout
