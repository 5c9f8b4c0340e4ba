"""How long a study will take, with made-up speeds."""

import doctest

import pytest
from actbench.storage import yaml_files
from actbench.study import estimate, grid, settings, status
from conftest import ROOT, SCHEMA


@pytest.fixture(scope="module")
def config():
    """That of config.yaml: 36 searches of 15 networks and 36 blocks of 5."""
    return settings.with_recipes(yaml_files.read(ROOT / "config.yaml"), SCHEMA)


def jobs(config):
    rules = ["train", "tune", "probe_gradients", "probe_distributions", "probe_dead_neurons"]
    for rule in rules:
        for _ in config["activations"]:
            for depth in config["depths"]:
                for setting in config["settings"]:
                    yield rule, depth, setting, 5
    yield from ((rule, 0, "", 1) for rule in ("theory", "aggregate", "figures", "report"))


def test_examples():
    assert doctest.testmod(estimate) == (0, 1)


def test_steps_are_those_of_all_networks_and_epochs(config):
    """Of 1,797 digits 300 test and 250 validate; 1,247 train, in 19 batches of 64."""
    looks = 1 + 250 / (3 * 1247)
    trained, tuned = (estimate.load(config, rule, 4, "critical", 5) for rule in ("train", "tune"))
    assert trained.steps == pytest.approx(5 * 40 * 19 * looks)
    assert tuned.steps == pytest.approx(5 * 3 * 15 * 19 * looks)
    assert trained.work == status.of_network(config, 4, "critical")
    assert estimate.load(config, "probe_gradients", 4, "critical", 5).steps == 0
    folded = dict(config) | {"evaluation": config["evaluation"] | {"folds": 3}}
    assert estimate.load(folded, "train", 4, "critical", 5).steps > 2 * 5 * 40 * 12


def test_a_study_takes_its_steps_and_its_jobs(config):
    loads = [estimate.load(config, *job) for job in jobs(config)]
    measured = [(load.work, 1e-3) for load in loads if load.rule == "train"]
    steps = sum(load.steps for load in loads)
    beside = 184 * estimate.START + 108 * estimate.PROBE
    for at_once in (1, 4):
        assert estimate.seconds(loads, measured, at_once) == pytest.approx(
            (steps * 1e-3 + beside) / at_once + estimate.PAGE
        )


def test_what_is_measured_is_what_is_asked(config):
    asked = estimate.asked(config)
    assert [len(one["params"]["hidden_sizes"]) for one in asked] == [2, 8]
    assert {one["n_networks"] for one in asked} == {5}
    assert (asked[0]["n_pixels"], asked[0]["n_classes"]) == (64, 10)
    works = [status.of_network(config, depth, grid.reference(config)) for depth in (2, 8)]
    assert estimate.measured(config, [1.0, 2.0]) == [(works[0], 1.0), (works[1], 2.0)]


def test_a_single_depth_is_measured_once():
    given = {"activations": ["relu"], "depths": [2], "seeds": [0, 1, 2]}
    single = settings.with_recipes(given, SCHEMA)
    asked = estimate.asked(single)
    assert [one["n_networks"] for one in asked] == [3]
    assert len(estimate.measured(single, [1.0])) == 1


def test_more_work_never_takes_less_than_no_time():
    assert estimate.of_step(1.0, [(5.0, 1.0), (6.0, 3.0)]) == 0
