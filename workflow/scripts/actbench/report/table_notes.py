"""What tables for papers say of how their networks were made: recipe, criterion, rates, unfinished runs."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.report import numbers
from actbench.report.recipe_sentences import INITIALISATIONS, NORMS, OPTIMISERS
from actbench.study import grid

# Defaults of ours that are not PyTorch's, by name in the registry.
UNUSUAL = {"leakyrelu": {"slope": 0.1}}
RATES = 60  # cells whose learning rates a note lists
LISTED = 10  # cells that a note names; of more, it has their number


def recipe(config: Mapping) -> str:
    """Width, initialisation, optimiser, learning rate and epochs, for a caption.

    Args:
        config: the resolved one, with the recipe of the reference setting.
    """
    network, training, tuning = (config[name] for name in ("network", "training", "tuning"))
    widths = sorted({width for sizes in network.get("hidden_sizes") or () for width in sizes})
    parts = [f"{numbers.span(widths)} unit{'' if widths[-1] == 1 else 's'} a hidden layer"] if widths else []
    for key, words in (("initialisation", INITIALISATIONS), ("norm", NORMS)):
        if network.get(key, "none") != "none":
            parts.append(words.get(network[key], f"{key} {network[key]}"))
    if network.get("residual"):
        parts.append("residual connections")
    optimiser = OPTIMISERS.get(training["optimizer"], training["optimizer"])
    momentum = f" with momentum {training['momentum']:g}" if training.get("momentum") else ""
    parts.append(f"{optimiser}{momentum if training['optimizer'] == 'sgd' else ''}")
    candidates, rate = tuning["learning_rate"], training["learning_rate"]
    if rate == grid.TUNED and len(candidates) > 1:
        ends = f"{min(candidates):g} to {max(candidates):g}"
        parts.append(f"learning rate tuned over {len(candidates)} values from {ends}")
    else:
        parts.append(f"learning rate {candidates[0] if rate == grid.TUNED else rate:g}")
    parts.append(f"at most {numbers.count(training['max_epochs'], 'epoch')}")
    return numbers.listed(parts)


def criterion(*, validated: bool) -> str:
    """When a network counts as trained.

    Args:
        validated: whether there are validation examples.
    """
    scored = "validation" if validated else "training"
    return (
        f"Trained: did not diverge, and reached a {scored} accuracy at least a quarter of the way from "
        "chance to 100 %."
    )


def parameters(config: Mapping, labels: Mapping[str, str]) -> list[str]:
    """Of which activations a parameter is not PyTorch's default and not in the label: `leakyrelu: slope 0.1`.

    Args:
        config: the resolved one.
        labels: id to display text.
    """
    found = []
    for entry in config["activations"]:
        spec, label = entry["spec"], labels[entry["id"]]
        known = UNUSUAL.get(spec["name"], {}) | spec.get("parameters", {})
        hidden = [f"{name} {value:g}" for name, value in known.items() if f"{value:g}" not in label.split()]
        if hidden:
            found.append(f"{label}: {', '.join(hidden)}")
    return found


def rates(table: pd.DataFrame | None, labels: Mapping[str, str]) -> str:
    """The chosen learning rates by depth, the largest first; of very many cells their ends.

    Args:
        table: the table `rates` of a setting, or None where nothing was searched.
        labels: id to display text.
    """
    if table is None:
        return ""
    ends = f"{table['learning_rate'].min():g} to {table['learning_rate'].max():g}"
    if len(table) > RATES:
        return f"Chosen learning rates: {ends}."
    parts = []
    for depth, rows in table.groupby("depth"):
        chosen = rows.groupby("learning_rate")["activation"].agg(lambda keys: list(dict.fromkeys(keys)))
        named = [
            f"{rate:g} ({', '.join(label for key, label in labels.items() if key in keys)})"
            for rate, keys in chosen.sort_index(ascending=False).items()
        ]
        where = f"{numbers.count(depth, 'layer')}: " if table["depth"].nunique() > 1 else ""
        parts.append(f"{where}{', '.join(named)}")
    return f"Chosen learning rates: {'; '.join(parts)}."


def unfinished(rows: Sequence[Mapping], labels: Mapping[str, str]) -> list[str]:
    """Which cells diverged, and in which half or more of the networks that trained were still improving.

    Args:
        rows: of the table `comparison`.
        labels: id to display text.
    """
    several = len({row["depth"] for row in rows}) > 1
    texts = []
    for said, column, of, least in (
        ("Diverged", "n_diverged", "n_seeds", 0),
        ("Half or more still improving in the last tenth of the epochs", "n_improving", "n_trained", 0.5),
    ):
        chosen = [row for row in rows if row[column] and row[column] >= least * row[of]]
        named = []
        for row in chosen:
            where = f" at {numbers.count(row['depth'], 'layer')}" if several else ""
            named.append(f"{labels[row['activation']]} ({row[column]} of {row[of]}{where})")
        if len(named) > LISTED:
            texts.append(f"{said}: {len(named)} of {len(rows)} rows.")
        elif named:
            texts.append(f"{said}: {numbers.listed(named)}.")
    return texts
