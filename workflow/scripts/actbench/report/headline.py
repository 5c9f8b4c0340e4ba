"""The first screen's sentences: the headline, and the findings below it of one line each.

Cells are rows of the table `comparison` of one setting. Empty where there is nothing to say.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.analysis import statistics, trends
from actbench.report.numbers import NBSP, count, interval, listed, percent, sentence, some
from actbench.report.recipe_sentences import INITIALISATIONS, NORMS, OPTIMISERS
from actbench.study import grid

NAMED = 3  # activations that are named, of more the number is
WORDS = {"initialisation": INITIALISATIONS, "norm": {"layer": NORMS["layer"], "batch": NORMS["batch"]}}


def headline(runs: pd.DataFrame, labels: Mapping[str, str], setting: str = "") -> tuple[str, str]:
    """Which activation is best, or from which others the seeds cannot tell it, and what that rests on.

    No more is said than the test of `trends.leaders` gives, of each activation against the first one by
    average rank: nothing of two others, and those that cannot be told apart are not called equal.

    Args:
        runs: table `runs`, of one setting.
        labels: id to display text.
        setting: its name where there are several.
    """
    by_seed = statistics.per_seed(runs)
    keys = list(by_seed["activation"].unique())
    depths, n = sorted(by_seed["depth"].unique()), by_seed["seed"].nunique()
    where = f"over {len(depths)} depths" if len(depths) > 1 else f"at depth {depths[0]}"
    notes = [f"setting “{setting}”"] if setting else []
    notes.append(f"n{NBSP}={NBSP}{count(n, 'seed')}")
    if not by_seed["trained"].any() or len(keys) == 1:
        text = _trained(runs, labels[keys[0]] if len(keys) == 1 else "")
        if runs["trained"].any() and not by_seed["trained"].any():
            text += ", none in all folds"
        return text, ", ".join([where, *notes])
    if n == 1:
        return f"One seed cannot say which of {len(keys)} activations is best", ", ".join(notes)
    first, *others = trends.leaders(runs)
    if not others:
        best = f"{labels[first]} has the best average rank of {len(keys)} activations"
        return best, ", ".join([where, *notes])
    whom = listed([labels[key] for key in others])
    if len(others) > NAMED + 1:
        every = len(others) == len(keys) - 1
        whom = f"any of the {len(others)} others" if every else f"{len(others)} of the {len(keys) - 1} others"
    return f"{labels[first]} cannot be told apart from {whom}", ", ".join([f"average rank {where}", *notes])


def trained(cells: pd.DataFrame, labels: Mapping[str, str], folds: int = 1) -> str:
    """How many networks trained, which activations did not at all or in part, and how many diverged.

    Args:
        cells, labels: see the module and `headline`.
        folds: of each seed, which is counted once and trained if all its folds did.
    """
    n_all, n = int(cells["n_seeds"].sum()), int(cells["n_trained"].sum())
    what = f"network{'' if n_all == 1 else 's'}"
    if folds > 1:
        what = f"set{'' if n_all == 1 else 's'} of {folds} folds"
    several = cells["depth"].nunique() > 1
    parts = [f"{n:,} of {n_all:,} {what} trained"]
    if n == n_all:
        parts = [f"all {n_all:,} {what} trained" if n_all > 1 else f"the one {what} trained"]
    never = cells["n_trained"] == 0
    partly = ~never & (cells["n_trained"] < cells["n_seeds"])
    for word, chosen in (("none", never), ("some", partly)):
        if chosen.any() and not chosen.all():
            parts.append(f"{word} of {_places(cells[chosen], labels, several)}")
    diverged = int(cells["n_diverged"].sum())
    if diverged:
        parts.append(f"{diverged:,} diverged")
    return sentence(f"{'; '.join(parts)}.")


def accuracy(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Mean accuracies at the first and the last depth, from lowest to highest, and the number of verdicts.

    Cells whose runs disagree, or of which one seed of several trained, have no mean.
    """
    one = (cells["n_seeds"] == 1).all()
    level = (cells["median"] if one else cells["mean"]).astype(float)
    parts = []
    for depth in sorted({cells["depth"].min(), cells["depth"].max()}):
        known = level[cells["depth"] == depth].dropna()
        if known.empty:
            continue
        low, high = known.min(), known.max()
        text = interval(low, high) if percent(low) != percent(high) else percent(high)
        parts.append(f"{text} at depth {depth}")
    what = "test accuracy" if one else "mean test accuracy"
    texts = [f"{what} where trained: {', '.join(parts)}"] if parts else []
    verdicts = "" if one else _verdicts(cells, labels)
    texts += [verdicts] if verdicts else []
    return sentence(f"{'; '.join(texts)}.") if texts else ""


def recipe(comparison: pd.DataFrame, rates: pd.DataFrame | None, settings: Mapping, labels: Mapping) -> str:
    """Whether the setting decides who trains, and whether learning rates were tuned.

    Args:
        comparison: the table of that name, of all settings.
        rates: the table of that name, of all settings, if there is one.
        settings: the resolved ones by name, the reference first.
        labels: id to display text.
    """
    first, *others = settings
    if not others:
        return sentence(f"{_tuned(rates, settings)}.")
    kinds = {one["training"]["learning_rate"] == grid.TUNED for one in settings.values()}
    tuned = {(True,): "learning rates are tuned", (False,): "learning rates are not tuned"}.get(
        tuple(kinds), "learning rates are tuned with some settings"
    )
    turned = _turned(comparison, labels, first, others)
    if turned:
        return f"{turned}; {tuned}."
    totals = comparison.groupby("setting", observed=True)[["n_trained", "n_seeds"]].sum()
    named = [f"{int(totals.loc[name, 'n_trained'])} with “{name}”" for name in settings]
    if len(named) > NAMED:
        least, most = int(totals["n_trained"].min()), int(totals["n_trained"].max())
        numbers = f"{least}" if least == most else f"{least} to {most}"
        named = [f"{numbers} with each of {len(settings)} settings"]
    return f"Of {int(totals['n_seeds'].iloc[0]):,} networks, {listed(named)} trained; {tuned}."


def limits(config: Mapping, cells: pd.DataFrame) -> str:
    """What the study varies not at all or little, and how many networks had not finished.

    Args:
        config: the resolved one.
        cells: see the module.
    """
    network, n = config["network"], len(config["seeds"])
    parts = ["one data set"]
    if len(config["settings"]) == 1:
        training = config["training"]
        made = [OPTIMISERS.get(training["optimizer"], training["optimizer"])]
        made += [words[network[key]] for key, words in WORDS.items() if network.get(key) in words]
        parts.append(f"one recipe ({', '.join(made)})")
    widths = sorted({width for sizes in network.get("hidden_sizes") or () for width in sizes})
    if widths:
        ends = f"{widths[0]}" if len(widths) == 1 else f"{widths[0]} to {widths[-1]}"
        parts.append(f"{ends} unit{'' if widths[-1] == 1 else 's'} a layer")
    parts.append(f"n{NBSP}={NBSP}1 seed, which gives no interval" if n == 1 else f"n{NBSP}={NBSP}{n} seeds")
    text = sentence(", ".join(parts))
    improving, of = int(cells["n_improving"].sum()), int(cells["n_trained"].sum())
    if improving:
        text += f"; {improving:,} of {of:,} trained networks still improving"
    return f"{text}."


def _trained(runs: pd.DataFrame, label: str) -> str:
    """How many of these networks trained, all of one activation if it is named."""
    of, n, n_trained = f" of {label}" if label else "", len(runs), int(runs["trained"].sum())
    if n == 1:
        return f"The one network{of} {'trained' if n_trained else 'did not train'}"
    if n_trained in (0, n):
        return f"{'All' if n_trained else 'None of the'} {n:,} networks{of} trained"
    return f"{n_trained:,} of {n:,} networks{of} trained"


def _places(cells: pd.DataFrame, labels: Mapping[str, str], several: bool) -> str:
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


def _verdicts(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """How many comparisons with the baseline have which verdict, and how many cannot be made."""
    others = cells[cells["verdict"] != "baseline"]
    if others.empty:
        return ""
    word = others["verdict"].astype(str).where(others["n_pairs"] > 1, "impossible")
    counts = word.value_counts()
    parts = [
        f"{counts[name]} {name}"
        for name in ("better", "equivalent", "worse", "inconclusive", "impossible")
        if name in counts
    ]
    what = "comparison" if len(others) == 1 else "comparisons"
    return f"{what} with {labels[others['baseline'].iloc[0]]}: {', '.join(parts)}"


def _tuned(rates: pd.DataFrame | None, settings: Mapping[str, Mapping]) -> str:
    """How the learning rates of the one setting were chosen."""
    (setting,) = settings.values()
    candidates = setting["tuning"]["learning_rate"]
    fixed = setting["training"]["learning_rate"]
    if fixed != grid.TUNED or len(candidates) == 1:
        rate = candidates[0] if fixed == grid.TUNED else fixed
        return f"one learning rate ({rate:g}) for all activations; tuned for each, they may rank otherwise"
    text = (
        f"learning rates are tuned for each activation and depth ({len(candidates)} candidates, "
        f"{min(candidates):g} to {max(candidates):g})"
    )
    if rates is None:
        return text
    chosen = rates[rates["n_trained"] > 0]
    edge = int(chosen["at_edge"].sum())
    return f"{text}; {edge} of {count(len(chosen), 'choice')} at the edge" if len(chosen) else text


def _turned(comparison: pd.DataFrame, labels: Mapping[str, str], first: str, others: Sequence[str]) -> str:
    """Which cells trained from no seed with the first setting and from all with another, or the reverse."""
    cells = comparison.set_index(["activation", "depth", "setting"])
    before = comparison[comparison["setting"] == first].reset_index(drop=True)
    groups: dict[tuple, list] = {}
    for row in before.itertuples():
        if row.n_trained not in (0, row.n_seeds):
            continue
        end = row.n_seeds - row.n_trained
        where = tuple(
            name for name in others if cells.loc[(row.activation, row.depth, name), "n_trained"] == end
        )
        if where:
            groups.setdefault((where, int(row.n_trained), int(end)), []).append(row.Index)
    if not groups:
        return ""
    (where, start, end), places = max(groups.items(), key=lambda group: len(group[1]))
    several, most = comparison["depth"].nunique() > 1, max(start, end)
    who = _places(before.loc[places], labels, several)
    which = f"“{where[0]}”" if len(where) == 1 else f"each of {len(where)} others"
    if len(where) == len(others) > 1:
        which = "any other setting"
    does, fails = (which, f"“{first}”") if end else (f"“{first}”", which)
    rest = sum(map(len, groups.values())) - len(places)
    return f"With {does} {who} trained ({most} of {most}), with {fails} not (0 of {most})" + (
        f"; {rest} more below" if rest else ""
    )
