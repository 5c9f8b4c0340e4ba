"""What to run next: the seeds that undecided comparisons need, the command, and where to read on."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.analysis import comparisons
from actbench.report.numbers import NBSP, be, count, span
from actbench.report.section import Section, Study

WRITTEN = 40  # seeds that a command lists


def context(study: Study) -> dict:
    """See `Section`."""
    config, table = study.config, study.comparison
    rows = undecided(table, study.labels)
    needed = [int(row["seeds"]) for row in rows if row["seeds"]]
    shares = study.tables.get("shares", pd.DataFrame(columns=["n_both", "n_seeds", "verdict", "required_n"]))
    too_few = shares[(shares["verdict"] == "cannot decide") & (shares["n_both"] < shares["n_seeds"])]
    who_trained = int(too_few["required_n"].max()) if len(too_few) else 0
    n = max(min(needed, default=0), who_trained)
    return {
        "finding": finding(table, rows, study.shared()["baseline"]),
        "undecided": rows,
        "who_trained": who_trained,
        "most": comparisons.MOST_SEEDS,
        "seeds": more_seeds(config["seeds"], n, config.get("seeds_per_job") or 1),
    }


def undecided(comparison: pd.DataFrame, labels: Mapping[str, str]) -> list[dict]:
    """The comparisons that are inconclusive, by the `seeds` they need, None where that is beyond all bounds.

    Args:
        comparison: the table of that name, of one setting.
        labels: id to display text.
    """
    open_ = comparison[(comparison["verdict"] == "inconclusive") & comparison["difference_low"].notna()]
    rows = open_.sort_values(["required_seeds", "depth"], kind="stable", na_position="last")
    return [
        {
            "key": row.activation,
            "depth": int(row.depth),
            "label": labels[row.activation],
            "seeds": None if pd.isna(row.required_seeds) else int(row.required_seeds),
        }
        for row in rows.itertuples()
    ]


def finding(comparison: pd.DataFrame, rows: Sequence[Mapping], baseline: str) -> str:
    """How many comparisons are undecided, and how many seeds would decide them.

    Args:
        comparison: the table of that name, of one setting.
        rows: see `undecided`.
        baseline: its label.
    """
    n = int((comparison["verdict"] != "baseline").sum())
    if not n:
        return "1 activation is compared with no other."
    if comparison["n_seeds"].max() < 2:
        return f"{count(n, 'comparison')} with {baseline} cannot be made from one seed."
    left = int((comparison["verdict"] == "inconclusive").sum())
    by = f"by n{NBSP}={NBSP}{int(comparison['n_seeds'].max())} seeds"
    if not left:
        which = f"All {n} comparisons" if n > 1 else "The 1 comparison"
        return f"{which} with {baseline} {be(n)} decided {by}."
    which = f"{left} of {n} comparisons" if n > 1 else "The 1 comparison"
    text = f"{which} with {baseline} {be(left)} undecided {by}"
    needed = [row["seeds"] for row in rows if row["seeds"]]
    if not needed:
        return f"{text}."
    which = "that one" if len(needed) == left == 1 else f"{len(needed)} of them"
    return f"{text}; about {span(needed)} seeds would decide {which}, were the differences as measured."


def more_seeds(seeds: Sequence[int], n: int, block: int) -> list[int]:
    """The seeds of the study and further ones, at least `n` in whole blocks.

    None where these are enough, or too many to write down.

    >>> more_seeds([0, 1, 2], 4, 3)
    [0, 1, 2, 3, 4, 5]
    """
    total = -(-n // block) * block
    if not len(seeds) < total <= WRITTEN:
        return []
    first = max(seeds) + 1
    return [*seeds, *range(first, first + total - len(seeds))]


SECTION = Section(
    id="next",
    title="What to run next",
    template="next_runs.html",
    tables=("comparison",),
    optional=("shares",),
    context=context,
)
