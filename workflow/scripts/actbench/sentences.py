"""Sentences with the study's numbers in them; they claim no more than the tables allow."""

from collections.abc import Mapping, Sequence

import pandas as pd

NBSP = "\N{NO-BREAK SPACE}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share as text, `97.3 %`; a dash where there is none."""
    return "–" if pd.isna(value) else f"{100 * value:.{digits}f}{NBSP}%"


def points(value: float | None, digits: int = 2) -> str:
    """A difference of shares in percentage points with its sign, and a true minus."""
    return "–" if pd.isna(value) else f"{100 * value:+.{digits}f}".replace("-", "−")


def interval(low: float | None, high: float | None, digits: int = 1) -> str:
    """An interval of shares, cut to what an accuracy can be: `96.9–97.7 %`."""
    if pd.isna(low) or pd.isna(high):
        return "–"
    return f"{100 * max(low, 0):.{digits}f}–{100 * min(high, 1):.{digits}f}{NBSP}%"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def layers(depth: int) -> str:
    """`1 hidden layer`, `4 hidden layers`."""
    return f"{depth} hidden layer" + ("" if depth == 1 else "s")


def outcome(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Which activations trained at one depth, always, sometimes or never, and how well the best did.

    Args:
        cells: the rows of the comparison table of one depth.
        labels: id to display text.
    """
    cells = cells.assign(label=cells["activation"].map(labels).astype(str))
    always = cells[cells["n_trained"] == cells["n_seeds"]].sort_values("mean", ascending=False)
    never = cells[cells["n_trained"] == 0]
    some = cells[(cells["n_trained"] > 0) & (cells["n_trained"] < cells["n_seeds"])]
    parts = [text for text in (_always(always), _sometimes(some), _never(never)) if text]
    depth = int(cells["depth"].iloc[0])
    return f"With {layers(depth)}, {'; '.join(parts)}."


def verdicts(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """What the comparison with the baseline decides at one depth, and what it leaves open."""
    others = cells[cells["verdict"] != "baseline"]
    if others.empty:
        return ""
    baseline = labels[others["baseline"].iloc[0]]
    compared, lacking = others[others["n_pairs"] > 1], others[others["n_pairs"] <= 1]
    words = {"better": "better than", "worse": "worse than", "equivalent": "equivalent to"}
    parts = []
    for word, text in words.items():
        chosen = compared[compared["verdict"] == word]
        if len(chosen):
            verb = "is" if len(chosen) == 1 else "are"
            parts.append(f"{_names(chosen, labels)} {verb} {text} {baseline}")
    undecided = compared[compared["verdict"] == "undecided"]
    if len(undecided):
        parts.append(f"the seeds do not decide between {baseline} and {_names(undecided, labels)}")
    if len(lacking):
        why = f"fewer than two seeds trained both it and {baseline}"
        parts.append(f"{_names(lacking, labels)} cannot be compared: {why}")
    text = "; ".join(parts)
    return ("The" + text[3:] if text.startswith("the seeds") else text) + "."


def cross_validation(scores: pd.DataFrame, labels: Mapping[str, str], depth: int) -> str:
    """Which activation has the highest mean score over the folds, and why that alone decides nothing.

    Args:
        scores: the rows of the table `cross_validation` of one depth.
        labels: id to display text.
        depth: hidden layers.
    """
    means = scores.groupby("activation", observed=True)[["mean_test_score", "std_test_score"]].mean()
    means = means.dropna().sort_values("mean_test_score", ascending=False)
    n_folds = sum(name.startswith("split") for name in scores)
    what = f"In {n_folds}-fold cross-validation with {layers(depth)}"
    if means.empty:
        return f"{what}, every activation diverged in some fold."
    best = means["mean_test_score"].iloc[0]
    first = [labels[key] for key in means.index[means["mean_test_score"] == best]]
    others = [f"{labels[key]} {percent(mean, 2)}" for key, mean in means["mean_test_score"].items()]
    verb, spread = "has" if len(first) == 1 else "share", 100 * means["std_test_score"].iloc[0]
    text = (
        f"{what}, {listed(first)} {verb} the highest mean accuracy, {percent(best, 2)} "
        f"(standard deviation over the folds {spread:.2f} points)"
    )
    return text + (f"; {listed(others[len(first) :])}." if others[len(first) :] else ".")


def smallest_p(n_pairs: int) -> str:
    """Which p values n pairs can reach at all by sign flips."""
    if n_pairs < 2:
        return "One seed gives no p value and no interval: add seeds to learn how sure one can be."
    return (
        f"With {n_pairs} shared seeds the smallest two-sided sign-flip p that can occur is "
        f"{2 / 2**n_pairs:.2g}; p is shown beside the verdict and not used for it."
    )


def mixture(mixed: Mapping[str, Sequence[str]]) -> str:
    """What the tables of one study do not have in common, and what to do; empty if there is nothing.

    Args:
        mixed: as `lineage.differences` gives it.
    """
    parts = [
        f"{words} ({_first(mixed[key])})"
        for key, words in {
            "code": "more than one version of the code",
            "torch": "more than one version of torch",
            "device": "more than one kind of machine",
        }.items()
        if mixed[key]
    ]
    if not parts:
        return ""
    return (
        f"These tables come from {listed(parts)}, so differences between networks may be differences "
        "between those. Running Snakemake with --forceall makes all of them anew."
    )


def _first(names: Sequence[str], shown: int = 3) -> str:
    more = [f"and {len(names) - shown} more"] if len(names) > shown else []
    return ", ".join([*names[:shown], *more])


def _names(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    return listed([labels[key] for key in cells["activation"]])


def _always(cells: pd.DataFrame) -> str:
    if cells.empty:
        return ""
    best, n = cells.iloc[0], int(cells["n_seeds"].iloc[0])
    text = f"{listed(list(cells['label']))} trained in {'the one run' if n == 1 else f'all {n} runs'}"
    if pd.isna(best["mean"]):
        return f"{text}, up to {percent(cells['max'].max())} test accuracy"
    lead = (
        "mean test accuracy" if len(cells) == 1 else f"{best['label']} with the highest mean test accuracy,"
    )
    certain = f"95{NBSP}% interval {interval(best['ci_low'], best['ci_high'])}"
    return f"{text}, {lead} {percent(best['mean'])} ({certain})"


def _sometimes(cells: pd.DataFrame) -> str:
    named = [f"{row.label} in {row.n_trained} of {row.n_seeds}" for row in cells.itertuples()]
    return f"{listed(named)} runs" if named else ""


def _never(cells: pd.DataFrame) -> str:
    if cells.empty:
        return ""
    diverged = int(cells["n_diverged"].sum())
    text = f"{listed(list(cells['label']))} never trained"
    return f"{text} ({diverged} runs diverged)" if diverged else text
