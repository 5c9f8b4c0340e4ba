"""Who is ahead of whom in the search for learning rates, and by epoch while the networks train; no tests.

Tables are of one setting, those of a search of one depth, too. What is ahead has the higher mean, beyond
rounding errors.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from actbench.analysis import statistics
from actbench.report.numbers import count, listed, points, some, span

RUN = ["seed", "fold"]


class Search(NamedTuple):
    """Two activations at the rates of a search, each with one rate for both.

    Args:
        ahead, behind, level: the rates at which the first one's mean score is higher, lower, the same.
        best: 1, -1 or 0 for its highest mean score against the other's, each at its own rate.
        epochs: that a network of the search may take.
    """

    ahead: tuple[float, ...]
    behind: tuple[float, ...]
    level: tuple[float, ...]
    best: int
    epochs: int

    @property
    def n(self) -> int:
        """The rates at which both were tried."""
        return len(self.ahead) + len(self.behind) + len(self.level)

    def sentence(self, first: str, other: str) -> str:
        """At which rates the first is above the other."""
        n, parts = self.n, []
        for words, rates in (("above", self.ahead), ("below", self.behind), ("level with", self.level)):
            if rates:
                who = "it" if parts else other
                of = "" if parts else f" of {n} rates"
                named = listed([f"{rate:g}" for rate in rates])
                where = f"{len(rates)}{of} ({'rate' if len(rates) == 1 else 'rates'} {named})"
                parts.append(f"{words} {who} at {_all(n) if len(rates) == n else where}")
        return (
            f"in the {self.epochs}-epoch search {first} was {listed(parts)}, with one rate for both (mean "
            "validation accuracy; not tested)"
        )

    def against(self, difference: float) -> str:
        """What in the search has the other sign than this difference of the first less the other, or nothing.

        That is every rate, or else the highest means.
        """
        words, rates = ("behind", self.behind) if difference > 0 else ("ahead", self.ahead)
        if len(rates) == self.n:
            return f"{words} at {_all(self.n)} in the {self.epochs}-epoch search"
        if self.best * difference < 0:
            return f"{words} in the {self.epochs}-epoch search, each at its best rate"
        return ""


def search(trials: pd.DataFrame, first: str, other: str, epochs: int) -> Search | None:
    """The search of two activations; None where one of them was not searched.

    Args:
        trials: rows of the table `tuning`.
        first, other: ids.
        epochs: see `Search`.
    """
    scores = trials.groupby(["learning_rate", trials["activation"].astype(str)])["score"].mean().unstack()
    if not {first, other} <= set(scores.columns):
        return None
    signs = (scores[first] - scores[other]).dropna().map(_sign)
    at = {sign: tuple(map(float, signs.index[signs == sign])) for sign in (1, -1, 0)}
    return Search(at[1], at[-1], at[0], _sign(scores[first].max() - scores[other].max()), epochs)


class Lead(NamedTuple):
    """From which epoch on one of two activations is ahead of the other, until the end of training.

    Args:
        sign: 1 where it is the first, -1 where it is the other, 0 where they end level.
        epoch: the first of these.
        epochs: the longest run's.
        n: seeds over which the best validation accuracies so far are averaged.
        kept, last: the first's mean less the other's at the end, of these and of each run's last epoch, as
            shares.
    """

    sign: int
    epoch: int
    epochs: int
    n: int
    kept: float
    last: float

    def sentence(self, first: str, other: str) -> str:
        """Which of them it is, from when on, and by how much at the best and at the last epochs."""
        basis = f"({_basis(count(self.n, 'seed'))})"
        if not self.sign:
            return f"{first} and {other} end level {basis}"
        ahead, behind = (first, other) if self.sign > 0 else (other, first)
        stays = f"{ahead} stays ahead of {behind} from epoch {self.epoch} of {self.epochs} on {basis}"
        return f"{stays}; {self.at_the_end()}"

    def at_the_end(self) -> str:
        """By how much the one that is ahead is so."""
        kept, last = (points(self.sign * value) for value in (self.kept, self.last))
        return f"at the end {kept} points by each network's best epoch, {last} by its last"


def by_depth(history: pd.DataFrame, runs: pd.DataFrame, first: str, other: str) -> dict[int, Lead]:
    """At each depth, from when on which of two activations is ahead.

    Without a depth that has no validation, or no seed that trained in both. A run that ended early keeps its
    best, as its weights do.

    Args:
        history, runs: tables of these names, of one setting.
        first, other: ids.
    """
    columns = ["depth", "activation", *RUN]
    rows, runs = (
        table.loc[table["activation"].isin([first, other]), names].astype({"activation": str})
        for table, names in ((history, [*columns, "epoch", "val_accuracy"]), (runs, [*columns, "trained"]))
    )
    trained = runs.groupby(["depth", "seed", "activation"])["trained"].all().unstack()
    if not {first, other} <= set(trained.columns):
        return {}
    both = trained.index[trained.fillna(value=False).all(axis=1)]
    rows = rows[pd.MultiIndex.from_frame(rows[["depth", "seed"]]).isin(both)]
    if rows["val_accuracy"].isna().all():
        return {}
    accuracies = rows.set_index([*columns, "epoch"])["val_accuracy"].unstack("epoch")
    so_far = accuracies.ffill(axis=1)
    best, own = (
        table.groupby(level=["activation", "depth"]).mean() for table in (so_far.cummax(axis=1), so_far)
    )
    ahead, last = (table.loc[first] - table.loc[other] for table in (best, own))
    epochs, n = rows.groupby("depth")["epoch"].max(), both.to_frame()["depth"].value_counts()
    found = {}
    for depth in ahead.index[ahead.notna().any(axis=1)]:
        differences = ahead.loc[depth, : epochs[depth]].dropna()
        signs = [_sign(value) for value in differences]
        other_signs = [place for place, sign in enumerate(signs) if sign != signs[-1]]
        since = differences.index[other_signs[-1] + 1 if other_signs else 0]
        ends = (float(table.at[depth, epochs[depth]]) for table in (ahead, last))
        found[int(depth)] = Lead(signs[-1], int(since), int(epochs[depth]), int(n[depth]), *ends)
    return found


def over_depths(leads: Mapping[int, Lead], first: str, other: str, others: Sequence[int] = ()) -> str:
    """From when on the first of a ranking is ahead of another at each depth; empty without any.

    Args:
        leads: by depth.
        first, other: labels.
        others: depths without one.
    """
    if not leads:
        return ""
    n = span(one.n for one in leads.values())
    basis = _basis(f"{n} seed{'' if n == '1' else 's'}")
    ahead = [
        f"from epoch {one.epoch} of {one.epochs} on at depth {depth}"
        for depth, one in leads.items()
        if one.sign > 0
    ]
    behind = [f"{depth}" for depth, one in leads.items() if one.sign <= 0]
    said = [f"stays ahead of {other} {some(ahead)}"] if ahead else []
    said += [f"does not end ahead of {'it' if ahead else other} at depth {listed(behind)}"] if behind else []
    text = f"{first}, first in the ranking, {' and '.join(said)} ({basis})"
    if len(leads) == 1 and ahead:
        (one,) = leads.values()
        text += f"; {one.at_the_end()}"
    if others:
        unsaid = listed([str(depth) for depth in others])
        text += f". Not said of depth {unsaid}: runs disagree or too few trained"
    return f"{text}."


def of_place(table: pd.DataFrame, row: Mapping) -> pd.DataFrame:
    """The rows of a table that are of the depth and setting of a row."""
    return table[(table["depth"] == row["depth"]) & (table["setting"].astype(str) == str(row["setting"]))]


def _basis(seeds: str) -> str:
    return f"best validation accuracy so far, mean of {seeds}"


def _all(n: int) -> str:
    return f"all {n} rates" if n > 1 else "the one rate"


def _sign(value: float) -> int:
    return 0 if abs(value) <= statistics.NOISE else int(np.sign(value))
