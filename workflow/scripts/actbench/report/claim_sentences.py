"""What a study says of a claim, in words to quote: no more than the test behind it."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from actbench.analysis import comparisons
from actbench.analysis.claims import FAILS, HOLDS, OPEN
from actbench.figures.shown import layers
from actbench.report import numbers, quotes
from actbench.report.lead import Lead, Search
from actbench.report.numbers import change, listed, n_points, points, span
from actbench.report.quotes import About
from actbench.study.relations import TRAINS

NO_FINDING = "no finding"
ROUNDING = ", that of rounding to whole examples"
REFUTED = {
    ">": "{} was not better than {} by more than {}",
    "<": "{} was not worse than {} by more than {}",
}


class Beside(NamedTuple):
    """What other tables than `claims` say of a claim's two activations.

    Args:
        search, lead: see `lead`; None of who trains, and where there is none.
        same: whether both have the same runs.
        validated: whether there are validation examples, without which no epoch is the best.
    """

    search: Search | None = None
    lead: Lead | None = None
    same: bool = False
    validated: bool = True


def quote(row: Mapping, labels: Mapping[str, str], known: About) -> str:
    """The claim's test in words that stand alone: where it is of accuracies, the sentence of `quotes`.

    A claim can be refuted where the verdict is open: the whole interval lies below the margin, or above.

    Args:
        row: of the table `claims`.
        labels: id to display text.
        known: of the row's setting.
    """
    names = labels[row["activation"]], labels[row["other"]]
    known = known._replace(n_comparisons=row["family"])
    if row["relation"] == TRAINS:
        where = f"With {layers(row['depth'])} on {known.dataset}"
        where += f" (setting {known.setting})" if known.setting else ""
        same = f" {quotes.SAME}." if known.is_same(row, names) else ""
        return f"{where}, {_who_trained(row, *names)}{same}{known.tuned(row, names)}"
    refuted = row["answer"] == FAILS and row["verdict"] == OPEN and not numbers.leaning(row)
    said = REFUTED[row["relation"]].format(*names, known.points) if refuted else ""
    return quotes.sentence(row, names, known, said) + known.tuned(row, names)


def _who_trained(row: Mapping, first: str, other: str) -> str:
    n = row["n_seeds"]
    seeds = numbers.count(n, "seed")
    counts = f"{first} trained from {row['n_trained']} and {other} from {row['n_trained_other']} of {seeds}"
    if row["verdict"] == "cannot decide":
        return (
            f"{counts}; a verdict on who trains more often needs at least {int(row['required_low'])} seeds."
        )
    adjusted = f", adjusted for {row['family']} comparisons {numbers.significant(row['p_holm'])}"
    adjusted = "" if row["family"] == 1 else adjusted
    test = f"exact McNemar test, p = {numbers.significant(row['p'])}{adjusted}"
    if row["answer"] == OPEN:
        return f"{counts}, which does not decide who trains more often ({test})."
    more, less = (first, other) if row["verdict"] == "more" else (other, first)
    return f"{counts}: {more} trains more often than {less} ({test})."


def outcome(row: Mapping, beside: Beside) -> str:
    """The answer, or that it is no finding: that two activations with the same runs are alike."""
    return NO_FINDING if beside.same else row["answer"]


def but(row: Mapping, beside: Beside) -> str:
    """What a reader of the answer alone must know: that it is no finding, or not what the search says."""
    if beside.same:
        return "no finding: the runs are identical"
    decided = row["verdict"] in ("better", "worse")
    against = beside.search.against(row["difference"]) if decided and beside.search else ""
    return f"but {against}" if against else ""


def facts(
    row: Mapping,
    others: pd.DataFrame,
    labels: Mapping[str, str],
    margin: float,
    beside: Beside,
) -> list[tuple[str, str]]:
    """The lines of a claim's card: what each is of, and its text.

    Args:
        row: of the table `claims`, of the claim's setting.
        others: the rows of the other settings, in their order.
        labels: id to display text.
        margin: differences up to it count as none.
        beside: what other tables say of the two.
    """
    first, other, n = labels[row["activation"]], labels[row["other"]], row["n_seeds"]
    of_accuracy = row["relation"] != TRAINS
    n_trained = row["n_trained"], row["n_trained_other"]
    found = {
        "Difference": f"{_difference(row)}{ROUNDING if of_accuracy and beside.same else ''}",
        "Margin": f"±{n_points(margin)}" if of_accuracy else "",
        "Paired seeds": f"{row['n_pairs']} of {n}",
        "Wins": f"{first} {row['wins']}, {other} {row['losses']}, ties {row['ties']}; trained or not",
        "Trained": f"{first} {n_trained[0]} of {n}, {other} {n_trained[1]} of {n}",
        "Still improving": _improving(row, first, other, beside.validated),
        "By epoch": beside.lead.sentence(first, other) if beside.lead else "",
        "Learning rates": beside.search.sentence(first, other) if beside.search else "",
        "Test set error": _test_error(row, first, other, beside.same) if of_accuracy else "",
        "Other settings": elsewhere(others),
        "Seeds needed": required(row),
    }
    return [(name, text) for name, text in found.items() if text]


def _difference(row: Mapping) -> str:
    if pd.isna(row["difference"]):
        return "none"
    if row["relation"] == TRAINS:
        interval = change(row["difference_low"], row["difference_high"], 0)
        found = f"{points(row['difference'], 0)} points in the share that trained, interval {interval}"
        return f"{found} (Newcombe's, which is approximate: the exact test decides)"
    found = f"{points(row['difference'])} points in test accuracy"
    interval = numbers.interval_of(row)
    if interval == "–":
        interval = "beyond ±100 points"
        if row["n_pairs"] < numbers.FEWEST and row["verdict"] == OPEN:
            return f"{found}, too few seeds for an interval"
    return f"{found}, interval {interval}"


def _improving(row: Mapping, first: str, other: str, validated: bool) -> str:
    if not validated:
        return "not known: without validation examples no epoch is the best"
    cells = (
        (first, row["n_improving"], row["n_trained"]),
        (other, row["n_improving_other"], row["n_trained_other"]),
    )
    parts = [f"{name} {n} of {n_trained}" if n_trained else f"{name} none" for name, n, n_trained in cells]
    return f"{', '.join(parts)} that trained"


def _test_error(row: Mapping, first: str, other: str, same: bool) -> str:
    errors = {first: row["test_error"], other: row["test_error_other"]}
    parts = [f"{name} ±{numbers.fixed(100 * error, 2)}" for name, error in errors.items() if pd.notna(error)]
    paired = row["n_pairs"] == row["n_trained"] == row["n_trained_other"]
    if len(parts) < 2 or same or not paired:
        return f"{', '.join(parts)} points" if parts else ""
    most = numbers.fixed(100 * math.hypot(*errors.values()), 2)
    return (
        f"{', '.join(parts)} points; of the difference at most ±{most}, unless their errors are negatively "
        "correlated"
    )


def elsewhere(rows: pd.DataFrame) -> str:
    """In which of the study's other settings the same claim holds, does not, and is not decided.

    Args:
        rows: of one claim, without its own setting.
    """
    parts = []
    for answer, words in ((HOLDS, "holds"), (FAILS, "does not hold"), (OPEN, "inconclusive")):
        names = list(rows.loc[rows["answer"] == answer, "setting"])
        if names:
            parts.append(f"{words} in {listed(names)}")
    return "; ".join(parts)


def required(row: Mapping) -> str:
    """How many seeds a verdict needs."""
    low, high = (None if pd.isna(row[name]) else int(row[name]) for name in ("required_low", "required_high"))
    if row["answer"] != OPEN:
        return "decided with these"
    if row["relation"] == TRAINS:
        return f"at least {low}, for any outcome" if low else "not estimated: the test is exact"
    if pd.isna(row["difference_low"]):
        return "not known: no interval"
    most = f"{comparisons.MOST_SEEDS:,}"
    if low is None:
        return f"more than {most} that train with both"
    if high is None:
        return f"{low:,} to more than {most} that train with both"
    return f"{span((low, high))} that train with both"
