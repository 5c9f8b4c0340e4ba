"""Sentences on what a verdict on accuracies leaves open: another p value, unfinished training."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from actbench.analysis import comparisons
from actbench.report.numbers import (
    ALPHA,
    NAMED,
    be,
    disagrees,
    have,
    leaning,
    listed,
    n_points,
    sentence,
    significant,
    some,
    verdicts,
)

# By the word that `numbers.verdict` has, in the order of a legend.
SIGNS = {
    "better": "▲",
    "worse": "▼",
    "better?": "▲?",
    "worse?": "▼?",
    "equivalent": "≈",
    "inconclusive": "?",
    "runs disagree": "∗",
    "–": "–",
    "baseline": "•",
}
DECIDED = ("better", "worse")
OPEN = "no verdict although p (Holm) is at most"


def legend(words: Collection[str], margin: float) -> str:
    """What the signs of these verdicts mean, see `SIGNS`; of the baseline and of no comparison nothing.

    >>> legend(["better?", "worse", "worse?"], 0.01)
    '▼ worse, ▲? ▼? better or worse, but not surely by more than 1 point'
    """
    open_ = [word for word in ("better?", "worse?") if word in words]
    slight = f"{' or '.join(word[:-1] for word in open_)}, {not_surely(margin)}"
    said = {
        "better": "better",
        "worse": "worse",
        "better?": slight,
        "worse?": slight,
        "equivalent": "equivalent",
        "inconclusive": "inconclusive",
        "runs disagree": "runs disagree (no mean difference)",
    }
    signs: dict[str, list[str]] = {}
    for word, text in said.items():
        if word in words:
            signs.setdefault(text, []).append(SIGNS[word])
    return ", ".join(f"{' '.join(marks)} {text}" for text, marks in signs.items())


def not_surely(margin: float) -> str:
    """What is open of a difference whose interval leaves out 0 but not the margin."""
    return f"but not surely by more than {n_points(margin)}"


def in_words(word: str, margin: float, baseline: str) -> str:
    """A verdict against the baseline where its sign is pointed at; empty where nothing is compared.

    Args:
        word: as `numbers.verdict` gives it.
        margin: up to which a difference counts as none.
        baseline: its label.
    """
    if word in ("baseline", "–"):
        return word.strip("–")
    if word == "runs disagree":
        return f"no mean difference to {baseline} (runs disagree)"
    joint = {"equivalent": " to", "inconclusive": " against"}.get(word, " than")
    said = f"{word.removesuffix('?')}{joint} {baseline}"
    return f"{said}, {not_surely(margin)}" if word.endswith("?") else said


def counted(rows: pd.DataFrame, margin: float, made: str = "made") -> list[str]:
    """How many of these comparisons have which verdict, in a sentence: `2 are better`, `1 is inconclusive`.

    Args:
        rows: of the table `comparison` or `pairs`, `different` being a verdict of better or worse.
        margin: up to which a difference counts as none.
        made: what those that lack pairs cannot be.
    """
    found, points = verdicts(rows), n_points(margin)
    words = {
        "better": "better",
        "worse": "worse",
        "equivalent": f"equivalent within ±{points}",
        "inconclusive": "inconclusive",
    }
    parts = []
    if n := found["different"]:
        parts.append(f"{n} {_differ(n)} by more than {points}")
    parts += [f"{found[word]} {be(found[word])} {said}" for word, said in words.items() if found[word]]
    if n := found["better?"] + found["worse?"]:
        parts.append(f"{n} {_differ(n)}, {not_surely(margin)}")
    if n := found["runs disagree"]:
        parts.append(f"{n} {have(n)} no mean difference (runs disagree)")
    if n := found["–"]:
        parts.append(f"{n} cannot be {made}")
    return parts


def in_short(rows: pd.DataFrame, reasons: bool = False) -> str:
    """The same counts in the words of tables, which a legend explains: `1 better, 2 worse?`.

    Of which there is no difference, one count: `4 not comparable`, where too few trained or runs disagree.

    Args:
        rows: see `counted`.
        reasons: whether these are given in brackets.
    """
    found = verdicts(rows)
    words = ("better", "worse", "better?", "worse?", "equivalent", "inconclusive")
    parts = [f"{found[word]} {word}" for word in words if found[word]]
    why = {"failed": found["–"], "runs disagree": found["runs disagree"]}
    if n := sum(why.values()):
        said = f" ({' or '.join(text for text, times in why.items() if times)})" if reasons else ""
        parts.append(f"{n} not comparable{said}")
    return ", ".join(parts)


def _differ(n: int) -> str:
    return "differs" if n == 1 else "differ"


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
