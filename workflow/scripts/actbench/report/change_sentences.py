"""Sentences on what another setting changed: which cells trained, and which differences moved."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.analysis import comparisons, statistics
from actbench.report.numbers import NBSP, listed, n_points, quoted, sentence, span


def turned(
    comparison: pd.DataFrame, labels: Mapping[str, str], settings: Sequence[str], tuned: bool = False
) -> str:
    """Which cells trained from no seed in the first setting and from all in another, or the reverse.

    From three seeds on it is said that the activation alone is not why they failed: it trained elsewhere.
    That is a count, which no test stands behind.

    Args:
        comparison: the table of that name, of all settings.
        labels: id to display text.
        settings: their names, the reference first.
        tuned: whether learning rates were tuned anew in each setting, so that they differ too.
    """
    if len(settings) < 2:
        return ""
    first, *others = settings
    cells = comparison.set_index(["activation", "depth", "setting"])
    groups: dict[tuple, dict[str, list]] = {}
    for key in labels:
        for depth in sorted(set(comparison["depth"])):
            before = cells.loc[(key, depth, first)]
            n = int(before["n_seeds"])
            for start, end in ((0, n), (n, 0)):
                if before["n_trained"] != start:
                    continue
                where = tuple(name for name in others if cells.loc[(key, depth, name), "n_trained"] == end)
                if where:
                    groups.setdefault((where, start, end), {}).setdefault(key, []).append(int(depth))
    if not groups:
        return ""
    parts, failed = [], {}
    for (where, start, end), found in groups.items():
        every = len(others) > 1 and list(where) == others
        which = "each other setting" if every else quoted(where)
        named = [f"{labels[key]} ({_depths(depths)})" for key, depths in found.items()]
        n = max(start, end)
        seeds = {1: "the one seed", 2: "both seeds"}.get(n, f"all {n} seeds")
        how = f"from {seeds} instead of none" if end else f"from no seed instead of {seeds}"
        parts.append(f"with {which} instead of “{first}”, {listed(named)} trained {how}")
        failed |= dict.fromkeys([first] if end else where)
    enough = comparison["n_seeds"].max() >= statistics.FEWEST
    alone = f": so these failures with {quoted(failed)} are not due to the activation alone (not tested"
    alone += "; rates tuned anew)" if tuned else ")"
    return f"{sentence('; '.join(parts))}{alone if enough else ''}."


def attributed(
    attribution: pd.DataFrame,
    comparison: pd.DataFrame,
    labels: Mapping[str, str],
    baseline: str,
    margin: float,
) -> str:
    """Which differences to the baseline change with the setting, which do not, and what is inconclusive.

    Args:
        attribution: the table of that name.
        comparison: the table of that name, of all settings.
        labels: id to display text.
        baseline: the label of the activation that the others are compared with.
        margin: changes up to this size count as none.
    """
    rows = attribution[attribution["depth"].isna()]
    if rows.empty:
        return ""
    what, moves = f"the difference to {baseline}", "changes with the setting"
    if comparison["n_seeds"].max() == 1:
        return f"One seed cannot say whether {what} {moves}."
    n_depths, n_settings = comparison["depth"].nunique(), rows["setting"].nunique()
    beyond = n_points(margin)

    def named(chosen: pd.DataFrame) -> str:
        return _named(chosen, labels, n_depths, n_settings)

    decided = []
    if len(chosen := rows[rows["verdict"] == "setting"]):
        decided.append(f"{moves} by more than {beyond} for {named(chosen)}")
    verdicts = comparison.drop_duplicates("activation").set_index("activation")["verdict"]
    same = rows[rows["verdict"] == "activation"]
    for word, chosen in same.groupby(same["activation"].map(verdicts).astype(str), sort=False):
        decided.append(
            f"stays within {beyond}, with the same verdict ({word}) in every setting, for {named(chosen)}"
        )
    unclear = rows[rows["verdict"] == "inconclusive"]
    inside = within(unclear, margin) & (unclear["n"] >= statistics.FEWEST)
    if inside.any():
        decided.append(
            f"stays within {beyond} for {named(unclear[inside])}, but without one decided verdict at all "
            "depths and equally many trained networks in every setting"
        )
    unknown, lacking = [], unclear["n"] < 2
    if len(undecided := unclear[~lacking & ~inside]):
        unknown.append(f"is inconclusive for {named(undecided)}, n = {span(undecided['n'], 'and')}")
    none = lacking & (unclear["n_depths"] == 0)
    if len(few := unclear[lacking & ~none]):
        unknown.append(
            f"cannot be said for {named(few)}: fewer than two seeds trained in all four cells at every depth "
            "that is averaged"
        )
    if len(unaveraged := unclear[none]):
        unknown.append(
            f"cannot be said for {_named(unaveraged, labels, 0, n_settings)}: no depth could be averaged"
        )
    found = [sentence(f"{what} {'; it '.join(decided)}.")] if decided else []
    if unknown:
        found.append(f"Whether {'it' if decided else what} {moves} {'; it '.join(unknown)}.")
    return " ".join(found)


def required_seeds(attribution: pd.DataFrame, labels: Mapping[str, str], margin: float) -> str:
    """How many seeds would show the changes that were measured and are inconclusive; empty if there are none.

    Args:
        attribution, labels, margin: see `attributed`.
    """
    rows = attribution[attribution["depth"].isna()]
    known = rows[(rows["verdict"] == "inconclusive") & rows["required_seeds"].notna()]
    if known.empty:
        return ""
    named = _named(known, labels, 0, rows["setting"].nunique())
    needed = span(known["required_seeds"], "and")
    return (
        f"Were difference and spread as measured, {needed} seeds that train in all four "
        f"cells would show a change of more than {n_points(margin)} with "
        f"{100 * comparisons.POWER:g}{NBSP}% probability for {named}."
    )


def within(rows: pd.DataFrame, margin: float) -> pd.Series:
    """Of which rows the interval lies within ±`margin`."""
    low, high = (rows[name].astype(float) for name in ("difference_low", "difference_high"))
    return (low >= -margin - statistics.NOISE) & (high <= margin + statistics.NOISE)


def _named(rows: pd.DataFrame, labels: Mapping[str, str], n_depths: int, n_settings: int) -> str:
    """`sigmoid (1 of 3 depths)`, or where there are several settings `sigmoid (“he” at 1 of 3 depths)`.

    Activations that say the same stand together: `elu and tanh (2 of 3 depths each), and sigmoid`, or
    `elu and tanh (in each other setting)`.

    Args:
        rows: those of the attribution over depths.
        labels: id to display text.
        n_depths: of the study; depths are named where fewer were averaged.
        n_settings: that are compared with the first one; they are named where there are several.
    """
    notes: dict[str, str] = {}
    for key, own in rows.groupby("activation", observed=True, sort=False):
        at = [f"{n} of {n_depths} depths" if n < n_depths else "" for n in own["n_depths"]]
        if n_settings == 1:
            notes[key] = at[0]
        elif len(own) == n_settings and len(set(at)) == 1:
            notes[key] = " at ".join(["in each other setting", *filter(None, at[:1])])
        else:
            names = [f"“{name}”" for name in own["setting"]]
            notes[key] = listed([" at ".join(filter(None, pair)) for pair in zip(names, at, strict=True)])
    together: dict[str, list] = {}
    for key, note in notes.items():
        together.setdefault(note, []).append(labels[key])
    parts = []
    for note, names in together.items():
        each = " each" if len(names) > 1 and n_settings == 1 else ""
        parts.append(listed(names) + (f" ({note}{each})" if note else ""))
    return listed(parts) if len(parts) == len(notes) else ", and ".join(parts)


def _depths(depths: Sequence[int]) -> str:
    return f"depth {listed(list(map(str, depths)))}"
