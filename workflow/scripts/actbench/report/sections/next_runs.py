"""What to run next: the seeds that undecided comparisons need, the command, and where to read on."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.analysis import comparisons
from actbench.report import next_sentences, search_sentences
from actbench.report.section import Section, Study

WRITTEN = 40  # seeds that a command lists


def context(study: Study) -> dict:
    """See `Section`."""
    config, table, labels = study.config, study.comparison, study.labels
    margin, block = config["report"]["equivalence"], config.get("seeds_per_job") or 1
    rows = undecided(table, labels, margin)
    needed = [int(row["seeds"]) for row in rows if row["seeds"]]
    shares = study.tables.get("shares", pd.DataFrame(columns=["n_both", "n_seeds", "verdict", "required_n"]))
    too_few = shares[(shares["verdict"] == "cannot decide") & (shares["n_both"] < shares["n_seeds"])]
    who_trained = int(too_few["required_n"].max()) if len(too_few) else 0
    seeds = more_seeds(config["seeds"], max(min(needed, default=0), who_trained), block)
    every, later = study.every or study.tables, study.once(search_sentences.of_study)
    return {
        "finding": next_sentences.finding(
            table, needed, study.shared()["baseline"], study.tables.get("shares")
        ),
        "undecided": rows,
        "who_trained": who_trained,
        "most": comparisons.MOST_SEEDS,
        "seeds": seeds,
        "more_jobs": -(-len(seeds) // block) - len(config["seeds"]) // block,
        "block": block,
        "bought": [row for row in rows if row["seeds"] and row["seeds"] <= len(seeds)],
        "to_try": next_sentences.to_try(
            every["comparison"],
            every.get("rates"),
            every.get("tuning"),
            later,
            config["settings"],
            labels,
            margin,
        ),
    }


def undecided(comparison: pd.DataFrame, labels: Mapping[str, str], margin: float) -> list[dict]:
    """The comparisons that are inconclusive, by the `seeds` they need, None where that is beyond all bounds.

    Each with the verdict that is then `likely`.

    Args:
        comparison: the table of that name, of one setting.
        labels: id to display text.
        margin: up to which a difference counts as none.
    """
    open_ = comparison[(comparison["verdict"] == "inconclusive") & comparison["difference_low"].notna()]
    rows = open_.sort_values(["required_seeds", "depth"], kind="stable", na_position="last")
    return [
        {
            "key": row.activation,
            "depth": int(row.depth),
            "label": labels[row.activation],
            "seeds": None if pd.isna(row.required_seeds) else int(row.required_seeds),
            "likely": next_sentences.likely(row.difference, margin),
        }
        for row in rows.itertuples()
    ]


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
    optional=("shares", "rates", "tuning", "runs"),
    context=context,
)
