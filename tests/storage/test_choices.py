"""What a search chose is read only by networks of the same params, code and images."""

import pytest
from actbench.errors import DamagedError, UserError
from actbench.storage import choices, files

PARAMS = {
    "evaluation": {"folds": 2},
    "training": {"learning_rate": "tuned"},
    "tuning": {"learning_rate": [0.1, 1.0], "seeds": 3},
}
CODE = {"tune.py": "a", "actbench/data/splits.py": "b"}
TRAINING = {"train.py": "c", "actbench/data/splits.py": "b"}


def rates(*chosen):
    others = {"at_edge": True, "epochs_spent": 6, "n_trained": 1, "n_trials": 6, "score": 0.9}
    return [others | {"fold": fold, "learning_rate": rate} for fold, rate in enumerate(chosen)]


def write(folder, chosen=(0.1, 1.0), params=PARAMS):
    for name in (choices.TRIALS, choices.COST):
        files.write_text(name, folder / name)
    choices.write(folder, rates(*chosen), params, "images", {"code": CODE}, 1.5)
    return folder / choices.NAME


@pytest.fixture
def path(tmp_path):
    return write(tmp_path)


def test_one_rate_for_each_fold(path):
    assert choices.rates(path, PARAMS, "images", TRAINING) == [0.1, 1.0]
    assert choices.read(path, [choices.TRIALS, choices.COST])["seconds"] == 1.5


def test_epochs_that_are_probed_are_not_of_a_search():
    """Nothing is stored of its networks; so another list searches nothing again."""
    params = {"seeds": [0], "tuning": {"max_epochs": 3}, "training": {"max_epochs": 9, "keep": "last"}}
    searched = choices.search_params(params)
    assert searched["training"]["max_epochs"] == 3 and "seeds" not in searched
    assert choices.search_params(params | {"probe_epochs": [1, 2]}) == searched


def test_other_params_are_refused(path):
    longer = PARAMS | {"tuning": {"learning_rate": [0.1, 1.0, 10.0], "seeds": 3}}
    with pytest.raises(
        UserError,
        match=r"chosen.json was chosen with another tuning than is planned\. .*delete .* and run again",
    ):
        choices.rates(path, longer, "images", TRAINING)


def test_other_code_is_refused_where_both_ran_it(path):
    with pytest.raises(UserError, match=r"another actbench/data/splits\.py than is planned"):
        choices.rates(path, PARAMS, "images", TRAINING | {"actbench/data/splits.py": "d"})


def test_other_images_are_refused(path):
    with pytest.raises(DamagedError, match="chosen by other images"):
        choices.rates(path, PARAMS, "others", TRAINING)


@pytest.mark.parametrize("chosen", [(0.1,), (0.1, 1.0, 1.0), (0.1, 0.5), ()])
def test_rates_are_candidates_one_for_each_fold(tmp_path, chosen):
    with pytest.raises(DamagedError, match="its rates are not one of the candidates for each fold"):
        choices.read(write(tmp_path, chosen))


@pytest.mark.parametrize("params", [{}, PARAMS | {"tuning": 3}, {"tuning": None, "evaluation": {"folds": 1}}])
def test_params_of_no_search_are_refused(tmp_path, params):
    with pytest.raises(DamagedError, match="not those of a search"):
        choices.read(write(tmp_path, params=params))


def test_what_lacks_a_part_and_what_was_edited_is_named(tmp_path, path):
    with pytest.raises(DamagedError, match="it lacks data, files, params"):
        files.write_json({"rates": []}, tmp_path / "other.json")
        choices.read(tmp_path / "other.json")
    path.write_text(path.read_text().replace('"learning_rate": 0.1', '"learning_rate": 1.0'))
    with pytest.raises(DamagedError, match="its content is not what its checksum was taken of"):
        choices.read(path)


@pytest.mark.parametrize("name", [choices.TRIALS, choices.COST])
def test_files_of_another_search_are_refused(path, name):
    files.write_text("other", path.with_name(name))
    choices.read(path)
    with pytest.raises(DamagedError, match=f"{name} is damaged"):
        choices.read(path, [name])
