"""Sentences on who trained, on runs that lie apart, and on how runs ended."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.report.numbers import listed, percent

RUNS = 5  # that are listed one by one
VERDICTS = {"more": "more often than", "fewer": "less often than"}


def decided(shares: pd.DataFrame, labels: Mapping[str, str], family: int) -> str:
    """Whose share of trained networks surely differs from the baseline's; or how many seeds that needs.

    Args:
        shares: rows of the table of that name.
        labels: id to display text.
        family: comparisons that p values are adjusted for.
    """
    if shares.empty:
        return ""
    baseline, n = labels[shares["baseline"].iloc[0]], int(shares["n_seeds"].max())
    parts = []
    for word, text in VERDICTS.items():
        chosen = shares[shares["verdict"] == word]
        by_name = chosen.groupby("activation", observed=True, sort=False)["depth"].apply(sorted)
        named = [f"{labels[key]} (depth {listed(list(map(str, depths)))})" for key, depths in by_name.items()]
        if named:
            parts.append(f"{listed(named)} trained {text} {baseline}")
    if parts:
        return f"{'; '.join(parts)} (exact McNemar test, Holm)."
    if (shares["verdict"] == "cannot decide").all():
        of = "the one comparison" if family == 1 else f"{family} comparisons at once"
        return (
            f"{n} seed{'' if n == 1 else 's'} cannot decide who trains more often than {baseline}: the exact "
            f"test of {of} needs at least {int(shares['required_n'].max())}."
        )
    return f"No activation surely trained more or less often than {baseline} (exact McNemar test, Holm)."


def apart(cells: pd.DataFrame, runs: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """The runs of the cells of one depth whose mean describes none of them.

    Args:
        cells: rows of the comparison table.
        runs: networks of that depth, or with folds the means of each seed.
        labels: id to display text.
    """
    found = [
        f"{labels[row.activation]} {of_runs(row._asdict(), runs)}"
        for row in cells.itertuples()
        if row.runs_disagree
    ]
    return f"Runs that lie too far apart for a mean: {'; '.join(found)}." if found else ""


def of_runs(cell: Mapping, runs: pd.DataFrame) -> str:
    """The accuracies of a cell's trained runs in their order, `38.0, 61.3 and 97.1 %`; of many both ends."""
    here = (runs["activation"] == cell["activation"]) & (runs["depth"] == cell["depth"]) & runs["trained"]
    values = sorted(runs.loc[here, "test_accuracy"])
    if len(values) > RUNS:
        return f"{100 * values[0]:.1f} to {percent(values[-1])} ({len(values)} runs)"
    return listed([*(f"{100 * value:.1f}" for value in values[:-1]), percent(values[-1])])


def ended(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Who stayed within the noise of chance, and who was still improving, at one depth.

    Args:
        cells: rows of the comparison table.
        labels: id to display text.
    """
    found = []
    for column, of, words in (
        ("n_at_chance", "n_seeds", "Never above the noise of chance"),
        ("n_improving", "n_trained", "Still improving in the last tenth of the epochs"),
    ):
        chosen = cells[cells[column] > 0]
        named = [
            f"{labels[row['activation']]} ({row[column]} of {row[of]})" for row in chosen.to_dict("records")
        ]
        if named:
            found.append(f"{words}: {listed(named)}.")
    return " ".join(found)


def verdicts(shares: pd.DataFrame) -> dict[tuple[str, int], str]:
    """By activation and depth what a comparison says whose runs lie too far apart for a difference."""
    words = {"more": "more trained", "fewer": "fewer trained"}
    rows: Sequence = list(shares.itertuples())
    return {(row.activation, row.depth): words.get(row.verdict, row.verdict) for row in rows}
