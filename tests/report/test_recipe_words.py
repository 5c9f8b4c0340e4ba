"""What each of several settings is, in words, by what differs between them, and how many networks trained with it."""

import re

import made_up
import pandas as pd
import pytest
from actbench.report import recipe_words
from actbench.report.numbers import NBSP

PLAIN = {
    "network": {"initialisation": "default", "norm": "none", "residual": False, "gain": 1.0},
    "training": {"optimizer": "sgd", "learning_rate": 0.05},
    "tuning": {"learning_rate": None},
    "normalisation": "symmetric",
}


def setting(**changes):
    """A setting with other values of these keys, `network__norm="batch"`."""
    made = {name: dict(one) if isinstance(one, dict) else one for name, one in PLAIN.items()}
    for name, value in changes.items():
        section, _, key = name.partition("__")
        if key:
            made[section][key] = value
        else:
            made[section] = value
    return made


@pytest.mark.parametrize(
    ("changes", "before", "after"),
    [
        (
            {"network__initialisation": "he"},
            "PyTorch's default initialisation",
            "He's initialisation",
        ),
        ({"network__residual": True}, "no residual connections", "residual connections"),
        ({"training__optimizer": "adam"}, "SGD", "Adam"),
        (
            {"training__learning_rate": "tuned", "tuning__learning_rate": [0.1, 0.3]},
            "learning rate 0.05",
            "tuned learning rates and tuning.learning_rate: [0.1, 0.3]",
        ),
        ({"tuning__learning_rate": [0.1, 0.3]}, "", ""),
        ({"network__gain": 2.0}, "network.gain: 1.0", "network.gain: 2.0"),
        ({"normalisation": "none"}, "normalisation of the data: symmetric", "normalisation of the data: none"),
        (
            {"network__norm": "batch", "network__residual": True, "training__optimizer": "adamw", "network__gain": 2},
            "network.gain: 1.0, no normalisation of layers and 2 more",
            "network.gain: 2, batch normalisation and 2 more",
        ),
    ],
)  # fmt: skip
def test_a_setting_is_said_by_what_differs(changes, before, after):
    assert recipe_words.differing({"a": PLAIN, "b": setting(**changes)}) == {"a": before, "b": after}


def cells(**trained):
    """Two activations at depths 2 and 8, by setting how many of 5 seeds of the last of these cells trained."""
    rows = [
        {
            "setting": name,
            "activation": key,
            "depth": depth,
            "n_seeds": 5,
            "n_trained": n if (key, depth) == ("relu", 8) else 5,
            "mean": (0.9 if depth == 8 else 0.98) if (key, depth) != ("relu", 8) else 0.95 if n > 1 else None,
        }
        for name, n in trained.items()
        for key in ("tanh", "relu")
        for depth in (2, 8)
    ]
    return pd.DataFrame(rows).astype({"mean": float})


def test_of_two_settings_it_is_said_who_trained_and_how_well_at_the_last_depth():
    settings = {"default": PLAIN, "he": setting(network__initialisation="he")}
    found = recipe_words.overview(settings, cells(default=0, he=5))
    assert [(one["name"], one["text"].replace(NBSP, " ")) for one in found] == [
        (
            "default",
            "PyTorch's default initialisation, 15 of 20 networks trained, 90.0 % at depth 8 (1 of 2 activations)",
        ),
        ("he", "He's initialisation, 20 of 20 networks trained, 90.0 to 95.0 % at depth 8"),
    ]


def test_of_many_settings_the_first_are_named_and_of_one_none():
    config = made_up.config(tuple(made_up.OVERRIDES))
    comparison = made_up.tables(config)["comparison"]
    found = recipe_words.overview(config["settings"], comparison)
    assert [one["name"] for one in found] == ["default", "critical", "layer"]
    assert all(re.search(r"\d of 90", one["text"]) and "depth" not in one["text"] for one in found)
    one = made_up.config(("default",))
    assert recipe_words.overview(one["settings"], comparison) == []
