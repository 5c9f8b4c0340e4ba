"""How the study was made, in words."""

import json
from collections.abc import Mapping

from actbench.report import layer_findings, recipe_sentences, recipe_words, search_sentences
from actbench.report.numbers import listed
from actbench.report.section import Section, Study


def context(study: Study) -> dict:
    """See `Section`."""
    config, folds = study.config, study.config["evaluation"]["folds"] or 1
    sizes = {
        "activation": len(study.labels),
        "depth": len(config["depths"]),
        "seed": len(config["seeds"]),
        "setting": len(config["settings"]),
        "fold": folds,
    }
    epochs = [recipe["training"]["max_epochs"] for recipe in config["settings"].values()]
    finding = layer_findings.method(sizes, study.images, study.examples, max(epochs))
    chosen_for = [name for name in ("setting", "fold") if sizes[name] > 1]
    networks, hidden = recipe_sentences.networks(config["network"]), config["network"].get("hidden_sizes")
    if hidden and len(hidden) == 1:
        networks += f", with the hidden sizes {'-'.join(map(str, hidden[0]))}"
    return {
        "finding": finding,
        "networks": networks,
        "changes": changes(config["settings"]),
        "defined": recipe_words.defined(config["settings"]),
        "shorter": search_sentences.shorter(config["settings"]),
        "chosen_for": listed(["activation", "depth", *chosen_for]),
    }


def changes(settings: Mapping[str, Mapping]) -> list[str]:
    """What each further setting changes of the first, a sentence each.

    Args:
        settings: the resolved ones by name.
    """
    (_, first), *others = settings.items()
    found = []
    for name, setting in others:
        parts = [
            f"{section}.{key} is {_written(value)} instead of {_written(first[section].get(key))}"
            for section in ("network", "training", "tuning")
            for key, value in setting[section].items()
            if value != first[section].get(key)
        ]
        if setting["normalisation"] != first["normalisation"]:
            parts.append(f"normalisation is {setting['normalisation']} instead of {first['normalisation']}")
        found.append(f"With “{name}”, {listed(parts) if parts else 'nothing is changed'}.")
    return found


def _written(value: object) -> str:
    """A value as it stands in a config."""
    return value if isinstance(value, str) else json.dumps(value)


SECTION = Section(id="method", title="Method", template="method.html", context=context)
