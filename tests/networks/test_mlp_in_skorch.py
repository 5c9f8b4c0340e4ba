"""Our network in other people's tools, as a tutorial uses its own."""

import numpy as np
import pytest
import torch
from actbench.errors import UserError
from actbench.networks.families import mlp
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from skorch import NeuralNetClassifier


def test_grid_search_over_activations():
    x, y = load_digits(return_X_y=True)
    x, y = (x[:600] / 8 - 1).astype(np.float32), y[:600]
    torch.manual_seed(0)
    classifier = NeuralNetClassifier(
        mlp.MLP,
        module__sizes=(64, 32, 10),
        module__activation="relu",
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        optimizer__momentum=0.95,
        lr=0.05,
        batch_size=32,
        max_epochs=5,
        verbose=0,
    )
    grid = {"module__activation": ["relu", "tanh", "leakyrelu"]}
    search = GridSearchCV(classifier, grid, cv=StratifiedKFold(3), scoring="accuracy").fit(x, y)
    assert search.cv_results_["rank_test_score"].min() == 1
    assert search.cv_results_["mean_test_score"].min() > 0.6
    best = search.best_estimator_.module_
    assert isinstance(best, mlp.MLP)
    wanted = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "leakyrelu": torch.nn.LeakyReLU}
    assert isinstance(best.activations[0], wanted[search.best_params_["module__activation"]])


def test_unknown_names_are_one_sentence():
    with pytest.raises(UserError, match="activation 'rely' is unknown; allowed: sigmoid, tanh"):
        mlp.MLP(sizes=(4, 4, 2), activation="rely")
