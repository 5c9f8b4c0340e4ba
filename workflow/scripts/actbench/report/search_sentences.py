"""Sentences on the search for learning rates beside the training that its choices were for.

`rates`, `tuning`, `runs` and `comparison` are the tables of these names, of all settings; `settings` the
resolved ones by name, and `labels` id to display text. A search is of an activation, depth, setting and fold.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from actbench.analysis.statistics import without_noise
from actbench.report.numbers import NAMED, count, listed, some, span
from actbench.report.section import Study
from actbench.study import grid

CELL = ["activation", "depth", "setting"]
SEARCH = [*CELL, "fold"]
FORMS = 4  # of a sentence of the first screen, each shorter than the one before


class Later(NamedTuple):
    """Networks of one cell that diverged with a rate that had trained in tuning.

    Args:
        rates: these rates.
        ties: others that scored the same.
        tuned: how many networks of the search trained with them, and of how many.
        searched, most: epochs that a network of the search, and of training, may take.
        n_diverged: that did, of `n`.
        epochs: in which they did.
    """

    rates: tuple[float, ...]
    ties: tuple[float, ...]
    tuned: tuple[int, int]
    searched: int
    most: int
    n_diverged: int
    n: int
    epochs: tuple[int, ...]

    def quote(self, label: str) -> str:
        """In sentences that stand alone, of the activation of this label."""
        rates, ties = (listed([f"{rate:g}" for rate in kind] or [""]) for kind in (self.rates, self.ties))
        tie = f" (tied with {ties})" if ties else ""
        trained, of = self.tuned
        several = "s" if len(self.rates) > 1 else ""
        when = "epoch" if len(set(self.epochs)) == 1 else "epochs"
        return (
            f"{label} was tuned for {self.searched} epochs and trained for up to {self.most}: with the "
            f"chosen rate{several}, {rates}{tie}, {trained} of {count(of, 'network')} trained in tuning, and "
            f"{self.n_diverged} of {self.n} then diverged in {when} {span(self.epochs)}. This says nothing "
            "of other rates."
        )


def places(cells: pd.DataFrame, labels: Mapping[str, str], several: bool) -> str:
    """`sigmoid (depth 4 and 8), and elu and swish (depth 8)`; without depths where there is one."""
    together: dict[tuple, list] = {}
    for key, depths in cells.groupby("activation", observed=True, sort=False)["depth"]:
        together.setdefault(tuple(sorted(map(int, depths))) if several else (), []).append(labels[key])
    parts = []
    for depths, names in together.items():
        at = f"depth {listed(list(map(str, depths)))}" if len(depths) <= NAMED else f"{len(depths)} depths"
        parts.append(some(names) + (f" ({at})" if several else ""))
    if len(parts) > NAMED:
        return f"{cells['activation'].nunique()} activations"
    return listed(parts) if all(len(names) == 1 for names in together.values()) else ", ".join(parts)


def horizon(setting: Mapping) -> tuple[int, int] | None:
    """The most epochs of a network of the search and of training; None where rates are not searched."""
    if len(candidates(setting)) < 2:
        return None
    most = setting["training"]["max_epochs"]
    return setting["tuning"]["max_epochs"] or most, most


def candidates(setting: Mapping) -> list[float]:
    """The learning rates among which a setting searches; empty where it searches none."""
    tuned = setting["training"]["learning_rate"] == grid.TUNED
    return list(setting["tuning"]["learning_rate"]) if tuned else []


def tunes(settings: Mapping[str, Mapping]) -> bool:
    """Whether each setting searches for its own rates."""
    return all(len(candidates(setting)) > 1 for setting in settings.values())


def shorter(settings: Mapping[str, Mapping]) -> str:
    """`15 of 40`: how long the search is of how long training, where it is shorter; else empty."""
    found = dict.fromkeys(filter(None, map(horizon, settings.values())))
    return " or ".join(f"{searched} of {most}" for searched, most in found if searched < most)


def edges(rates: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Whose choices end the grid, and at which rate: `sigmoid, 0.3`, or `sigmoid 0.3 in 4 and identity 0.01`.

    Choices with which no network of the search trained are left out.
    """
    rows = rates[rates["at_edge"].astype(bool) & (rates["n_trained"] > 0)]
    found = rows.groupby([rows["activation"].astype(str), "learning_rate"]).size()
    order = list(labels)
    cells = sorted(found.items(), key=lambda cell: (order.index(cell[0][0]), cell[0][1]))
    if len(cells) == 1:
        ((key, rate), _) = cells[0]
        return f"{labels[key]}, {rate:g}"
    return some([f"{labels[key]} {rate:g}{f' in {n}' if n > 1 else ''}" for (key, rate), n in cells])


def ties(tuning: pd.DataFrame, rates: pd.DataFrame) -> dict[tuple, list[float]]:
    """By search the other rates whose mean score is the chosen one's, up to rounding errors."""
    table = tuning.astype({"activation": str, "setting": str})
    means = table.groupby([*SEARCH, "learning_rate"])["score"].mean().reset_index()
    chosen = {_place(row): row["learning_rate"] for row in rates.to_dict("records")}
    found = {}
    for place, rows in means.groupby(SEARCH):
        scores = without_noise(rows["score"])
        best = rows.loc[scores == scores.max(), "learning_rate"].tolist()
        if len(best) > 1 and chosen.get(place) in best:
            found[place] = [rate for rate in best if rate != chosen[place]]
    return found


def untrained(
    comparison: pd.DataFrame,
    rates: pd.DataFrame,
    settings: Mapping[str, Mapping],
    labels: Mapping[str, str],
) -> str:
    """Cells of which no network of a shorter search trained with its choice, and which of them trained."""
    short = [name for name, one in settings.items() if shorter({name: one})]
    own = rates[rates["setting"].isin(short)]
    n_trained = own.astype({"activation": str, "setting": str}).groupby(CELL)["n_trained"].sum()
    none = {place for place, n in n_trained.items() if n == 0}
    if not none:
        return ""
    kept = [
        row
        for row in comparison.to_dict("records")
        if (row["activation"], row["depth"], row["setting"]) in none and row["n_trained"]
    ]
    names = [
        f"{labels[row['activation']]} at depth {row['depth']} ({row['n_trained']} of {row['n_seeds']})"
        for row in kept
    ]
    text = (
        f"The search is shorter than training ({shorter(settings)} epochs): that no network with the chosen "
        f"rate trained in it in {count(len(none), 'cell')} says no more than that."
    )
    if not kept:
        return text
    where = "there" if len(none) == 1 else f"in {len(kept)} of them"
    return f"{text} In training some did {where}: {some(names)}."


def later(
    runs: pd.DataFrame,
    rates: pd.DataFrame | None,
    settings: Mapping[str, Mapping],
    tuning: pd.DataFrame | None = None,
) -> dict[tuple[str, int, str], Later]:
    """By cell the networks that diverged with a rate that had trained in tuning."""
    if rates is None or rates.empty:
        return {}
    text = {"activation": str, "setting": str}
    chosen = rates.loc[rates["n_trained"] > 0, [*SEARCH, "learning_rate", "n_trained"]].astype(text)
    lost = runs[runs["status"] == "diverged"].astype(text).drop(columns="learning_rate", errors="ignore")
    tied = {} if tuning is None else ties(tuning, rates)
    sizes = runs.astype(text).groupby(CELL).size()
    found = {}
    for place, rows in lost.merge(chosen, on=SEARCH).groupby(CELL, sort=False):
        lengths = horizon(settings[place[2]])
        if lengths is None:
            continue
        used = rows.drop_duplicates("fold")
        others = {rate for fold in rows["fold"] for rate in tied.get((*place, fold), ())}
        found[place] = Later(
            rates=tuple(sorted(set(rows["learning_rate"]))),
            ties=tuple(sorted(others)),
            tuned=(int(used["n_trained"].sum()), len(used) * settings[place[2]]["tuning"]["seeds"]),
            searched=int(lengths[0]),
            most=int(lengths[1]),
            n_diverged=len(rows),
            n=int(sizes[place]),
            epochs=tuple(map(int, rows["epochs_run"])),
        )
    return found


def of_study(study: Study) -> dict[tuple[str, int, str], Later]:
    """See `later`, of all settings."""
    tables = study.every or study.tables
    if "runs" not in tables:
        return {}
    return later(tables["runs"], tables.get("rates"), study.config["settings"], tables.get("tuning"))


def diverged(
    cells: Mapping[tuple[str, int, str], Later], labels: Mapping[str, str], several: bool = False
) -> str:
    """Which networks diverged with a rate that had trained in tuning, and what that does not say.

    Args:
        cells: see `later`.
        labels: see the module.
        several: whether there are several settings, which are named then.
    """
    if not cells:
        return ""
    if len(cells) == 1:
        (((key, depth, setting), one),) = cells.items()
        where = f" (depth {depth}{f', “{setting}”' if several else ''})"
        return one.quote(f"{labels[key]}{where}")
    parts = [
        f"{labels[key]} at depth {depth}{f' with “{setting}”' if several else ''} ({one.n_diverged} of "
        f"{one.n}, epochs {span(one.epochs)})"
        for (key, depth, setting), one in cells.items()
    ]
    lengths = sorted({(one.searched, one.most) for one in cells.values()})
    tuned = " or ".join(f"{searched} epochs and trained for up to {most}" for searched, most in lengths)
    return (
        f"Tuned for {tuned}, networks of {count(len(cells), 'cell')} diverged with a rate that had trained "
        f"in tuning: {some(parts)}. This says nothing of other rates."
    )


def failing(rates: pd.DataFrame | None, settings: Mapping[str, Mapping], short: int = 0) -> str:
    """In how many cells of the first setting no network of the search trained with the rate that it chose.

    Args:
        rates, settings: see the module; None without a search.
        short: of the `FORMS`, the number.
    """
    first, setting = next(iter(settings.items()))
    if rates is None or len(candidates(setting)) < 2:
        return ""
    own = rates[rates["setting"] == first].astype({"activation": str})
    n = int((own.groupby(["activation", "depth"])["n_trained"].sum() == 0).sum())
    if not n:
        return ""
    where = f"{count(n, 'cell')}{f' of “{first}”' if len(settings) > 1 else ''}"
    if short == FORMS - 1:
        return f"; {count(n, 'chosen rate')} trained none in tuning"
    if short == FORMS - 2:
        return f"; in {where} no tuning network trained at the chosen rate"
    return f"; in {where} no network with the chosen rate trained in tuning{_epochs(setting) * (short == 0)}"


def lost(keys: Sequence[str], labels: Mapping[str, str], short: int = 0) -> str:
    """Whose networks diverged with a rate that trained in tuning; `short`: see `failing`."""
    names = [labels[key] for key in dict.fromkeys(keys)]
    who = listed(names) if len(names) <= 2 else f"{len(names)} activations"
    if not names:
        return ""
    if short == FORMS - 1:
        return f"; {who}: trained in tuning, diverged in training"
    return f"; {who} diverged with a rate that trained in tuning"


def chosen(
    rates: pd.DataFrame | None, settings: Mapping[str, Mapping], labels: Mapping[str, str], short: int = 0
) -> str:
    """How the learning rates of the one setting were chosen; `short`: see `failing`."""
    (setting,) = settings.values()
    tried, fixed = candidates(setting), setting["training"]["learning_rate"]
    if len(tried) < 2:
        rate = tried[0] if tried else fixed
        return f"one learning rate ({rate:g}) for all activations; tuned for each, they may rank otherwise"
    epochs = shorter(settings)
    text = "rates tuned" if short else "learning rates are tuned"
    text += f" for each activation and depth ({min(tried):g} to {max(tried):g}"
    text += f"; {epochs} epochs" if epochs else ""
    if rates is None or not (rates["n_trained"] > 0).any():
        return f"{text})"
    at_edge = edges(rates, labels)
    if short == FORMS - 1 and " and " in at_edge:
        at_edge = count(int((rates["at_edge"].astype(bool) & (rates["n_trained"] > 0)).sum()), "choice")
    if short:
        return f"{text}; edge: {at_edge})" if at_edge else f"{text})"
    chosen = rates[rates["n_trained"] > 0]
    whose = f" ({at_edge})" if at_edge else ""
    return f"{text}); {int(chosen['at_edge'].sum())} of {count(len(chosen), 'choice')} at the edge{whose}"


def _epochs(setting: Mapping) -> str:
    """` (15 of 40 epochs)`, where a search is shorter than training."""
    epochs = shorter({"": setting})
    return f" ({epochs} epochs)" if epochs else ""


def _place(row: Mapping) -> tuple:
    return str(row["activation"]), row["depth"], str(row["setting"]), row["fold"]
