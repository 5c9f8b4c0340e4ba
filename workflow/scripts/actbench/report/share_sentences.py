"""Sentences on who trained, on runs that lie apart, and on how runs ended."""

from collections.abc import Mapping

import pandas as pd

from actbench.report.numbers import ALPHA, NBSP, fixed, interval, listed, percent, significant, some

RUNS = 5  # that are listed one by one
VERDICTS = {"more": "more often than", "fewer": "less often than"}


def decided(shares: pd.DataFrame, labels: Mapping[str, str], family: int, setting: str = "") -> str:
    """Whose share of trained networks surely differs from the baseline's; or how many seeds that needs.

    Args:
        shares: rows of the table of that name.
        labels: id to display text.
        family: comparisons that p values are adjusted for.
        setting: of the rows, if it is to be named.
    """
    if shares.empty:
        return ""
    baseline, n = labels[shares["baseline"].iloc[0]], int(shares["n_seeds"].max())
    parts, where = [], f"With the setting “{setting}”, " if setting else ""
    for word, text in VERDICTS.items():
        chosen = shares[shares["verdict"] == word]
        by_name = chosen.groupby("activation", observed=True, sort=False)["depth"].apply(sorted)
        named = [f"{labels[key]} (depth {listed(list(map(str, depths)))})" for key, depths in by_name.items()]
        if named:
            parts.append(f"{listed(named)} trained {text} {baseline}")
    if parts:
        return f"{where}{'; '.join(parts)} (exact McNemar test, Holm)."
    if (shares["verdict"] == "cannot decide").all():
        of = "the one comparison" if family == 1 else f"{family} comparisons at once"
        return (
            f"{where}{n} seed{'' if n == 1 else 's'} cannot decide who trains more often than {baseline}: "
            f"the exact test of {of} needs at least {int(shares['required_n'].max())}."
        )
    none = f"{where}{'no' if where else 'No'} activation trained significantly more or less often than"
    return f"{none} {baseline} (exact McNemar test, Holm)."


def differ(shares: pd.DataFrame) -> bool:
    """Whether any seed trained with one of two activations only."""
    return not shares.empty and bool((shares[["n_only", "n_only_baseline"]] > 0).any(axis=None))


def alike(shares: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """That every seed trained with both activations or with neither; empty where that is not so."""
    if shares.empty or differ(shares):
        return ""
    baseline, n = labels[shares["baseline"].iloc[0]], int(shares["n_seeds"].max())
    pairs = f"{len(shares)} comparison{'' if len(shares) == 1 else 's'}"
    return (
        f"In {pairs} of who trained, each of the n = {n} seeds did with both {baseline} and the other "
        "activation, or with neither."
    )


def beside_p(shares: pd.DataFrame, family: int) -> str:
    """Why intervals without 0 stand beside an adjusted p that is not small; empty where none does.

    Args:
        shares, family: see `decided`.
    """
    if not any(map(disagrees, shares.to_dict("records"))):
        return ""
    n = int(shares["n_seeds"].max())
    least = min(1, 2 * 0.5**n)
    adjusted = ""
    if family > 1:
        adjusted = (
            f", or below {significant(min(1, family * least))} after adjustment for {family:,} comparisons"
        )
    return (
        f"† An interval without 0 although p (Holm) is above {ALPHA:g}: Newcombe's interval is approximate, "
        f"the McNemar test is exact, with no p below {significant(least)} for {n} seeds{adjusted}. The word "
        "follows the test."
    )


def disagrees(share: Mapping) -> bool:
    """Whether the interval of a difference of shares leaves out 0 and its adjusted p is not small."""
    apart = share["difference_low"] > 0 or share["difference_high"] < 0
    return bool(apart and share["p_holm"] > ALPHA)


def apart(runs: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """The runs of one depth's cells whose mean describes none of them, as `of_runs` gives them."""
    if not runs:
        return ""
    return (
        f"Runs too far apart for a mean: {'; '.join(f'{labels[key]} {text}' for key, text in runs.items())}."
    )


def of_runs(cells: pd.DataFrame, runs: pd.DataFrame, digits: int = 1) -> dict[str, str]:
    """By activation the accuracies of trained runs that disagree, `38.0, 61.3, 97.1 %`; of many both ends.

    Args:
        cells: rows of the comparison table, of one depth and setting.
        runs: the networks of a setting; with folds the means of each seed.
        digits: after the decimal point.
    """
    found = {}
    places = zip(cells["activation"], cells["depth"], cells["runs_disagree"], strict=True)
    for activation, depth in ((key, depth) for key, depth, apart in places if apart):
        here = (runs["activation"] == activation) & (runs["depth"] == depth) & runs["trained"]
        *others, last = sorted(runs.loc[here, "test_accuracy"])
        if len(others) < RUNS:
            found[activation] = ", ".join(
                [*(fixed(100 * value, digits) for value in others), percent(last, digits)]
            )
        else:
            found[activation] = interval(others[0], last, digits)
    return found


def ended(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Who stayed at chance, by `endings.counts`, and who was still improving, at one depth; most first.

    Args:
        cells: rows of the comparison table.
        labels: id to display text.
    """
    found = []
    for column, of, words in (
        (
            "n_at_chance",
            "n_seeds",
            f"Stayed at chance (accuracy after every epoch within what guessing gives in 95{NBSP}% of runs)",
        ),
        ("n_improving", "n_trained", "Still improving in the last tenth of the epochs"),
    ):
        counts = zip(cells["activation"], cells[column], cells[of], strict=True)
        chosen = sorted((one for one in counts if one[1] > 0), key=lambda one: -one[1] / one[2])
        named = [f"{labels[key]} ({n} of {total})" for key, n, total in chosen]
        if named:
            found.append(f"{words}: {some(named)}.")
    return " ".join(found)


def verdicts(
    shares: pd.DataFrame, comparison: pd.DataFrame, labels: Mapping[str, str]
) -> dict[tuple[str, int], str]:
    """By activation and depth whose runs lie too far apart for a mean, and what stands instead.

    Args:
        shares, comparison: the tables of these names, of one setting.
        labels: id to display text.
    """
    disagreeing = comparison[comparison["runs_disagree"]]
    apart = set(zip(disagreeing["activation"], disagreeing["depth"], strict=True))
    words = {"more": "more trained", "fewer": "fewer trained"}
    found = {}
    for row in shares.itertuples():
        whose = [labels[key] for key in (row.baseline, row.activation) if (key, row.depth) in apart]
        if whose:
            said = words.get(row.verdict, f"ahead in {row.wins} of {row.n_seeds}")
            found[row.activation, row.depth] = f"runs of {listed(whose)} disagree; {said}"
    return found
