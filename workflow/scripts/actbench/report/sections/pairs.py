"""Every two activations of a depth compared."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.report import findings, numbers
from actbench.report.section import Section, Study
from actbench.report.sections import answer
from actbench.report.verdict_sentences import beside_p

LARGEST = 60  # pairs that are told in one table
MARKS = {"better": "▲", "worse": "▼", "equivalent": "≈", "inconclusive": "?"}
TURNED = {"better": "worse", "worse": "better"}


def context(study: Study) -> dict:
    """See `Section`."""
    margin, n_seeds = study.config["report"]["equivalence"], len(study.config["seeds"])
    finding = findings.pairs(study.tables["pairs"], margin, n_seeds)
    rows, n_pairs = pairs(study.tables["pairs"], study.labels), len(study.every["pairs"])
    ranking = answer.ranking(study.comparison, study.tables["over_depths"], study.config["depths"])
    order = [row["key"] for row in ranking]
    return {
        "finding": finding,
        "pairs": rows,
        "matrices": matrices(rows, order, study.labels) if len(rows) > LARGEST else {},
        "heads": heads(ranking, study.labels),
        "pairs_beside_p": beside_p(rows, study.labels, n_pairs),
        "n_pairs": n_pairs,
    }


def pairs(compared: pd.DataFrame, labels: Mapping[str, str]) -> list[dict]:
    """The rows of all pairs, by depth in the order of the labels."""
    order = {key: number for number, key in enumerate(labels)}
    rows = compared.to_dict("records")
    return sorted(rows, key=lambda row: (row["depth"], order[row["activation"]], order[row["other"]]))


def matrices(
    rows: Sequence[Mapping], order: Sequence[str], labels: Mapping[str, str]
) -> dict[int, list[dict]]:
    """Every activation against every other, by depth: a row each, in this order, with a cell for each.

    A cell has the `key` of its column, the `mark` of the verdict on the row's activation, the `verdict`
    itself and what is `said` where it is pointed at; those of an activation against itself are empty.
    """
    found: dict[int, dict] = {}
    for row in rows:
        verdict, first, second = row["verdict"], row["activation"], row["other"]
        cells = found.setdefault(int(row["depth"]), {})
        cells[first, second] = _cell(row, verdict, 1, labels[first], labels[second])
        cells[second, first] = _cell(row, TURNED.get(verdict, verdict), -1, labels[second], labels[first])
    empty = {"mark": "", "verdict": "", "said": ""}
    return {
        depth: [
            {"key": key, "cells": [{"key": other} | cells.get((key, other), empty) for other in order]}
            for key in order
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
        rank = "no rank" if row["mean"] is None else f"average rank {row['mean']:.1f} of {len(ranking)}"
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


def _cell(row: Mapping, verdict: str, sign: int, first: str, second: str) -> dict:
    if row["n_pairs"] < 2:
        return {"mark": "–", "verdict": "", "said": f"{first} and {second}: fewer than two pairs"}
    relation = {"better": "better than", "worse": "worse than", "equivalent": "equivalent to"}
    said = f"{first} {relation.get(verdict, 'inconclusive against')} {second}"
    if not pd.isna(row["difference"]):
        said += f": {numbers.points(sign * row['difference'])} points, n = {row['n_pairs']} pairs"
    return {"mark": MARKS[verdict], "verdict": verdict, "said": said}


SECTION = Section(
    id="pairs",
    title="All pairs",
    template="pairs.html",
    tables=("pairs", "comparison", "over_depths"),
    context=context,
)
