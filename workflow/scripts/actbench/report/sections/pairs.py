"""Every two activations of a depth compared."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.report import findings, identical, numbers
from actbench.report.section import Section, Study
from actbench.report.sections import answer
from actbench.report.verdict_sentences import SIGNS, beside_p, in_words, legend

LARGEST = 60  # pairs that are told in one table
TURNED = {"better": "worse", "worse": "better", "better?": "worse?", "worse?": "better?"}


def context(study: Study) -> dict:
    """See `Section`."""
    margin, n_seeds = study.config["report"]["equivalence"], len(study.config["seeds"])
    finding = findings.pairs(study.tables["pairs"], margin, n_seeds)
    rows, n_pairs = pairs(study.tables["pairs"], study.labels), len(study.every["pairs"])
    words = set(map(numbers.verdict, rows))
    keys, ranking = list(study.labels), []
    if "over_depths" in study.tables:
        ranking = answer.ranking(study.comparison, study.tables["over_depths"], study.config["depths"])
        keys = [row["key"] for row in ranking]
    return {
        "finding": finding,
        "same": identical.sentence(identical.groups(study.tables["runs"]), study.labels),
        "pairs": rows,
        "pairs_legend": legend({*words, *(TURNED.get(word, word) for word in words)}, margin),
        "other_family": other_family(study, n_pairs),
        "matrices": matrices(rows, keys, study.labels, margin) if len(rows) > LARGEST else {},
        "heads": heads(ranking, study.labels),
        "pairs_beside_p": beside_p(rows, study.labels, n_pairs),
        "n_pairs": n_pairs,
    }


def other_family(study: Study, n_pairs: int) -> str:
    """Why a verdict against the baseline may differ from that of the table `comparison`, and which to quote.

    Empty where that table compares as many.

    Args:
        n_pairs: the comparisons of this table, of all settings.
    """
    every, labels = study.every["comparison"], study.labels
    n_comparisons = int((every["verdict"] != "baseline").sum())
    if len(study.config["seeds"]) < 2 or not 0 < n_comparisons < n_pairs:
        return ""
    baseline = study.config["report"]["baseline"]
    text = (
        f"Intervals hold for {n_pairs:,} comparisons at once here and for {n_comparisons:,} against "
        f"{labels[baseline]} above, so they are wider here"
    )
    changed = against_baseline(study.comparison, study.tables["pairs"], baseline)
    if changed:
        several = study.comparison["depth"].nunique() > 1
        names = [
            f"{labels[key]}{f' at depth {depth}' if several else ''} ({above} above, {here} here)"
            for key, depth, above, here in changed
        ]
        text += f", and verdicts differ for {numbers.some(names)}"
    return (
        f"{text}. Quote those above for a comparison with {labels[baseline]}, those here for one that was "
        "chosen among all pairs."
    )


def against_baseline(
    comparison: pd.DataFrame, compared: pd.DataFrame, baseline: str
) -> list[tuple[str, int, str, str]]:
    """Activation, depth and both verdicts where those of the two tables on it and the baseline differ."""
    above = {
        (str(row["activation"]), int(row["depth"])): numbers.verdict(row)
        for row in comparison.to_dict("records")
    }
    found = []
    for row in compared.to_dict("records"):
        keys, word = (str(row["activation"]), str(row["other"])), numbers.verdict(row)
        if baseline in keys:
            key = keys[keys[0] == baseline]
            word = TURNED.get(word, word) if keys[0] == baseline else word
            if above[key, int(row["depth"])] != word:
                found.append((key, int(row["depth"]), above[key, int(row["depth"])], word))
    return found


def pairs(compared: pd.DataFrame, labels: Mapping[str, str]) -> list[dict]:
    """The rows of all pairs, by depth in the order of the labels."""
    order = {key: number for number, key in enumerate(labels)}
    rows = compared.to_dict("records")
    return sorted(rows, key=lambda row: (row["depth"], order[row["activation"]], order[row["other"]]))


def matrices(
    rows: Sequence[Mapping], keys: Sequence[str], labels: Mapping[str, str], margin: float
) -> dict[int, list[dict]]:
    """Every activation against every other, by depth: a row each, in this order, with a cell for each.

    A cell has the `key` of its column, the `mark` of the verdict on the row's activation, its `class`, the
    `verdict` in a word and what is `said` where it is pointed at; those of an activation against itself are
    empty.
    """
    found: dict[int, dict] = {}
    for row in rows:
        word, first, second = numbers.verdict(row), row["activation"], row["other"]
        cells = found.setdefault(int(row["depth"]), {})
        cells[first, second] = _cell(row, word, 1, labels[first], labels[second], margin)
        turned = TURNED.get(word, word)
        cells[second, first] = _cell(row, turned, -1, labels[second], labels[first], margin)
    empty = {"mark": "", "class": "", "verdict": "", "said": ""}
    return {
        depth: [
            {"key": key, "cells": [{"key": other} | cells.get((key, other), empty) for other in keys]}
            for key in keys
        ]
        for depth, cells in found.items()
    }


def heads(ranking: Sequence[Mapping], labels: Mapping[str, str]) -> dict[int, dict[str, str]]:
    """What the head of an activation's column says of it, by depth and id: its mean accuracy and its rank.

    Args:
        ranking: of `answer.ranking`.
        labels: id to display text.
    """
    found: dict[int, dict] = {}
    for row in ranking:
        rank = "no rank"
        if row["mean"] is not None:
            rank = f"average rank {numbers.fixed(row['mean'])} of {len(ranking)}"
        for cell in row["cells"]:
            one = cell["n_seeds"] == 1
            level = cell["median" if one else "mean"]
            known = f"{'' if one else 'mean '}test accuracy {numbers.percent(level)}"
            known = "no mean test accuracy" if pd.isna(level) else known
            trained = f"{cell['n_trained']} of {numbers.count(cell['n_seeds'], 'seed')} trained"
            found.setdefault(int(cell["depth"]), {})[row["key"]] = (
                f"{labels[row['key']]}: {known} ({trained}), {rank}."
            )
    return found


def _cell(row: Mapping, word: str, sign: int, first: str, second: str, margin: float) -> dict:
    if word == "–":
        said = f"{first} and {second}: fewer than two pairs"
    else:
        said = f"{first}: {in_words(word, margin, second)}"
    if word != "–" and not pd.isna(row["difference"]):
        said += f" ({numbers.points(sign * row['difference'])} points, n = {row['n_pairs']} pairs)"
    decided = word if row["verdict"] != "inconclusive" else "inconclusive"
    return {"mark": SIGNS[word], "class": decided, "verdict": word.strip("–"), "said": said}


SECTION = Section(
    id="pairs",
    title="All pairs",
    template="pairs.html",
    tables=("pairs", "comparison", "runs"),
    optional=("over_depths",),
    context=context,
)
