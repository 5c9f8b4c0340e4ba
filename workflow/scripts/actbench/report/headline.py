"""The first screen's sentences: the headline, and the findings below it of one line each.

Cells are rows of the table `comparison` of one setting. Empty where there is nothing to say.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from actbench.analysis import statistics, trends
from actbench.report import partly_sentences, search_sentences
from actbench.report.numbers import NBSP, clause, count, ends, listed, sentence, some, span
from actbench.report.recipe_sentences import INITIALISATIONS, NORMS, OPTIMISERS
from actbench.report.verdict_sentences import in_short
from actbench.study import grid

NAMED = 3  # activations that are named, of more the number is
FINDING = 143  # characters of a finding that fit in one line of it
LINE = 80  # characters of a headline that fit in one line of a page 1280 px wide, in a wide font
WORDS = {"initialisation": INITIALISATIONS, "norm": {"layer": NORMS["layer"], "batch": NORMS["batch"]}}


def headline(
    runs: pd.DataFrame,
    labels: Mapping[str, str],
    leading: Collection[str],
    setting: str = "",
) -> tuple[str, str]:
    """Which activations trained from every seed, which of them is best, and what that rests on.

    Accuracies are compared among those that always trained only. No more is said than `trends.leaders` gives,
    of each against the first one: nothing of two others, and those that cannot be told apart are not called
    equal; the basis says by which intervals. Where none always trained, who did most often is a count. Of
    several forms the first that fits in a line is taken, which may give a number for names, and leave to the
    basis who is compared and with which setting.

    Args:
        runs: table `runs`, of one setting.
        labels: id to display text.
        leading: of those that always trained the `trends.leaders`; not used where fewer than two did.
        setting: its name where there are several.
    """
    by_seed = statistics.per_seed(runs)
    keys = list(by_seed["activation"].unique())
    depths, n = sorted(by_seed["depth"].unique()), by_seed["seed"].nunique()
    where = f"over {len(depths)} depths" if len(depths) > 1 else f"at depth {depths[0]}"
    notes = [f"n{NBSP}={NBSP}{count(n, 'seed')}"]
    if not by_seed["trained"].any() or len(keys) == 1:
        text = _trained(runs, labels[keys[0]] if len(keys) == 1 else "")
        if runs["trained"].any() and not by_seed["trained"].any():
            text += ", none in all folds"
        return _placed(text, where, notes, setting, labels)
    if n == 1:
        text = f"One seed cannot say which of {len(keys)} activations is best"
        return _placed(text, "", notes, setting, labels)
    always = trends.always(runs)
    reliable = [key for key in labels if key in always]
    if not reliable:
        return _placed(_most_often(by_seed, labels), where, notes, setting, labels)
    order = trends.order(trends.ranks(by_seed[by_seed["activation"].isin(reliable)]))
    tied = [key for key in order if key in leading]
    names = [labels[key] for key in tied]
    if len(reliable) == len(keys) or len(reliable) > 2:
        all_are = len(reliable) == len(keys)
        in_order = tied == order[: len(tied)]
        text = _first(names, len(reliable), in_order, all_are, LINE - len(_with(setting)))
    else:
        text = f"Only {listed([labels[key] for key in reliable])} always trained"
        if len(reliable) > 1:
            told = len(tied) == 1
            text += f", of which {names[0]} ranks best" if told else ", and they cannot be told apart"
    if len(reliable) > 1:
        apart = f"told apart by average rank {where} or an accuracy interval"
        none = f"by average rank {where} and accuracy intervals"
        where = none if len(tied) == len(reliable) else apart
    if len(reliable) < len(keys) and "always trained" not in text:
        where = f"of {len(reliable)} activations that always trained, {where}"
    return _placed(text, where, notes, setting, labels)


def trained(
    cells: pd.DataFrame, labels: Mapping[str, str], folds: int = 1, history: pd.DataFrame | None = None
) -> str:
    """How many networks trained, which activations did not at all or in part, and which diverged.

    Args:
        cells, labels: see the module and `headline`.
        folds: of each seed, which is counted once and trained if all its folds did.
        history: the table of that name, which knows how far those came that diverged.
    """
    n_all, n = int(cells["n_seeds"].sum()), int(cells["n_trained"].sum())
    what = f"network{'' if n_all == 1 else 's'}"
    if folds > 1:
        what = f"set{'' if n_all == 1 else 's'} of {folds} folds"
    several = cells["depth"].nunique() > 1
    parts = [f"{n:,} of {n_all:,} {what} trained"]
    if n == n_all:
        parts = [f"all {n_all:,} {what} trained" if n_all > 1 else f"the one {what} trained"]
    lost = cells["n_diverged"] == cells["n_seeds"]
    never = (cells["n_trained"] == 0) & ~lost
    partly = (cells["n_trained"] > 0) & (cells["n_trained"] < cells["n_seeds"])
    if lost.any():
        n_lost = int(cells.loc[lost, "n_diverged"].sum())
        which = f"{search_sentences.places(cells[lost], labels, several)}: " if not lost.all() else ""
        parts.append(f"{which}all {n_lost:,} diverged{_came_to(cells[lost], history)}")
    for word, chosen in (("none", never), ("some", partly)):
        if chosen.any() and not chosen.all():
            parts.append(f"{word} of {search_sentences.places(cells[chosen], labels, several)}")
    others = cells[~lost & (cells["n_diverged"] > 0)]
    if len(others):
        parts.append(f"{int(others['n_diverged'].sum()):,} diverged")
    return sentence(f"{'; '.join(parts)}.")


def accuracy(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Mean accuracies at the first and the last depth, from lowest to highest, and the number of verdicts.

    Cells whose runs disagree, or of which one seed of several trained, have no mean: they are named with how
    many trained and how well.
    """
    one = (cells["n_seeds"] == 1).all()
    level = (cells["median"] if one else cells["mean"]).astype(float)
    parts, apart, short, counted = [], [], [], []
    for depth in sorted({cells["depth"].min(), cells["depth"].max()}):
        at = cells["depth"] == depth
        known = level[at].dropna()
        if len(known):
            parts.append(f"{ends(known.min(), known.max())} at depth {depth}")
        lacking = cells[at & (cells["n_trained"] > 0) & level.isna()].to_dict("records")
        apart += [_without_mean(cell, labels) for cell in lacking]
        theirs = [f"{labels[one['activation']]} {ends(one['min'], one['max'], 0)}" for one in lacking]
        short.append(f"{parts[-1]}{f' ({some(theirs)})' if theirs else ''}" if len(known) else "")
        few = f" ({len(known)} of {int(at.sum())} activations)" if len(known) < at.sum() else ""
        counted.append(f"{parts[-1]}{few}" if len(known) else "")
    verdicts = ["" if one else _verdicts(cells, labels, reasons) for reasons in (True, False)]
    what = "test accuracy" if one else "mean test accuracy"
    long = [f"{what}: {', '.join(parts)}" if parts else "", f"no mean for {some(apart)}" if apart else ""]
    forms = [long] * bool(parts or apart)
    if all(short) and parts:
        forms += [[f"{what.replace('test ', '')}: {', '.join(form)}"] for form in (short, counted)]
    texts = ["; ".join(filter(None, [*form, said])) for form in forms or [[]] for said in verdicts]
    return _fitting(*(sentence(f"{text}.") for text in texts), room=FINDING) if texts[0] else ""


def recipe(
    comparison: pd.DataFrame,
    rates: pd.DataFrame | None,
    settings: Mapping,
    labels: Mapping,
    later: Mapping[tuple[str, int, str], search_sentences.Later] = MappingProxyType({}),
) -> str:
    """Whether the setting decides who trains, and how learning rates were tuned; in one line where it fits.

    Args:
        comparison: the table of that name, of all settings.
        rates: the table of that name, of all settings, if there is one.
        settings: the resolved ones by name, the reference first.
        labels: id to display text.
        later: see `search_sentences.later`.
    """
    first, *others = settings
    lost = [key for key, _, name in later if name == first]
    texts = []
    for short in range(search_sentences.FORMS):
        arbitrary = search_sentences.failing(rates, settings, short)
        arbitrary += search_sentences.lost(lost, labels, short)
        if others:
            texts.append(_of_settings(comparison, settings, labels, arbitrary))
        else:
            texts.append(f"{sentence(search_sentences.chosen(rates, settings, labels, short))}{arbitrary}.")
    return _fitting(*texts, room=FINDING)


def _of_settings(comparison: pd.DataFrame, settings: Mapping, labels: Mapping, arbitrary: str) -> str:
    """What several settings decide, and then `arbitrary`."""
    first, *others = settings
    kinds = {one["training"]["learning_rate"] == grid.TUNED for one in settings.values()}
    tuned = {(True,): "learning rates are tuned", (False,): "learning rates are not tuned"}.get(
        tuple(kinds), "learning rates are tuned with some settings"
    )
    turned = _turned(comparison, labels, first, others)
    if turned:
        return f"{turned}{arbitrary or f'; {tuned}'}."
    totals = comparison.groupby("setting", observed=True)[["n_trained", "n_seeds"]].sum()
    named = [f"{int(totals.loc[name, 'n_trained'])} with “{name}”" for name in settings]
    if len(named) > NAMED:
        named = [f"{span(totals['n_trained'])} with each of {len(settings)} settings"]
    tuned = partly_sentences.fewer(comparison, labels, first, others) or tuned
    return f"Of {int(totals['n_seeds'].iloc[0]):,} networks, {listed(named)} trained; {tuned}{arbitrary}."


def limits(
    config: Mapping,
    cells: pd.DataFrame,
    rates: pd.DataFrame | None = None,
    labels: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """What the study varies not at all or little, and how many networks had not finished.

    Args:
        config: the resolved one.
        cells: see the module.
        rates: the table of that name, of all settings, if there is one.
        labels: see `headline`.
    """
    network, n = config["network"], len(config["seeds"])
    parts = ["one data set"] + ["one test set"] * (not config["evaluation"]["folds"])
    if len(config["settings"]) == 1:
        training = config["training"]
        made = [OPTIMISERS.get(training["optimizer"], training["optimizer"])]
        made += [words[network[key]] for key, words in WORDS.items() if network.get(key) in words]
        parts.append(f"one recipe ({', '.join(made)})")
    widths = sorted({width for sizes in network.get("hidden_sizes") or () for width in sizes})
    if widths:
        parts.append(f"{span(widths)} unit{'' if widths[-1] == 1 else 's'} a layer")
    parts.append(f"n{NBSP}={NBSP}1 seed, which gives no interval" if n == 1 else f"n{NBSP}={NBSP}{n} seeds")
    text = sentence(", ".join(parts))
    heads = [f"{text}{tuned}" for tuned in _tuned_for(config["settings"], rates, labels)]
    improving, of = int(cells["n_improving"].sum()), int(cells["n_trained"].sum())
    if not improving:
        return _fitting(*(f"{head}." for head in heads), room=FINDING)
    where = _concentrated(cells)
    long = f"; {improving:,} of {of:,} trained networks still improving"
    long += f", {where[0]} of them among the {where[1]} at depth {where[2]}." if where else "."
    share = f" ({where[0]} of {where[1]} at depth {where[2]})" if where and where[0] != "all" else ""
    ends_ = (long, f"; {improving:,} of {of:,} still improving{share}.")
    return _fitting(*(f"{head}{end}" for head in heads for end in ends_), room=FINDING)


def _tuned_for(settings: Mapping, rates: pd.DataFrame | None, labels: Mapping[str, str]) -> list[str]:
    """How short the search of several settings was and which choices end the grid, the longest form first."""
    if len(settings) < 2 or rates is None:
        return [""]
    searched, edge = search_sentences.shorter(settings), search_sentences.edges(rates, labels)
    ending = rates["at_edge"].astype(bool) & (rates["n_trained"] > 0)
    found = [edge, count(int(ending.sum()), "choice")] if edge else []
    if searched:
        tuned = f"; rates tuned for {searched} epochs"
        return [*(f"{tuned} (edge: {one})" for one in found), tuned]
    return [*(f"; rates at the edge: {one}" for one in found), ""]


def _trained(runs: pd.DataFrame, label: str) -> str:
    """How many of these networks trained, all of one activation if it is named."""
    of, n, n_trained = f" of {label}" if label else "", len(runs), int(runs["trained"].sum())
    if n == 1:
        return f"The one network{of} {'trained' if n_trained else 'did not train'}"
    if n_trained in (0, n):
        return f"{'All' if n_trained else 'None of the'} {n:,} networks{of} trained"
    return f"{n_trained:,} of {n:,} networks{of} trained"


def _placed(
    text: str, where: str, notes: Sequence[str], setting: str, labels: Mapping[str, str]
) -> tuple[str, str]:
    """The headline and its basis, one of which names the setting: the headline, if it fits in a line."""
    if _with(setting):
        placed = f"{_with(setting)}{clause(text, labels.values())}"
        if len(placed) <= LINE:
            return placed, ", ".join(filter(None, [where, *notes]))
    basis = [where, f"setting “{setting}”" if setting else "", *notes]
    return text, ", ".join(filter(None, basis))


def _with(setting: str) -> str:
    """What a headline begins with that has room for this setting's name; empty where it cannot."""
    text = f"With “{setting}”, "
    return text if setting and len(text) <= LINE / 2 else ""


def _fitting(*texts: str, room: int = LINE) -> str:
    """The first of these texts that fits in so much of a line, or the shortest."""
    return next((text for text in texts if len(text) <= room), min(texts, key=len))


def _most_often(by_seed: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """`No activation always trained; tanh trained most often (12 of 15)`."""
    counts = by_seed.groupby("activation", observed=True)["trained"].agg(["sum", "size"])
    most = counts[counts["sum"] == counts["sum"].max()]
    each = " each" if len(most) > 1 else ""
    share = f"{int(most['sum'].iloc[0])} of {int(most['size'].iloc[0])}{each}"
    whose = some([labels[key] for key in most.index]), f"{len(most)} of {len(counts)}"
    return _fitting(*(f"No activation always trained; {who} trained most often ({share})" for who in whose))


def _first(tied: Sequence[str], n: int, in_order: bool, all_are: bool, room: int) -> str:
    """The first of `n` activations that always trained, and those that cannot be told apart from it.

    Args:
        tied: their labels, the first one's before the others.
        n: that are compared.
        in_order: whether those that are tied come next by average rank.
        all_are: whether these are all there are.
        room: characters of a line.
    """
    first, *others = tied
    of = [""] if all_are else [f"Of {n} {what}that always trained, " for what in ("activations ", "")] + [""]
    if not others:
        return f"{of[0]}{first} has the best average rank{f' of {n} activations' if all_are else ''}"
    few = len(others) <= NAMED + 1
    whom = [listed(others)] if few else []
    if len(others) < n - 1:
        whom.append(f"{len(others)} of the {n - 1} others")
    elif all_are:
        whom.append(f"any of the {n - 1} others" if n > 2 else "the other")
    else:
        whom = ["any other"]
    if in_order:
        texts = [f"{whose}{first} cannot be told apart from {names}" for names in whom for whose in of]
    else:
        texts = [
            f"{whose}{first} ranks best{'' if whose else f' of {n}'}, and {'only ' if few else ''}{names} "
            "cannot be told apart from it"
            for names in whom
            for whose in of
        ]
    return _fitting(*texts, room=room)


def _came_to(lost: pd.DataFrame, history: pd.DataFrame | None) -> str:
    """In brackets the best validation accuracies of these cells' networks before they diverged."""
    if history is None:
        return ""
    places = set(zip(lost["activation"].astype(str), lost["depth"], strict=True))
    own = [place in places for place in zip(history["activation"].astype(str), history["depth"], strict=True)]
    best = history[own].groupby(["activation", "depth", "seed", "fold"], observed=True)["val_accuracy"].max()
    best = best.dropna()
    return f" (best validation accuracy before: {ends(best.min(), best.max(), 0)})" if len(best) else ""


def _concentrated(cells: pd.DataFrame) -> tuple[int | str, int, int] | None:
    """At which depth most of those still improving are, where that is at least twice its share.

    How many are (`all`), of how many that trained, and the depth.
    """
    by_depth = cells.groupby("depth")[["n_improving", "n_trained"]].sum()
    total, depth = by_depth.sum(), by_depth["n_improving"].idxmax()
    late, of = (int(value) for value in by_depth.loc[depth])
    if len(by_depth) == 1 or late * 2 <= total["n_improving"]:
        return None
    if late * total["n_trained"] < 2 * of * total["n_improving"]:
        return None
    return "all" if late == total["n_improving"] else late, of, int(depth)


def _without_mean(cell: Mapping, labels: Mapping[str, str]) -> str:
    """`ReLU at depth 8 (4 of 5 trained, with 45 to 74 %)`: a cell that trained but has no mean."""
    how = f"{cell['n_trained']} of {cell['n_seeds']} trained, with {ends(cell['min'], cell['max'], 0)}"
    return f"{labels[cell['activation']]} at depth {cell['depth']} ({how})"


def _verdicts(cells: pd.DataFrame, labels: Mapping[str, str], reasons: bool) -> str:
    """How many comparisons with the baseline have which verdict; for `reasons` see `in_short`."""
    others = cells[cells["verdict"] != "baseline"]
    if others.empty:
        return ""
    return f"against {labels[others['baseline'].iloc[0]]}: {in_short(others, reasons)}"


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
    who = search_sentences.places(before.loc[places], labels, several)
    favoured, against = (where, first) if end else ([first], where[0])
    lost = partly_sentences.fewer(comparison, labels, against, favoured) if len(where) == 1 else ""
    which = f"“{where[0]}”" if len(where) == 1 else f"each of {len(where)} others"
    if len(where) == len(others) > 1:
        which = "any other setting"
    rest = sum(map(len, groups.values())) - len(places)
    more = f"; {rest} more below" if rest else ""
    who += f" trained ({most} of {most}){f', {lost}' if lost else ''}"
    if end:  # that none of them trained with the first setting is another finding
        return f"With {which} {who}{more}"
    return f"With “{first}” {who}, with {which} not{more}"
