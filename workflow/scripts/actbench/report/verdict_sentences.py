"""Sentences on what a verdict on accuracies leaves open: another p value, unfinished training."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.analysis import comparisons
from actbench.report.numbers import ALPHA, NAMED, disagrees, leaning, listed, sentence, significant, some

DECIDED = ("better", "worse")
OPEN = "no verdict although p (Holm) is at most"


def beside_p(rows: Sequence[Mapping], labels: Mapping[str, str], family: int) -> str:
    """Of which comparisons verdict and p disagree, and why; empty where none does.

    Args:
        rows: of the table `comparison` or `pairs`, of one setting.
        labels: id to display text.
        family: the comparisons that p is adjusted for.
    """
    apart = [row for row in rows if disagrees(row)]
    groups: dict[tuple[str, str], list[Mapping]] = {}
    for row in apart:
        groups.setdefault((_found(row), why(row, family)), []).append(row)
    several = len({row["depth"] for row in rows}) > 1
    parts = []
    for (found, reason), chosen in groups.items():
        alike = sum(row["n_pairs"] > 1 and _found(row) == found for row in rows)
        every = len(chosen) == alike > NAMED + 1 and found != OPEN
        names = f"all {alike} of these" if every else _names(chosen, labels, several)
        parts.append(f"{found} {ALPHA:g} for {names}: {reason}")
    return f"† {sentence('; '.join(parts))}." if parts else ""


def _found(row: Mapping) -> str:
    """What stands beside which p."""
    if row["verdict"] in DECIDED:
        return "a verdict although p (Holm) is above"
    if leaning(row):
        return "an interval without 0 although p (Holm) is above"
    return OPEN


def why(row: Mapping, family: int) -> str:
    """Why the interval of a comparison does not say what its p suggests; of `numbers.disagrees`.

    Args:
        row, family: see `beside_p`.
    """
    if pd.isna(row["difference"]):
        return "runs lie too far apart for a difference of means"
    normal = "the interval takes the differences as normal, the sign flip does not"
    if row["verdict"] not in DECIDED and not leaning(row):
        return normal if family == 1 else f"{normal}, and Bonferroni is stricter than Holm"
    least = comparisons.smallest_p(row["n_pairs"])
    if family * least > ALPHA:
        of = "" if family == 1 else f", which is then adjusted for {family:,} comparisons"
        return f"sign flips of {row['n_pairs']} pairs give no p below {significant(least)}{of}"
    return normal


def unfinished(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Which activations with a verdict at one depth have many networks that were still improving.

    Half of the trained ones or more. The baseline counts where any verdict is decided.

    Args:
        cells: rows of the comparison table.
        labels: id to display text.
    """
    decided = cells[cells["verdict"].isin([*DECIDED, "equivalent"])]
    if decided.empty:
        return ""
    judged = pd.concat([cells[cells["verdict"] == "baseline"], decided])
    late = judged[(judged["n_trained"] > 0) & (2 * judged["n_improving"] >= judged["n_trained"])]
    if late.empty:
        return ""
    named = [f"{labels[row.activation]} ({row.n_improving} of {row.n_trained})" for row in late.itertuples()]
    return f"Longer training may change these verdicts: still improving were networks of {listed(named)}."


def _names(rows: Sequence[Mapping], labels: Mapping[str, str], several: bool) -> str:
    """`tanh (depth 8)`, of pairs `tanh and relu`; the depth where there are several."""
    names = []
    for row in rows:
        other = f" against {labels[row['other']]}" if "other" in row else ""
        depth = f" (depth {row['depth']})" if several else ""
        names.append(f"{labels[row['activation']]}{other}{depth}")
    return some(names)
