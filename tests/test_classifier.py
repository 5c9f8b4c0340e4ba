"""`actbench.Classifier`: scikit-learn's conventions, and the numbers of a study."""

import dataclasses
import inspect
import pickle

import actbench
import numpy as np
import pytest
import torch
from actbench.classifier import SECTIONS, Classifier
from actbench.data import acquire, own, splits
from actbench.errors import UserError
from actbench.networks import family
from conftest import SCHEMA
from sklearn.base import clone
from sklearn.datasets import load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from test_rooms import IMPORTS
from torch import nn

QUICK = {"depth": 1, "width": 16, "max_epochs": 3, "random_state": 0}


@parametrize_with_checks([Classifier(depth=1, max_epochs=10)])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_its_parameters_are_the_keys_of_the_config_with_their_defaults():
    """But those that look on, or that cut data sets."""
    given = {name: one.default for name, one in inspect.signature(Classifier).parameters.items()}
    for section, keys in SECTIONS.items():
        parts = SCHEMA["properties"][section]["properties"]
        parts = parts | (family.settings("mlp") if section == "network" else {})
        left_out = {"family", "hidden_sizes", "test_each_epoch", "histograms"}
        assert set(keys) == parts.keys() - left_out
        assert {key: given[key] for key in keys} == {key: parts[key]["default"] for key in keys}
    assert given["normalisation"] == SCHEMA["properties"]["normalisation"]["default"]
    evaluation = SCHEMA["properties"]["evaluation"]["properties"]
    assert all(given[key] == evaluation[key]["default"] for key in ("validation", "split_seed"))
    others = {"activation", "depth", "normalisation", "validation", "split_seed", "device", "random_state"}
    assert given.keys() == {*others, *(key for keys in SECTIONS.values() for key in keys)}


def same(classifier, trained, seed):
    """Whether all weights are the same, bit by bit."""
    ours, theirs = classifier.network_.state_dict(), trained.network(seed).state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


RECIPES = {
    "plain": ({}, {}, {}),
    "critical": (
        {"initialisation": "critical", "norm": "layer", "residual": True},
        {"optimizer": "adam", "learning_rate": 0.003, "schedule": "cosine", "warmup_epochs": 2},
        {"normalisation": "standard"},
    ),
    "stopped": (
        {"initialisation": "he"},
        {"patience": 1, "weight_decay": 0.001},
        {"normalisation": "per_pixel"},
    ),
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_very_network_of_a_study_of_the_digits(recipe):
    """Rows in the order of the study's split, of which the last 250 validate."""
    network, training, more = RECIPES[recipe]
    training = {"max_epochs": 4} | training
    trained = actbench.train("tanh", 2, [3], network=network, training=training, **more)
    x, y = load_digits(return_X_y=True)
    stored = acquire.dataset("digits", "data")
    marks = torch.from_numpy(stored.is_test).bool()
    train, validation, test = splits.indices(torch.from_numpy(y), marks, None, 250, 42)
    rows = torch.cat([train, validation]).numpy()
    classifier = Classifier("tanh", random_state=3, validation=250, split_seed=None)
    classifier.set_params(**network, **training, **more).fit(x[rows].astype(stored.images.dtype), y[rows])
    (run,) = trained.runs
    assert same(classifier, trained, 3)
    assert classifier.score(x[test], y[test]) == run["test_accuracy"]
    assert classifier.n_iter_ == run["epochs_run"] == len(classifier.history_)
    assert classifier.history_["val_accuracy"].max() == run["val_accuracy"]


@pytest.mark.parametrize("normalisation", ["symmetric", "standard", "per_pixel"])
@pytest.mark.parametrize(
    "changed",
    [lambda x: x, lambda x: 1e9 + x, lambda x: x.astype(np.float32), lambda x: x.astype(np.int64)],
    ids=["wine", "far from zero", "float32", "whole"],
)
def test_the_very_network_of_a_study_of_own_data(normalisation, changed):
    """Of columns whose ranges are far apart, also where float32 holds 1e9 + x to 64 only."""
    x, y = load_wine(return_X_y=True)
    x, marks = changed(x), np.arange(len(y)) % 6 == 0
    stored = own.of_arrays("wine", x, y, marks)
    how = {"normalisation": normalisation}
    trained = actbench.train("tanh", 1, [5], stored, training={"max_epochs": 3}, **how)
    train, validation, test = splits.indices(
        torch.from_numpy(y), torch.from_numpy(marks), None, 25, 42, stratified=True
    )
    rows = torch.cat([train, validation]).numpy()
    classifier = Classifier("tanh", 1, max_epochs=3, validation=25, split_seed=None, random_state=5, **how)
    classifier.fit(x[rows], y[rows])
    assert same(classifier, trained, 5)
    assert classifier.score(x[test], y[test]) == trained.runs[0]["test_accuracy"]


def test_numbers_far_from_zero_keep_their_differences():
    x, y = load_wine(return_X_y=True)
    how = {"normalisation": "per_pixel", "depth": 1, "max_epochs": 20, "random_state": 0}
    near, far = (Classifier(**how).fit(units + x, y) for units in (0, 1e9))
    assert near.score(x, y) > 0.95 and (near.predict(x) == far.predict(1e9 + x)).all()


@pytest.mark.parametrize(
    "harm", [{"depth": 0}, {"device": "gpu"}, {"activation": "rellu"}, {"random_state": -1}], ids=str
)
def test_a_fit_that_fails_leaves_it_unfitted(harm):
    """Also after one that did not."""
    x, y = load_wine(return_X_y=True)
    for classifier in (Classifier(**QUICK), Classifier(**QUICK).fit(x, y)):
        with pytest.raises(UserError):
            classifier.set_params(**harm).fit(x, y)
        with pytest.raises(NotFittedError):
            classifier.predict(x)
        assert classifier.set_params(**Classifier(**QUICK).get_params()).fit(x, y).predict(x).shape == y.shape


def test_no_gpu_is_a_sentence(monkeypatch):
    for n, there in [(0, "are no GPUs"), (1, "is 1 GPU"), (2, "are 2 GPUs")]:
        monkeypatch.setattr(torch.cuda, "device_count", lambda n=n: n)
        with pytest.raises(UserError) as caught:
            Classifier(**QUICK, device=f"cuda:{n}" if n else "cuda").fit([[1.0], [2.0]], [0, 1])
        assert str(caught.value).endswith(f"; allowed: cpu, cuda or cuda:<i>; there {there}.")


def test_its_own_split_is_that_of_a_study_with_official_test_images():
    stored = acquire.dataset("digits", "data")
    marked = dataclasses.replace(stored, is_test=(np.arange(1797) % 6 == 0).astype(np.uint8))
    trained = actbench.train("relu", 1, [0], marked, training={"max_epochs": 3})
    x, y = load_digits(return_X_y=True)
    rest = np.arange(1797) % 6 > 0
    classifier = Classifier(depth=1, max_epochs=3, random_state=0).fit(x[rest], y[rest])
    assert same(classifier, trained, 0)
    assert classifier.score(x[~rest], y[~rest]) == trained.runs[0]["test_accuracy"]


def test_grid_search_cross_validation_and_pipelines():
    """Numbers of a grid may be numpy's."""
    x, y = load_digits(return_X_y=True)
    x, y = x[:400], y[:400]
    grid = {"activation": ["relu", "tanh"], "depth": np.array([1, 2]), "learning_rate": np.array([1e-6, 0.1])}
    search = GridSearchCV(Classifier(**QUICK | {"max_epochs": 5}), grid, cv=2).fit(x, y)
    assert len(search.cv_results_["params"]) == 8 and search.best_params_["learning_rate"] == 0.1
    assert search.best_score_ > 0.6 and search.best_estimator_.seed_ == 0
    scaled = make_pipeline(StandardScaler(), search.best_estimator_.set_params(normalisation="standard"))
    scores = cross_val_score(scaled, x, y, cv=2)
    assert scores.shape == (2,) and scores.min() > 0.6


def test_labels_may_be_text_and_tables_have_names():
    x, y = load_digits(return_X_y=True, as_frame=True)
    words = np.array(["zero", "one", "two"])[y[y < 3]]
    classifier = Classifier("gelu", **QUICK).fit(x[y < 3], words)
    assert classifier.classes_.tolist() == ["one", "two", "zero"]
    assert classifier.feature_names_in_.tolist() == x.columns.tolist()
    assert (classifier.predict(x[y < 3]) == words).mean() > 0.9
    probabilities = classifier.predict_proba(x[y < 3])
    assert (classifier.classes_[probabilities.argmax(axis=1)] == classifier.predict(x[y < 3])).all()
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    with pytest.raises(ValueError, match="feature names should match"):
        classifier.predict(x[x.columns[::-1]])


def test_a_row_has_the_same_probabilities_alone():
    x, y = load_digits(return_X_y=True)
    classifier = Classifier("swish", **QUICK).fit(x, y)
    assert (classifier.predict_proba(x)[1000:1001] == classifier.predict_proba(x[1000:1001])).all()


def test_few_rows_and_rare_classes():
    """Fewer rows than a mini-batch has, and a class of one row."""
    x = np.arange(8.0).reshape(-1, 1)
    classifier = Classifier(**QUICK | {"max_epochs": 30}).fit(x, [1, 1, 1, 1, 5, 5, 5, 9])
    assert classifier.classes_.tolist() == [1, 5, 9] and classifier.predict_proba(x).shape == (8, 3)
    constant = Classifier(**QUICK).fit(np.ones((8, 2)), [0, 1] * 4)
    assert np.isfinite(constant.predict_proba([[1, 1]])).all()


@pytest.mark.parametrize("normalisation", ["symmetric", "standard", "per_pixel"])
def test_units_of_a_table_are_no_matter(normalisation):
    """A power of two is exact."""
    x = np.random.default_rng(0).normal(size=(200, 5))
    one, other = (
        Classifier(normalisation=normalisation, **QUICK).fit(unit * x, x.argmax(axis=1)) for unit in (1, 1024)
    )
    assert torch.equal(one.network_.linears[0].weight, other.network_.linears[0].weight)
    assert (one.predict(x) == other.predict(1024 * x)).all()


class Doubled(nn.Module):
    """An activation of one's own."""

    def forward(self, x):
        return 2 * torch.tanh(x)


def test_a_class_of_ones_own_and_a_copy_in_a_pickle():
    x, y = load_digits(return_X_y=True)
    classifier = clone(Classifier(Doubled, **QUICK)).fit(x[:400], y[:400])
    copy = pickle.loads(pickle.dumps(classifier))  # noqa: S301, our own
    assert (copy.predict_proba(x) == classifier.predict_proba(x)).all()
    assert isinstance(copy.network_.activations[0], Doubled)


def test_seeds():
    """A generator, and numpy's own, draw one; a process is left as it was."""
    x, y = load_digits(return_X_y=True)
    x, y = x[:200], y[:200]
    threads, drawn = torch.get_num_threads(), Classifier(**QUICK | {"random_state": np.random.RandomState(1)})
    first, second = (clone(drawn).fit(x, y).seed_ for _ in range(2))
    assert first == second == np.random.RandomState(1).randint(2**31)
    largest = Classifier(**QUICK | {"random_state": 2**32 - 1}).fit(x, y)
    assert largest.seed_ == np.random.RandomState(2**32 - 1).randint(2**31)
    assert Classifier(**QUICK | {"random_state": 2**31 - 1}).fit(x, y).seed_ == 2**31 - 1
    assert drawn.fit(x, y).seed_ == first != drawn.fit(x, y).seed_
    assert not torch.are_deterministic_algorithms_enabled() and torch.get_num_threads() == threads


def test_divergence_is_a_warning():
    x, y = load_digits(return_X_y=True)
    wild = Classifier("identity", **QUICK | {"learning_rate": 1e9})
    with pytest.warns(ConvergenceWarning, match=r"training diverged in epoch \d"):
        wild.fit(x, y)
    assert wild.predict(x).shape == y.shape


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"activation": "rellu"}, "activations: 'rellu' is unknown, did you mean relu?"),
        ({"depth": 0}, "depths[0] is 0"),
        ({"learning_rate": -1}, "training.learning_rate is -1"),
        ({"learning_rate": "tuned"}, "learning_rate is tuned; allowed: a number above 0"),
        ({"batch_size": 0}, "training.batch_size is 0"),
        ({"validation": 100}, "validation is 100; allowed: None, or a whole number from 0 to 99"),
        ({"validation": 0.2}, "validation is 0.2; allowed: None"),
        ({"validation": 0}, "training.keep is 'best'; allowed without validation images"),
        ({"normalisation": "none"}, "normalisation is 'none'"),
        ({"split_seed": -1}, "evaluation.split_seed is -1"),
        (
            {"random_state": -1},
            "random_state is -1; allowed: None, a generator, or a whole number from 0 to 4294967295",
        ),
        ({"random_state": 2**32}, "random_state is 4294967296; allowed: None, a gen"),
        ({"device": "gpu"}, "device is 'gpu'; allowed: cpu, cuda or cuda:<i>."),
        ({"device": 3}, "device is 3; allowed: cpu, cuda or cuda:<i>."),
        ({"device": "cuda:999"}, "device is 'cuda:999'; allowed: cpu, cuda or cuda:<i>; there "),
        ({"norm": "bach"}, "network.norm is 'bach'"),
    ],
)
def test_a_wrong_parameter_is_one_sentence(given, words):
    x, y = load_digits(return_X_y=True)
    with pytest.raises(UserError) as caught:
        Classifier(**QUICK | given).fit(x[:100], y[:100])
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_without_validation_the_last_weights_are_kept():
    x, y = load_digits(return_X_y=True)
    classifier = Classifier(**QUICK, validation=0, keep="last").fit(x[:200], y[:200])
    assert classifier.history_["val_accuracy"].isna().all() and classifier.score(x[:200], y[:200]) > 0.3


def test_y_of_one_class_is_a_sentence():
    with pytest.raises(ValueError, match=r"^y has 1 class; allowed: at least 2 classes\.$"):
        Classifier().fit([[1.0], [2.0]], ["a", "a"])


def test_nothing_of_a_job_imports_it():
    """Nor does planning: it loads scikit-learn."""
    assert [name for name, found in IMPORTS.items() if "classifier" in found] == []
