"""What tables for papers say of how their networks were made."""

import importlib
import inspect

import made_up
import pandas as pd
import pytest
from actbench.activations import registry
from actbench.report import table_notes

LABELS = {"relu": "ReLU", "tanh": "tanh", "leaky": "mine"}


def test_unusual_defaults_are_all_that_differ_from_pytorch():
    found = {}
    for name, entry in registry.REGISTRY.items():
        module, _, attribute = entry.target.partition(":")
        if not module.startswith("torch.nn"):
            continue
        known = inspect.signature(getattr(importlib.import_module(module), attribute)).parameters
        for key, parameter in entry.parameters.items():
            theirs = known[parameter.keyword].default
            if theirs is not inspect.Parameter.empty and theirs != parameter.default:
                found.setdefault(name, {})[key] = parameter.default
    assert found == table_notes.UNUSUAL


@pytest.mark.parametrize(
    ("spec", "label", "said"),
    [
        ({"name": "leakyrelu", "parameters": {}}, "leakyrelu", ["leakyrelu: slope 0.1"]),
        ({"name": "leakyrelu", "parameters": {"slope": 0.01}}, "leaky", ["leaky: slope 0.01"]),
        ({"name": "leakyrelu", "parameters": {"slope": 0.2}}, "leakyrelu slope 0.2", []),
        ({"name": "relu", "parameters": {}}, "relu", []),
        ({"name": "elu", "parameters": {"alpha": 0.5}}, "my elu", ["my elu: alpha 0.5"]),
        ({"name": "own", "import": "a:b"}, "own", []),
    ],
)
def test_a_parameter_that_a_label_hides_is_said(spec, label, said):
    assert table_notes.parameters({"activations": [{"id": "one", "spec": spec}]}, {"one": label}) == said


def test_the_recipe_is_half_a_sentence():
    config = made_up.config(("default",))
    config["training"]["momentum"] = 0.9
    assert table_notes.recipe(config) == (
        "64 units a hidden layer, PyTorch's default initialisation, SGD with momentum 0.9, learning rate tuned "
        "over 5 values from 0.003 to 0.3 and at most 40 epochs"
    )
    config["training"] |= {"learning_rate": 0.05, "optimizer": "adam"}
    config["network"] |= {"norm": "layer", "residual": True, "hidden_sizes": [[1]]}
    assert table_notes.recipe(config) == (
        "1 unit a hidden layer, PyTorch's default initialisation, layer normalisation, residual connections, "
        "Adam, learning rate 0.05 and at most 40 epochs"
    )
    config["network"]["hidden_sizes"] = None
    config["training"]["learning_rate"], config["tuning"]["learning_rate"] = "tuned", [0.1]
    assert "unit" not in table_notes.recipe(config) and "learning rate 0.1 and" in table_notes.recipe(config)


def test_trained_is_defined_by_what_scored_it():
    assert "a validation accuracy at least" in table_notes.criterion(validated=True)
    assert "a training accuracy at least" in table_notes.criterion(validated=False)


def test_chosen_rates_are_listed_by_depth_or_bounded():
    rows = [("relu", 2, 0.1), ("tanh", 2, 0.1), ("leaky", 2, 0.3), ("relu", 4, 0.03), ("relu", 4, 0.1)]
    table = pd.DataFrame(rows, columns=["activation", "depth", "learning_rate"])
    assert table_notes.rates(None, LABELS) == ""
    assert table_notes.rates(table, LABELS) == (
        "Chosen learning rates: 2 layers: 0.3 (mine), 0.1 (ReLU, tanh); 4 layers: 0.1 (ReLU), 0.03 (ReLU)."
    )
    assert table_notes.rates(table[:3], LABELS) == "Chosen learning rates: 0.3 (mine), 0.1 (ReLU, tanh)."
    many = pd.concat([table] * 13)
    assert table_notes.rates(many, LABELS) == "Chosen learning rates: 0.03 to 0.3."


def test_what_diverged_and_had_not_finished_is_named_or_counted():
    row = {"activation": "relu", "depth": 1, "n_seeds": 5, "n_trained": 4, "n_diverged": 1, "n_improving": 2}
    other = row | {"activation": "tanh", "n_diverged": 0, "n_improving": 1}
    assert table_notes.unfinished([row, other], LABELS) == [
        "Diverged: ReLU (1 of 5).",
        "Half or more still improving in the last tenth of the epochs: ReLU (2 of 4).",
    ]
    deep = row | {"depth": 8}
    assert table_notes.unfinished([row, deep], LABELS)[0] == (
        "Diverged: ReLU (1 of 5 at 1 layer) and ReLU (1 of 5 at 8 layers)."
    )
    assert table_notes.unfinished([other], LABELS) == []
    assert table_notes.unfinished([row] * 11, LABELS)[0] == "Diverged: 11 of 11 rows."
