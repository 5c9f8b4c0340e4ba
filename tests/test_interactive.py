"""The public names: what a notebook gets, in any folder."""

import doctest
import shutil
import subprocess
import sys
import tomllib

import actbench
import numpy as np
import pandas as pd
import pytest
import torch
from actbench.data import own
from actbench.errors import UserError
from actbench.networks import family
from actbench.runtime import seeds
from actbench.storage import files, parquet
from conftest import ROOT
from test_rooms import PACKAGE
from torch import nn


def test_an_import_loads_nothing_and_names_are_there(tmp_path):
    """Nor does any name of the standard library come with it."""
    code = (
        "import sys, importlib; before = set(sys.modules); import actbench; "
        "print(*sorted(set(sys.modules) - before)); print(*dir(actbench))"
    )
    command = [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(ROOT / 'workflow/scripts')!r}); {code}",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["actbench", "Classifier MLP MeanField load probe read train"]
    with pytest.raises(AttributeError, match="no attribute 'fit'"):
        _ = actbench.fit
    assert all(getattr(actbench, name).__doc__ for name in dir(actbench))


@pytest.mark.parametrize("name", dir(actbench))
def test_an_example_of_each_public_name(digits, name):
    public = {each: getattr(actbench, each) for each in dir(actbench)}
    (found,) = doctest.DocTestFinder(recurse=False).find(public[name], name, globs=public)
    assert found.examples
    found.globs["torch"] = torch
    assert doctest.DocTestRunner().run(found).failed == 0


def test_own_data_of_a_file_and_of_memory_give_the_same_numbers(tmp_path):
    x = np.random.default_rng(0).normal(1e6, 5, (150, 4))
    y = np.where(x[:, 0] > 1e6, "high", "low")
    np.savez(tmp_path / "mine.npz", x=x, y=y)
    how = {"network": {"width": 8}, "training": {"batch_size": 25, "max_epochs": 10}}
    named = {"name": "mine", "file": str(tmp_path / "mine.npz")}
    of_file, of_memory = (
        actbench.train("tanh", 1, [3], **how | given)
        for given in ({"dataset": named}, {"images": own.of_arrays("mine", x, y)})
    )
    assert of_file.runs == of_memory.runs and of_file.runs[0]["test_accuracy"] > 0.9
    assert len(actbench.probe(of_file.network(3), of_file.data)["dead_neurons"]) == 1


def test_networks_of_single_epochs_come_with_the_trained_ones():
    how = {"network": {"width": 8}, "training": {"batch_size": 64, "max_epochs": 2}, "probe_epochs": [1, 2]}
    trained = actbench.train("relu", 1, [3], **how)
    shorter = {"training": {"batch_size": 64, "max_epochs": 1}, "probe_epochs": [1]}
    ended = actbench.train("relu", 1, [3], **how | shorter).states[3, 0]
    assert torch.equal(trained.network(3, epoch=1).linears[0].weight, ended["linears.0.weight"])
    assert not torch.equal(trained.network(3, epoch=2).linears[0].weight, ended["linears.0.weight"])
    with pytest.raises(
        UserError, match=r"^probe_epochs is \[1, 3\]; allowed: epochs up to training.max_epochs"
    ):
        actbench.train("relu", 1, [3], **how | {"probe_epochs": [1, 3]})


def test_the_same_numbers_as_in_a_study(tiny):
    tables = actbench.read("tiny", tiny.folder)
    threads = torch.get_num_threads()
    trained = actbench.train(
        "tanh",
        2,
        [0, 1],
        network={"width": 16},
        training={"batch_size": 64, "max_epochs": 4, "histograms": True},
    )
    assert torch.get_num_threads() == threads and not torch.are_deterministic_algorithms_enabled()
    study = tables["runs"].query("activation == 'tanh' and depth == 2")
    assert [run["test_accuracy"] for run in trained.runs] == study["test_accuracy"].tolist()
    measured = actbench.probe(trained.network(seed=1), trained.data)
    for name, columns in (("gradients", ["layer", "tensor"]), ("distributions", ["layer", "signal"])):
        rows = tables[name].query(
            "activation == 'tanh' and depth == 2 and seed == 1 and checkpoint == 'trained'"
        )
        both = measured[name].merge(rows, on=columns, suffixes=("", "_of_study"), how="outer")
        value = "rms" if name == "gradients" else "mean"
        assert len(both) == len(rows) and (both[value] == both[f"{value}_of_study"]).all()
    assert measured.keys() == {"gradients", "distributions", "dead_neurons"}
    units = tables["dead_neurons"].query(
        "activation == 'tanh' and seed == 1 and depth == 2 and checkpoint == 'trained'"
    )
    assert measured["dead_neurons"]["n_dead"].tolist() == units["n_dead"].tolist()


def test_a_class_of_ones_own(tmp_path):
    class Doubled(nn.Module):
        def forward(self, x):
            return 2 * torch.tanh(x)

    trained = actbench.train(Doubled, depth=1, training={"max_epochs": 2})
    assert trained.runs[0]["activation"] == "doubled" and trained.runs[0]["test_accuracy"] > 0.5
    assert isinstance(trained.network(0).activations[0], Doubled)
    with pytest.raises(KeyError):
        trained.network(seed=5)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"activation": "rellu"}, "activations: 'rellu' is unknown, did you mean relu?"),
        ({"depth": 0}, "depths[0] is 0"),
        ({"training": {"learning_rate": -1}}, "training.learning_rate is -1"),
        ({"widht": 3}, "widht is not a key of the config"),
        ({"depths": [2]}, "depths is given twice"),
        ({"settings": {"a": {}}}, "settings is given; allowed: network, training, normalisation and tuning"),
    ],
)
def test_a_bad_value_is_one_sentence(given, words):
    with pytest.raises(UserError) as caught:
        actbench.train(**given)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_study_that_is_not_there_and_a_table_that_was_changed(tiny, tmp_path):
    with pytest.raises(UserError, match="holds no finished study"):
        actbench.read("nothing", tiny.folder)
    project = tiny.copy(tmp_path / "actbench")
    table = project.folder / "results/tiny/tables/runs.parquet"
    pd.read_parquet(table).to_parquet(table)
    with pytest.raises(UserError, match=r"runs\.parquet is damaged"):
        actbench.read("tiny", project.folder)


def test_every_folder_of_the_package_is_packed():
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = (path.parent for path in PACKAGE.rglob("__init__.py"))
    assert packed == sorted(".".join(folder.relative_to(PACKAGE.parent).parts) for folder in folders)


def test_sizes_are_those_of_the_images_given(toy, spec):
    """Not those of the digits, whose names and numbers of images stand in for nothing here."""
    network = actbench.MLP([4, 8, 4], spec("relu")).eval()
    rows = actbench.probe(network, toy, probe_gradients={"images": 256})["gradients"]
    assert len(rows) == 2 * 3
    with pytest.raises(
        UserError, match=r"probe_gradients\.images is 257; allowed: at most 256, the training"
    ):
        actbench.probe(network, toy, probe_gradients={"images": 257})
    with pytest.raises(UserError, match=r"probe_gradients\.images is 0"):
        actbench.probe(network, toy, probe_gradients={"images": 0})


def test_tables_of_an_earlier_version_are_refused(tiny, tmp_path):
    """They lack the setting."""
    shutil.copytree(tiny.folder / "results" / "tiny", tmp_path / "results" / "tiny")
    tables = tmp_path / "results" / "tiny" / "tables"
    parquet.write(parquet.read(tables / "runs.parquet").drop_columns(["setting"]), tables / "runs.parquet")
    record = tables.parent / "made_by" / "aggregate.json"
    content = files.read_json(record)
    content["files"]["../tables/runs.parquet"] = files.digest(tables / "runs.parquet")
    files.write_json(content, record)
    with pytest.raises(UserError, match="was made by an earlier version of actbench: delete it"):
        actbench.read("tiny", tmp_path)


@pytest.mark.parametrize("norm", ["layer", "batch"])
def test_normalised_networks_train_and_are_probed_as_plain_ones(norm):
    """Before training by the statistics of the images that are measured, afterwards by the running ones."""
    plain, trained = (
        actbench.train("tanh", 2, [0, 1], network=network, training={"max_epochs": 3, "histograms": True})
        for network in ({}, {"norm": norm, "residual": True})
    )
    assert [run["trained"] for run in trained.runs] == [True, True]
    places = [
        [(row["source"], row["epoch"], row["layer"]) for row in done.histograms] for done in (plain, trained)
    ]
    assert places[0] == places[1] and trained.cost[0]["flops"] == plain.cost[0]["flops"]
    network = trained.network(seed=0)
    first = family.build(trained.recipe, seeds.generator(0, "weights"))
    expected = actbench.probe(plain.network(seed=0), plain.data)
    for one in (first, network):
        for name, table in actbench.probe(one, trained.data).items():
            assert table.iloc[:, :2].equals(expected[name].iloc[:, :2])
    for one, normalised in ((first, True), (network, False)):
        table = actbench.probe(one, trained.data)["distributions"].query("signal == 'preactivation'")
        stds, means = (table[key][:2].to_numpy() for key in ("std", "mean"))
        assert (abs(stds - 1).max() < 1e-2 and abs(means).max() < 1e-3) == normalised


def test_a_tuned_learning_rate_is_searched_first():
    recipe = {
        "training": {"learning_rate": "tuned", "max_epochs": 1},
        "tuning": {"learning_rate": [1e-6, 0.1]},
    }
    trained = actbench.train("relu", depth=1, seeds=[0, 1], **recipe)
    assert [run["learning_rate"] for run in trained.runs] == [0.1, 0.1]
