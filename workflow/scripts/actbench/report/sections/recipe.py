"""What the recipe decides: the settings side by side, and the search for learning rates."""

import json
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from actbench.analysis import statistics
from actbench.analysis.profile import EVERY
from actbench.figures import shown
from actbench.report import change_sentences, findings, partly_sentences, recipe_words, search_sentences
from actbench.report import recipe_sentences as sentences
from actbench.report.numbers import verdict
from actbench.report.section import Section, Study
from actbench.report.verdict_sentences import legend

VERDICTS = {
    "setting": "changes with the setting",
    "activation": "does not change",
    "inconclusive": "inconclusive",
}


def context(study: Study) -> dict:
    """See `Section`."""
    settings, labels, tables = study.config["settings"], study.labels, study.every
    several, depths = len(settings) > 1, study.shown_depths
    baseline = labels[study.config["report"]["baseline"]]
    finding = findings.recipe(
        tables["runs"], settings, tables.get("attribution"), tables.get("rates"), baseline, labels
    )
    rows = matrix(tables["comparison"], labels, list(settings), depths) if several else {}
    cells = [cell for group in rows.values() for row in group for cell in row["cells"]]
    words = {verdict(cell) for cell in cells if cell["n_trained"]} if len(study.config["seeds"]) > 1 else ()
    found = {
        "finding": finding,
        "recipe_sentences": [text for text in said(study) if text not in finding],
        "n_drawn": {"sensitivity": 0, "profile": len(shown.settings(list(settings)))},
        "matrix": rows,
        "matrix_legend": legend(words, study.config["report"]["equivalence"]),
        "overrides": overrides(tables["settings"]) if several else {},
        "attribution": [],
        "rates": {},
        "ties": {},
        "defined": recipe_words.defined(settings),
        "budget": "",
        "n_problems": len(study.config["depths"]) * len(settings) * len(study.config["seeds"]),
        "n_profile": 0,
    }
    if "profile" in tables:
        over_all = tables["profile"]["setting"] == EVERY
        found["n_profile"] = int(tables["profile"].loc[over_all, "n"].max()) if over_all.any() else 0
    if "attribution" in tables:
        margin = study.config["report"]["equivalence"]
        found["attribution"] = attribution(tables["attribution"], labels, list(settings), margin)
    if "rates" in tables:
        rates = tables["rates"]
        searched = [name for name in settings if name in set(rates["setting"])]
        found["searched"] = searched
        found["n_drawn"]["sensitivity"] = len(shown.settings(searched, len(depths)))
        found["rates"] = chosen_rates(rates, labels, searched, study.config["depths"])
        found["ties"] = search_sentences.ties(tables["tuning"], rates) if "tuning" in tables else {}
        found["budget"] = sentences.budget(rates, settings, len(tables["runs"]))
        found["n_tuning"] = {name: settings[name]["tuning"]["seeds"] for name in searched}
    return found


def decides(study: Study) -> list[str]:
    """What decides the results, for the first screen: which cells the setting turned, attribution, tuning."""
    settings, tables, labels = study.config["settings"], study.every, study.labels
    names = list(settings)
    turned = change_sentences.turned(tables["comparison"], labels, names, search_sentences.tunes(settings))
    found = [turned or sentences.trained_by_setting(tables["runs"], names)]
    found.append(partly_sentences.changed(tables["comparison"], labels, names))
    if "attribution" in tables:
        report = study.config["report"]
        baseline, margin = labels[report["baseline"]], report["equivalence"]
        found.append(
            change_sentences.attributed(tables["attribution"], tables["comparison"], labels, baseline, margin)
        )
        found.append(
            partly_sentences.left_out(
                tables["attribution"], tables["comparison"], labels, names, report["baseline"]
            )
        )
    if "rates" in tables:
        rates = tables["rates"]
        found.append(sentences.tuned(rates, settings, labels))
        found.append(search_sentences.untrained(tables["comparison"], rates, settings, labels))
        found.append(
            search_sentences.diverged(study.once(search_sentences.of_study), labels, len(settings) > 1)
        )
    found += [sentences.untuned(settings), sentences.only_this_recipe(settings)]
    return [text for text in found if text]


def said(study: Study) -> list[str]:
    """The section's paragraph: the same, how many networks trained, and how many seeds would decide."""
    counts = sentences.trained_by_setting(study.every["runs"], list(study.config["settings"]))
    found = [counts, *decides(study)]
    if "attribution" in study.every:
        margin = study.config["report"]["equivalence"]
        found.append(change_sentences.required_seeds(study.every["attribution"], study.labels, margin))
    return list(dict.fromkeys(text for text in found if text))


def matrix(
    comparison: pd.DataFrame, labels: Mapping[str, str], settings: Sequence[str], depths: Iterable[int]
) -> dict[int, list[dict]]:
    """By depth a row an activation: the row of `comparison` in each setting, in the order of the settings."""
    rows = {(row["activation"], row["depth"], row["setting"]): row for row in comparison.to_dict("records")}
    return {
        depth: [{"key": key, "cells": [rows[key, depth, name] for name in settings]} for key in labels]
        for depth in depths
    }


def attribution(
    table: pd.DataFrame, labels: Mapping[str, str], settings: Sequence[str], margin: float
) -> list[dict]:
    """A group a setting: its `rows` over depths, and those `by_depth`, each in the order of the labels.

    Nothing without rows. `said` is the verdict in words; `open`, whether enough seeds would show a change.
    """
    beyond = table["difference"].abs() > margin + statistics.NOISE
    judged = table.assign(
        said=table["verdict"].map(VERDICTS).where(table["n"] > 1, "–"),
        open=(table["verdict"] == "inconclusive") & (table["n"] > 1) & beyond,
    )
    order = list(labels)
    rows = sorted(judged.to_dict("records"), key=lambda row: order.index(row["activation"]))
    found = []
    for name in settings[1:]:
        own = [row for row in rows if row["setting"] == name]
        single = sorted((row for row in own if not pd.isna(row["depth"])), key=lambda row: row["depth"])
        over = [row for row in own if pd.isna(row["depth"])]
        if own:
            found.append({"setting": name, "rows": over, "by_depth": single})
    return found


def chosen_rates(
    rates: pd.DataFrame, labels: Mapping[str, str], settings: Sequence[str], depths: Iterable[int]
) -> dict[int, list[dict]]:
    """By depth a row an activation: the choices in each setting, one a fold."""
    cells = {place: cell.sort_values("fold").to_dict("records") for place, cell in _by_cell(rates)}
    return {
        depth: [{"key": key, "cells": [cells[key, depth, name] for name in settings]} for key in labels]
        for depth in depths
    }


def overrides(settings: pd.DataFrame) -> dict[str, list[str]]:
    """By setting, what it overrides: `network.initialisation: critical`."""
    return {
        row.setting: [
            f"{section}.{key}: {_shown(value)}" if key else f"{section}: {_shown(value)}"
            for section, values in json.loads(row.overrides).items()
            for key, value in (values.items() if isinstance(values, dict) else [("", values)])
        ]
        for row in settings.sort_values("position").itertuples()
    }


def _by_cell(rates: pd.DataFrame) -> Iterable[tuple[tuple, pd.DataFrame]]:
    return rates.groupby(["activation", "depth", "setting"], observed=True)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


SECTION = Section(
    id="recipe",
    title="Recipe",
    template="recipe.html",
    tables=("runs", "comparison", "settings"),
    any_of=("attribution", "rates"),
    optional=("tuning", "profile"),
    context=context,
)
