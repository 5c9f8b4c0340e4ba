"""The first screen: the headline, the findings, the ranking and the main figure."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.figures import order, shown
from actbench.report import (
    change_sentences,
    headline,
    numbers,
    quotes,
    recipe_sentences,
    recipe_words,
    search_sentences,
    sentences,
)
from actbench.report.numbers import NBSP
from actbench.report.section import Section, Study
from actbench.report.sections import recipe, why
from actbench.report.verdict_sentences import legend


def context(study: Study) -> dict:
    """See `Section`."""
    claim, basis = study.once(_headline)
    ranked = ranking(study.comparison, study.tables["over_depths"], study.shown_depths)
    cells = [cell for row in ranked for cell in row["cells"]]
    some = study.comparison["n_trained"] > 0
    return {
        "headline": claim,
        "basis": basis,
        "findings": findings(study),
        "in_settings": recipe_words.overview(study.config["settings"], study.every["comparison"]),
        "lost": lost(study.comparison, study.labels),
        "ranking": ranked,
        "verdict_legend": legend(
            {numbers.verdict(cell) for cell in cells if cell["n_trained"]},
            study.config["report"]["equivalence"],
        ),
        "disagree": bool(study.comparison["runs_disagree"].any()),
        "all_trained": bool((study.comparison["n_trained"] == study.comparison["n_seeds"]).all()),
        "hollow": bool((some & (study.comparison["n_trained"] < study.comparison["n_seeds"])).any()),
        "ranges": bool((some & study.comparison["ci_low"].isna()).any()),
        "in_rows": len(shown.activations(study.config)) > shown.BESIDE,
        "mixture": sentences.mixture(study.lineage["mixed"]),
        "n_runs": len(study.every["runs"]),
        "downloads": {"ranking": as_table(ranked, study.labels, paired=study.shared()["paired"])},
    }


def _headline(study: Study) -> tuple[str, str]:
    names = list(study.config["settings"])
    setting = names[0] if len(names) > 1 else ""
    rows = study.tables["over_depths"]
    leading = rows.loc[(rows["measure"] == "rank") & rows["leading"].eq(True), "activation"]
    return headline.headline(study.tables["runs"], study.labels, set(leading), setting)


def findings(study: Study) -> list[dict]:
    """What the study found, a sentence each: `name`, `text` and the id of the `section` that shows it."""
    config, cells, labels = study.config, study.comparison, study.labels
    settings, folds = config["settings"], config["evaluation"]["folds"] or 1
    rates, later = study.every.get("rates"), study.once(search_sentences.of_study)
    decides = headline.recipe(study.every["comparison"], rates, settings, labels, later)
    shown_by = recipe.SECTION.id if recipe.SECTION.is_shown(study) else "method"
    found = (
        ("Training", headline.trained(cells, labels, folds, study.tables.get("history")), "comparison"),
        ("Accuracy", headline.accuracy(cells, labels), "comparison"),
        ("Recipe", decides, shown_by),
        ("Theory", why.pointer(study), "why"),
        ("Limits", headline.limits(config, cells, rates, labels), "method"),
    )
    return [{"name": name, "text": text, "section": section} for name, text, section in found if text]


def quoted(study: Study) -> list[str]:
    """The headline, the recipe and the theory as sentences that stand by themselves, the shortest first.

    Each with data set, setting and n; empty where no activation is compared with another.
    """
    config, labels = study.config, study.labels
    known, names = quotes.about(study), list(config["settings"])
    every, rates = study.every["comparison"], study.every.get("rates")
    claim, basis = study.once(_headline)
    found = [f"{numbers.clause(claim, labels.values())} ({basis}, on the same {known.tested})."]
    decides = change_sentences.turned(every, labels, names, search_sentences.tunes(config["settings"]))
    decides = decides or headline.recipe(every, rates, config["settings"], labels)
    made = "" if len(names) > 1 else f", {recipe_sentences.recipe(config['network'], config['training'])}"
    seeds = f"n{NBSP}={NBSP}{numbers.count(known.n_seeds, 'seed')}"
    found.append(f"{seeds}{made}: {numbers.clause(decides, labels.values())}")
    theory = why.pointer(study)
    if theory:
        cell = f"a cell is an activation and depth{' of a setting' if len(names) > 1 else ''}"
        found.append(f"{numbers.clause(theory, labels.values())[:-1]}; {cell}.")
    return [f"On {known.dataset}, {text}" for text in found]


def ranking(comparison: pd.DataFrame, over_depths: pd.DataFrame, depths: Sequence[int]) -> list[dict]:
    """A row an activation as `order.ranked`: its rank, its cells at these depths, its networks."""
    ends = ["mean", "ci_low", "ci_high"]
    ranks = over_depths[over_depths["measure"] == "rank"].set_index("activation")[ends].to_dict("index")
    level = comparison.assign(level=comparison["mean"].fillna(comparison["median"])).sort_values("depth")
    cells: dict[str, list[dict]] = {key: [] for key in order.ranked(comparison, over_depths)}
    for cell in level.to_dict("records"):
        cells[cell["activation"]].append(cell)
    return [
        {
            "key": key,
            **{name: _number(value) for name, value in ranks[key].items()},
            "n_trained": sum(cell["n_trained"] for cell in own),
            "n_runs": sum(cell["n_seeds"] for cell in own),
            "cells": [cell for cell in own if cell["depth"] in depths],
        }
        for key, own in cells.items()
    ]


def lost(comparison: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """How many networks of which activations did not train, most first: `prelu (10 of 10 diverged)`."""
    counts = comparison.groupby("activation", observed=True)[["n_seeds", "n_trained", "n_diverged"]].sum()
    counts = counts.assign(n=counts["n_seeds"] - counts["n_trained"]).query("n > 0")
    parts = []
    for key, row in counts.sort_values("n", ascending=False, kind="stable").iterrows():
        n, diverged = row["n"], row["n_diverged"]
        how = "" if not diverged else " diverged" if diverged == n else f", {diverged} diverged"
        parts.append(f"{labels[key]} ({n} of {row['n_seeds']}{how})")
    return numbers.some(parts)


def as_table(rows: Sequence[Mapping], labels: Mapping[str, str], *, paired: bool) -> pd.DataFrame:
    """What the table on the first screen shows, with a number a column.

    Of each depth the accuracy that stands there, or the ends of the range that does, who trained and, where
    activations are `paired`, the verdict.

    Args:
        rows: see `ranking`.
        labels: id to display text.
        paired: whether there are ranks and verdicts.
    """
    found = []
    for row in rows:
        written = {"activation": row["key"], "label": labels[row["key"]]}
        written |= {name: row[name] for name in ("n_trained", "n_runs")}
        for cell in row["cells"]:
            apart = cell["runs_disagree"]
            values = {
                "accuracy": None if apart else cell["level"],
                "accuracy_low": cell["min"] if apart else None,
                "accuracy_high": cell["max"] if apart else None,
                **{name: cell[name] for name in ("n_trained", "n_seeds", "n_diverged")},
            }
            values |= {"verdict": numbers.verdict(cell)} if paired else {}
            written |= {f"{name}_d{cell['depth']}": value for name, value in values.items()}
        if paired:
            written |= {"rank": row["mean"], "rank_low": row["ci_low"], "rank_high": row["ci_high"]}
        found.append(written)
    return pd.DataFrame(found)


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


SECTION = Section(
    id="answer",
    title="Answer",
    template="answer.html",
    tables=("runs", "comparison", "over_depths"),
    figures=("overview",),
    optional=("attribution", "rates", "tuning", "history", *why.SECTION.tables),
    context=context,
)
