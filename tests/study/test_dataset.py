"""The dataset of a config: own data by a file, and what follows from them."""

import subprocess
import sys

import numpy as np
import pytest
from actbench.data import catalogue, own, splits
from actbench.errors import UserError
from actbench.study import config, grid, settings
from conftest import ROOT, SCHEMA


@pytest.fixture
def mine(tmp_path):
    """A file of 240 rows of 5 features in 3 classes."""
    path = tmp_path / "mine.npz"
    np.savez(path, x=np.random.default_rng(0).normal(size=(240, 5)), y=np.arange(240) % 3)
    return str(path)


def with_recipes(file, **given):
    return settings.with_recipes({"dataset": {"name": "mine", "file": file}} | given, SCHEMA)


def test_own_data_are_a_name_and_facts(mine):
    resolved = with_recipes(mine)
    assert resolved["dataset"] == "mine" and resolved["own_data"]["n_images"] == 240
    assert catalogue.image_counts(resolved) == {"training": 166, "validation": 34, "test": 40, "tested": 40}
    assert (resolved["probe_gradients"]["images"], resolved["normalisation"]) == (166, "per_pixel")
    params = grid.training_params(resolved, {}, 2, [0])
    identity = {"label": None, "sha256": resolved["own_data"]["sha256"]}
    assert params["own_data"] == grid.theory_params(resolved)["own_data"] == identity


def test_a_built_in_set_has_no_such_key():
    resolved = settings.with_recipes({}, SCHEMA)
    assert "own_data" not in resolved and resolved["normalisation"] == "symmetric"
    assert "own_data" not in grid.training_params(resolved, {}, 2, [0])
    assert "own_data" not in grid.theory_params(resolved)


def test_what_is_written_is_resolved_to_the_same(mine):
    resolved = with_recipes(mine, settings={"default": {}, "adam": {"training": {"optimizer": "adam"}}})
    written = settings.written(resolved)
    assert written["dataset"] == {"name": "mine", "file": mine, "label": None}
    assert settings.with_recipes(written, SCHEMA) == resolved


def test_images_are_normalised_as_a_whole_where_nothing_is_said(tmp_path):
    path = tmp_path / "images.npz"
    np.savez(path, x=np.zeros((240, 4, 4), dtype="uint8"), y=np.arange(240) % 3)
    assert with_recipes(str(path))["normalisation"] == "standard"
    assert with_recipes(str(path), normalisation="symmetric")["normalisation"] == "symmetric"


WRONG = {
    "a misspelt name": ("digitss", "dataset is 'digitss' (text), did you mean digits?; allowed: digits, "),
    "a number": (3, "dataset is 3; allowed: the name of a built-in data set, or a mapping with name and file."),
    "no name": ({"file": "a.npz"}, "dataset is {'file': 'a.npz'}; allowed: a mapping with name and file, for a "),
    "no file": ({"name": "mine"}, "dataset is {'name': 'mine'}; allowed: a mapping with name and file, for a t"),
    "another key": ({"name": "a", "file": "a.npz", "x": 1}, "dataset.x is not a key of the config; allowed here: "),
    "a built-in name": (
        {"name": "mnist", "file": "a.npz"},
        "dataset.name is mnist, a built-in data set; allowed: a name of your own.",
    ),
    "a name with a slash": ({"name": "../a", "file": "a.npz"}, "dataset.name is '../a' (text); allowed: lower-case "),
    "an empty file": ({"name": "a", "file": ""}, "dataset.file is '' (text); allowed: text."),
    "another suffix": (
        {"name": "a", "file": "a.pkl"},
        "dataset.file is 'a.pkl' (text); allowed: a file .npz or .csv or .parquet.",
    ),
    "no such file": ({"name": "a", "file": "a.npz"}, "dataset.file is 'a.npz'; allowed: a file that is there."),
    "a label too many": (
        {"name": "a", "file": "a.npz", "label": "b"},
        "dataset.label is 'b' (text); allowed: null, since a .npz has the array y, or the column of labels of a ",
    ),
    "no label": (
        {"name": "a", "file": "a.csv"},
        "dataset.label is empty (null); allowed: the column of labels of a .csv or .parquet.",
    ),
    "a variable of a shell": (
        {"name": "a", "file": "~nobody-has-this-name/a.npz"},
        "dataset.file is '~nobody-has-this-name/a.npz'; allowed: a file that is there.",
    ),
    "a null byte": ({"name": "a", "file": "a\0.npz"}, "dataset.file is 'a\\x00.npz'; allowed: a file that is there"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_values_are_one_sentence(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given, words = WRONG[case]
    with pytest.raises(UserError) as caught:
        settings.with_recipes({"dataset": given}, SCHEMA)
    assert str(caught.value).startswith(words) and str(caught.value).endswith(".")


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "a.npz").mkdir()
    with pytest.raises(UserError, match=r"a\.npz'; allowed: a file, and no folder\.$"):
        with_recipes(str(tmp_path / "a.npz"))


FEW = {
    "too few rows": ({}, "training.batch_size is 32; allowed: at most 8, the training images of mine."),
    "too many to validate": (
        {"evaluation": {"validation": 10}},
        "evaluation.validation is 10; allowed: a whole number from 0 to 9, since mine has 10 images that do ",
    ),
    "too many folds": (
        {"evaluation": {"folds": 5}},
        "evaluation.folds is 5; allowed: a whole number from 2 to 4, the images of the smallest class of mine",
    ),
}


@pytest.mark.parametrize(
    ("rows", "given", "words"),
    [
        (
            2,
            {},
            "evaluation.validation is 139; allowed: 0 (none), since the smallest class of mine has 2 images, one t",
        ),
        (
            3,
            {"evaluation": {"validation": 1}},
            "evaluation.validation is 1; allowed: 0 (none), or a whole number from 2",
        ),
        (3, {}, None),
        (2, {"evaluation": {"validation": 0}, "training": {"keep": "last"}}, None),
        (
            6,
            {"evaluation": {"folds": 3}},
            "evaluation.validation is null; allowed with evaluation.folds: 3: 0 (none), since 4 images of the smallest",
        ),
        (8, {"evaluation": {"folds": 3}}, None),
        (6, {"evaluation": {"folds": 3, "validation": 0}, "training": {"keep": "last"}}, None),
    ],
)
def test_a_rare_class_is_named_or_in_each_part(tmp_path, rows, given, words):
    """The same rows are split as they were planned."""
    y = np.arange(1000) < rows
    np.savez(tmp_path / "few.npz", x=np.zeros((1000, 2)), y=y)
    if words is not None:
        with pytest.raises(UserError) as caught:
            with_recipes(str(tmp_path / "few.npz"), **given)
        assert str(caught.value).startswith(words) and str(caught.value).endswith(".")
        return
    resolved = with_recipes(str(tmp_path / "few.npz"), **given)
    stored = own.dataset("mine", resolved["own_data"])
    for fold in range(resolved["evaluation"]["folds"] or 1):
        data = splits.split(stored, resolved["evaluation"], "standard", fold)
        drawn = [part for part in (data.train, data.validation, data.test) if len(part.y)]
        assert len(drawn) > 1 and all(len(part.y.unique()) == 2 for part in drawn)


def test_marked_test_rows_leave_two_of_a_class_to_validate_and_train(tmp_path):
    test = np.arange(120) % 2 == 1
    np.savez(tmp_path / "few.npz", x=np.zeros((120, 2)), y=np.arange(120) < 4, test=test)
    resolved = with_recipes(str(tmp_path / "few.npz"))
    data = splits.split(own.dataset("mine", resolved["own_data"]), resolved["evaluation"], "standard")
    assert [part.y.sum().item() for part in (data.train, data.validation, data.test)] == [1, 1, 2]


@pytest.mark.parametrize("case", FEW)
def test_few_rows_are_named(tmp_path, case):
    given, words = FEW[case]
    np.savez(tmp_path / "few.npz", x=np.zeros((12, 2)), y=np.arange(12) % 3)
    with pytest.raises(UserError) as caught:
        with_recipes(str(tmp_path / "few.npz"), **given)
    assert str(caught.value).startswith(words)


def test_planning_imports_numpy_for_own_data_only(mine):
    """And never what takes a second."""
    code = f"""
import sys
sys.path.insert(0, {str(ROOT / "workflow" / "scripts")!r})
from actbench.probes import registry
from actbench.storage import yaml_files
from actbench.study import settings
schema = registry.with_sections(yaml_files.read({str(ROOT / "workflow/schemas/config.schema.yaml")!r}))
settings.with_recipes({{}}, schema)
print("numpy" in sys.modules)
settings.with_recipes({{"dataset": {{"name": "mine", "file": {mine!r}}}}}, schema)
print("numpy" in sys.modules, {{"torch", "pandas", "scipy", "sklearn", "pyarrow"}} & sys.modules.keys())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["False", "True set()"]


def test_resolved_data_of_memory_are_taken_as_they_are(mine):
    data = {key: with_recipes(mine)[key] for key in ("dataset", "own_data")}
    assert config.resolve({}, SCHEMA, data)["own_data"] == data["own_data"]
