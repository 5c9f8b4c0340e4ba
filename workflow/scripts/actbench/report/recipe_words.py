"""What the words of a recipe mean, a sentence each; how layers are drawn: `networks/initialisation.py`.

And what each of several settings is, in such words, by what differs between them.
"""

import json
from collections.abc import Mapping

import pandas as pd

from actbench.report import recipe_sentences
from actbench.report.numbers import ends, listed
from actbench.study import grid

INITIALISATIONS = {
    "default": "PyTorch's default initialisation draws weights and biases uniformly between ±1/√n for a "
    "layer of n inputs.",
    "he": "He's initialisation draws weights of variance 2/n for a layer of n inputs, with which "
    "ReLU keeps the size of signals; biases are 0.",
    "xavier": "Xavier initialisation draws weights of variance 2/(n + m) for a layer of n inputs and m "
    "outputs, a compromise between the size of signals and that of gradients; biases are 0.",
    "lecun": "LeCun's initialisation draws weights of variance 1/n for a layer of n inputs, with which "
    "a function that is close to the identity keeps the size of signals; biases are 0.",
    "orthogonal": "Orthogonal initialisation takes orthogonal matrices, times the gain, as weights; biases "
    "are 0.",
    "critical": "Critical initialisation scales weights and biases so that signals and gradients neither "
    "grow nor vanish from layer to layer, at each function's edge of chaos; the output layer "
    "has weights of variance 1/n and biases 0.",
}
NORMS = {
    "layer": "Layer normalisation shifts and scales the pre-activations of each example, over the "
    "units of a layer, to mean 0 and variance 1, before a trained scale and shift.",
    "batch": "Batch normalisation shifts and scales the pre-activations of each unit, over a mini- "
    "batch, to mean 0 and variance 1, before a trained scale and shift.",
}
RESIDUAL = "Residual connections add a hidden layer's input to its output, where both are as wide."
KINDS = {"initialisation": INITIALISATIONS, "norm": NORMS}
SECTIONS = ("network", "training", "tuning")  # of a setting
FEW = 2  # differences of a setting that are said, and settings of which accuracies are
NAMED = 3  # settings that are said


def defined(settings: Mapping[str, Mapping]) -> list[str]:
    """What the initialisations, normalisations and connections of these settings are, each once.

    Args:
        settings: the resolved ones by name.
    """
    found = []
    for setting in settings.values():
        network = setting["network"]
        found += [words.get(network.get(key), "") for key, words in KINDS.items()]
        found.append(RESIDUAL if network.get("residual") else "")
    return list(dict.fromkeys(filter(None, found)))


def differing(settings: Mapping[str, Mapping]) -> dict[str, str]:
    """What each of several settings is in words, by what is not the same in all of them.

    >>> plain = {"network": {"norm": "none"}, "training": {}, "tuning": {}, "normalisation": "symmetric"}
    >>> differing({"a": plain, "b": plain | {"network": {"norm": "batch"}}})
    {'a': 'no normalisation of layers', 'b': 'batch normalisation'}
    """
    keys = {(section, key) for one in settings.values() for section in SECTIONS for key in one[section]}
    order = [(section, key) for section in SECTIONS for key in sorted({k for s, k in keys if s == section})]
    moved = [place for place in order if len({_text(one, place) for one in settings.values()}) > 1]
    data = len({one["normalisation"] for one in settings.values()}) > 1
    found = {}
    for name, setting in settings.items():
        parts = [_in_words(setting, place) for place in moved]
        parts += [f"normalisation of the data: {setting['normalisation']}"] * data
        parts = list(filter(None, parts))
        rest = len(parts) - FEW
        found[name] = listed([*parts[:FEW], f"{rest} more"] if rest > 1 else parts)
    return found


def overview(settings: Mapping[str, Mapping], comparison: pd.DataFrame) -> list[dict[str, str]]:
    """What each of several settings is and how many of its networks trained: `name` and `text`.

    Of two settings also how accurate those activations are at the last depth that have a mean, and how many;
    of many settings the first ones. Empty where there is one.

    Args:
        settings: the resolved ones by name, the reference first.
        comparison: the table of that name, of all settings.
    """
    words, found = differing(settings), []
    last = comparison[comparison["depth"] == comparison["depth"].max()]
    for name in list(settings)[: NAMED if len(settings) > 1 else 0]:
        own, deep = (table[table["setting"] == name] for table in (comparison, last))
        trained, total = int(own["n_trained"].sum()), int(own["n_seeds"].sum())
        text = f"{words[name]}, " if words[name] else ""
        text += f"{trained:,} of {total:,} networks trained"
        means = deep["mean"].dropna()
        if len(settings) <= FEW and len(means):
            text += f", {ends(means.min(), means.max())} at depth {deep['depth'].iloc[0]}"
            text += f" ({len(means)} of {len(deep)} activations)" if len(means) < len(deep) else ""
        found.append({"name": name, "text": text})
    return found


def _text(setting: Mapping, place: tuple[str, str]) -> str:
    """What a setting has there, so that it can be compared; of a search that it does not make nothing."""
    section, key = place
    if section == "tuning" and setting["training"].get("learning_rate") != grid.TUNED:
        return ""
    return json.dumps(setting[section].get(key))


def _in_words(setting: Mapping, place: tuple[str, str]) -> str:
    """`He's initialisation`, `learning rate 0.1`; a key without words with its value as a config has it."""
    section, key = place
    value = setting[section].get(key)
    if value is None or not _text(setting, place):
        return ""
    known = {
        "initialisation": recipe_sentences.INITIALISATIONS,
        "norm": recipe_sentences.NORMS,
        "optimizer": recipe_sentences.OPTIMISERS,
        "residual": {True: "residual connections", False: "no residual connections"},
        "learning_rate": {grid.TUNED: "tuned learning rates"},
    }
    if section != "tuning" and isinstance(value, str | bool) and value in known.get(key, {}):
        return known[key][value]
    if place == ("training", "learning_rate"):
        return f"learning rate {value:g}"
    return f"{section}.{key}: {value if isinstance(value, str) else json.dumps(value)}"
