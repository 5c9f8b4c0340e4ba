"""The searches for learning rates: every trial, and the rates that were chosen."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pyarrow as pa

from actbench.analysis import aggregation
from actbench.errors import DamagedError
from actbench.storage import choices, parquet
from actbench.storage.records import Plan
from actbench.training.trials import COST, DIGITS, TRIAL, TRIALS, mean_score

RATES = pa.schema(
    [
        *parquet.CELL_KEYS,
        pa.field("fold", pa.int16(), nullable=False),
        pa.field("learning_rate", pa.float64(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("at_edge", pa.bool_(), nullable=False),
        pa.field("n_trials", pa.int32(), nullable=False),
        pa.field("epochs_spent", pa.int32(), nullable=False),
        pa.field("n_trained", pa.int32(), nullable=False),
        ("decades_within_margin", pa.float64()),
    ]
)
FOLD = [*parquet.CELL, "fold"]


@dataclass(frozen=True)
class Searched:
    """One planned search.

    Args:
        chosen: its chosen.json.
        activation, depth, setting: its place in the grid.
        params: what it must have been made with, see `choices.search_params`.
    """

    chosen: Path
    activation: str
    depth: int
    setting: str
    params: Mapping

    @property
    def cell(self) -> dict:
        return {"activation": self.activation, "depth": self.depth, "setting": self.setting}

    def keys(self) -> set[tuple]:
        """Those of its trials."""
        folds, searched = range(self.params["evaluation"]["folds"] or 1), self.params["tuning"]
        place = ([self.activation], [self.depth], [self.setting])
        return set(product(*place, folds, searched["learning_rate"], range(searched["seeds"])))


def collect(searched: Sequence[Searched], code: Mapping[str, str], margin: float) -> dict[str, pa.Table]:
    """Read every planned search: the tables `tuning`, `rates` and `tuning_cost`.

    Args:
        searched: all that are planned, at least one.
        code: digests of all code that they must have been made by, see `provenance.named`.
        margin: differences in accuracy up to this size count as equivalent.

    Raises:
        UserError: a file is damaged or missing, was made with other params or code than planned, or its rows
            are not exactly those of the plan.
    """
    problems, parts, rates, images = [], {"tuning": [], "tuning_cost": []}, [], {}
    for one in searched:
        try:
            found, trials, cost = _read(one)
        except DamagedError as error:
            problems.append(error.problem)
            continue
        images.setdefault(found["data"], one.chosen)
        made = Plan(one.params, code).differences(
            one.chosen, found["params"], found["provenance"]["code"], "chosen"
        )
        rows = _unplanned(one, trials, cost)
        problems += made + rows
        if not made + rows:
            parts["tuning"].append(trials)
            parts["tuning_cost"].append(cost)
            rates += _rates(one, found["rates"], trials.to_pylist(), margin)
    if len(images) > 1:
        problems.append(f"{' and '.join(map(str, images.values()))} were chosen by different images")
    aggregation.refuse(problems)
    stacked = {name: parquet.concat(tables, TRIAL) for name, tables in parts.items()}
    return stacked | {"rates": parquet.table(rates, RATES, FOLD)}


def decades_within(trials: Sequence[Mapping], chosen: float, margin: float) -> float:
    """How wide the range of rates around the chosen one is that do as well: log10 of largest over smallest.

    It is the unbroken run of candidates around the chosen one whose mean score is at most `margin` below its.

    Args:
        trials: of one fold, rows of `trials.TRIALS`.
        chosen: one of their rates.

    >>> scores = {0.1: 0.9, 1.0: 0.9, 10.0: 0.2}
    >>> trials = [{"learning_rate": rate, "score": score} for rate, score in scores.items()]
    >>> decades_within(trials, 1, margin=0.01)
    1.0
    """
    candidates: dict[float, list] = {}
    for trial in trials:
        candidates.setdefault(trial["learning_rate"], []).append(trial)
    scores = {rate: mean_score(candidates[rate]) for rate in sorted(candidates)}
    ordered, best = list(scores), scores[chosen]
    first = last = ordered.index(chosen)

    def near(place: int) -> bool:
        return round(best - scores[ordered[place]], DIGITS) <= margin

    while first > 0 and near(first - 1):
        first -= 1
    while last < len(ordered) - 1 and near(last + 1):
        last += 1
    return math.log10(ordered[last] / ordered[first])


def _read(one: Searched) -> tuple[dict, pa.Table, pa.Table]:
    found = choices.read(one.chosen, [choices.TRIALS, choices.COST])
    paths = [one.chosen.with_name(name) for name in (choices.TRIALS, choices.COST)]
    tables = [parquet.read(path) for path in paths]
    for path, table, schema in zip(paths, tables, (TRIALS, COST), strict=True):
        if not table.schema.equals(schema):
            raise DamagedError(path, "it has other columns than a search writes")
    return found, *tables


def _unplanned(one: Searched, *tables: pa.Table) -> list[str]:
    """Say which tables of a search do not hold the planned trials, each once."""
    names = (choices.TRIALS, choices.COST)
    found = (Counter(tuple(row.values()) for row in table.select(TRIAL).to_pylist()) for table in tables)
    return [
        f"{one.chosen.with_name(name)} does not hold the planned trials, each once"
        for name, rows in zip(names, found, strict=True)
        if rows != Counter(one.keys())
    ]


def _rates(one: Searched, rates: Sequence[Mapping], trials: Sequence[Mapping], margin: float) -> list[dict]:
    """Rows of `RATES`; how wide the range is says nothing where no network with the chosen rate trained."""
    rows = []
    for rate in rates:
        own = [trial for trial in trials if trial["fold"] == rate["fold"]]
        decades = decades_within(own, rate["learning_rate"], margin) if rate["n_trained"] else None
        rows.append(one.cell | rate | {"decades_within_margin": decades})
    return rows
