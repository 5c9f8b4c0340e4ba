"""Sentences with the study's numbers in them; they claim no more than the tables allow."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.analysis import comparisons, statistics
from actbench.figures.shown import layers
from actbench.report.numbers import NBSP, interval, listed, percent, sentence, some, spread

LACKING = "fewer than two seeds trained in both"
MANY = 4  # activations that are counted rather than named


def outcome(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """From how many seeds each activation trained at one depth, and how well the best of the reliable did.

    Args:
        cells: the rows of the comparison table of one depth.
        labels: id to display text.
    """
    n = int(cells["n_seeds"].iloc[0])
    always, never = cells[cells["n_trained"] == n], cells[cells["n_trained"] == 0]
    some = cells[(cells["n_trained"] > 0) & (cells["n_trained"] < n)]
    parts = []
    if len(always):
        every = {1: "the one seed", 2: "both seeds"}.get(n, f"all {n} seeds")
        whole = len(always) == len(cells) >= MANY
        names = f"all {len(cells)} activations" if whole else _names(always, labels)
        parts.append((names, f"from {every}, {_accuracy(always, labels)}"))
    for row in some.itertuples():
        seeds = f"{n}{'' if parts else ' seeds'}"
        parts.append(
            (labels[row.activation], f"from {row.n_trained} of {seeds}{_diverged(row.n_diverged, n)}")
        )
    if len(never):
        seeds = f"{n}{'' if parts else ' seeds'}"
        diverged = _diverged(int(never["n_diverged"].sum()), n * len(never))
        parts.append((_names(never, labels), f"from 0 of {seeds}{diverged}"))
    (first, how), *others = parts
    text = "; ".join([f"{first} trained {how}", *(f"{names} {how}" for names, how in others)])
    return f"With {layers(int(cells['depth'].iloc[0]))}, {text}."


def ranking(
    over_depths: pd.DataFrame, labels: Mapping[str, str], n_depths: int, leaders: Sequence[str]
) -> str:
    """Which activation has the best average rank, or which ones the seeds cannot tell from it.

    Empty where one seed gives no spread, or there is nothing to rank.

    Args:
        over_depths: the table of that name.
        labels: id to display text.
        n_depths: depths that the ranks were averaged over.
        leaders: as `trends.leaders` gives them.
    """
    ranks = over_depths[(over_depths["measure"] == "rank") & over_depths["mean"].notna()]
    if len(ranks) < 2:
        return ""
    ranks = ranks.assign(mean=statistics.without_noise(ranks["mean"])).set_index("activation")
    best, k, where = ranks.loc[leaders[0]], len(ranks), f" over {n_depths} depths" if n_depths > 1 else ""
    n = f"n = {int(best['n'])} seeds"
    if len(leaders) > 1:
        others = [f"{labels[key]} ({ranks.loc[key, 'mean']:.1f})" for key in leaders[1:]]
        return (
            f"By average rank{where}, {labels[leaders[0]]} ({best['mean']:.1f} of {k}) cannot be told apart "
            f"from {listed(_short(others))}, {n}."
        )
    behind = ranks.drop(index=leaders[0])["mean"]
    second = [labels[key] for key in behind.index[behind == behind.min()]]
    low, high = best["ci_low"], best["ci_high"]
    certain = "" if pd.isna(low) else f"95{NBSP}% interval {low:.1f}–{high:.1f}, "
    return (
        f"{labels[leaders[0]]} has the best average rank{where}, {best['mean']:.1f} of {k} ({certain}{n}); "
        f"next {'comes' if len(second) == 1 else 'come'} {listed(second)} with {behind.min():.1f}."
    )


def with_setting(text: str, setting: str) -> str:
    """A sentence that begins with `With` or `In`, of one of several settings.

    >>> with_setting("With 2 hidden layers, relu trained.", "he")
    'With the setting “he” and 2 hidden layers, relu trained.'
    """
    start = f"With the setting “{setting}”"
    if text.startswith("With "):
        return f"{start} and {text.removeprefix('With ')}"
    return f"{start}, {text[:1].lower()}{text[1:]}"


def conclusive(comparison: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """How many comparisons with the baseline have a verdict, and which; how many cannot be made."""
    others = comparison[comparison["verdict"] != "baseline"]
    if others.empty:
        return ""
    baseline = labels[others["baseline"].iloc[0]]
    found = others[others["verdict"] != "inconclusive"]
    lacking = int((others["n_pairs"] < 2).sum())
    why = _why_lacking(comparison)
    n_open = len(others) - len(found) - lacking
    parts = []
    for word in ("better", "equivalent", "worse"):
        chosen = found[found["verdict"] == word]
        by_name = chosen.groupby("activation", observed=True, sort=False)["depth"].apply(sorted)
        named = [f"{labels[key]} (depth {listed(list(map(str, depths)))})" for key, depths in by_name.items()]
        if named:
            parts.append(f"{listed(named)} {_are(named)} {word}")
    if len(others) == 1:
        what = f"The comparison with {baseline}"
        if parts:
            return f"{what} is conclusive: {parts[0]}."
        return f"{what} {f'cannot be made: {why}' if lacking else 'is inconclusive'}."
    text = f"Of the {len(others)} comparisons with {baseline}, "
    text += f"{len(found)} {_are(found)} conclusive: {'; '.join(parts)}" if parts else "none is conclusive"
    if n_open and parts:
        text += f"; {n_open} {'is' if n_open == 1 else 'are'} inconclusive"
    return text + (f"; {lacking} cannot be made: {why}." if lacking else ".")


def required_seeds(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """About how many seeds that train in both each inconclusive comparison of one depth requires."""
    inconclusive = cells[(cells["verdict"] == "inconclusive") & cells["difference_low"].notna()]
    if inconclusive.empty:
        return ""
    known = inconclusive[inconclusive["required_seeds"].notna()].sort_values("required_seeds", kind="stable")
    never = inconclusive[inconclusive["required_seeds"].isna()]
    parts = [f"{int(row.required_seeds)} for {labels[row.activation]}" for row in known.itertuples()]
    if len(never):
        parts.append(f"no number up to {comparisons.MOST_SEEDS:,} for {_names(never, labels)}")
    return (
        "Were the measured differences and spreads the true ones, four of five studies would decide with "
        f"this many seeds that train in both: {listed(parts)}."
    )


def two_studies(rows: Sequence[Mapping], labels: Mapping[str, str], names: Sequence[str]) -> str:
    """How many cells of two studies differ for sure, and which.

    Args:
        rows: as `side_by_side.cells` gives them.
        labels: id to display text.
        names: the first study, and the second, which is said to be better or worse.
    """
    first, second = names
    if not rows:
        return f"{first} and {second} have no activation and depth in common."
    settings = {row["setting"] for row in rows}
    said = {setting: f", {setting}" if len(settings) > 1 else "" for setting in settings}
    if not any(row["n_pairs"] for row in rows):
        return f"{first} and {second} have no pairs of seeds to compare; they stand side by side."
    parts = []
    for word in ("better", "worse", "equivalent"):
        chosen = [
            f"{labels[row['activation']]} (depth {row['depth']}{said[row['setting']]})"
            for row in rows
            if row["verdict"] == word
        ]
        if chosen:
            parts.append(f"{word} for {some(chosen)}")
    lacking = sum(row["n_pairs"] < 2 for row in rows)
    n_open = sum(row["verdict"] == "inconclusive" for row in rows) - lacking
    text = (
        f"Against {first}, {second} is {'; '.join(parts)}"
        if parts
        else (f"Between {first} and {second} no comparison is conclusive")
    )
    if n_open and parts:
        text += f"; {n_open} of {len(rows)} comparisons {'is' if n_open == 1 else 'are'} inconclusive"
    return text + (f"; {lacking} of {len(rows)} cannot be made: {LACKING}." if lacking else ".")


def depth_effect(
    over_depths: pd.DataFrame, labels: Mapping[str, str], depths: Sequence[int]
) -> dict[str, str]:
    """How accuracy and the share of dead units differ between the first and the last depth.

    Only of activations whose interval leaves out 0, which is said; no claim about the depths between. Keys
    as in `trends`.
    """
    words = {
        "accuracy": ("test accuracy", "falls", "rises", 2),
        "dead_trained": ("the share of dead units after training", "falls", "grows", 1),
    }
    table = over_depths.set_index(["activation", "measure"])
    ends, found = f"from {depths[0]} to {layers(depths[-1])}", {}
    intervals = f"(with 95{NBSP}% intervals of the change)"
    for measure, (what, down, up, digits) in words.items():
        rows = over_depths[(over_depths["measure"] == f"{measure}_change") & over_depths["ci_low"].notna()]
        parts = []
        for verb, chosen in ((down, rows[rows["ci_high"] < 0]), (up, rows[rows["ci_low"] > 0])):
            named = []
            for key in chosen["activation"]:
                first, last = (table.loc[(key, f"{measure}_{end}"), "mean"] for end in ("first", "last"))
                change = table.loc[(key, f"{measure}_change")]
                least, most = sorted(abs(100 * change[end]) for end in ("ci_low", "ci_high"))
                named.append(
                    f"{labels[key]} ({100 * first:.{digits}f} to {percent(last, digits)}, by "
                    f"{least:.{digits}f} to {most:.{digits}f} points)"
                )
            if named:
                parts.append(f"{verb} for {listed(named)}")
        if parts:
            found[measure] = f"{sentence(ends)} {intervals}, {what} {' and '.join(parts)}."
        elif len(rows):
            found[measure] = f"No change of {what} {ends} is sure: each interval includes 0."
    return found


def gradient_decay(decay: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """By which factors the back-propagated signal changes towards the input, in the deepest new networks.

    Empty where fewer than two activations have a mean slope.

    Args:
        decay: the table of that name.
        labels: id to display text.
    """
    chosen = (decay["tensor"] == "preactivation") & (decay["checkpoint"] == "init")
    rows = decay[chosen & (decay["measure"] == "slope")]
    rows = rows[rows["depth"] == rows["depth"].max()]
    known = rows[rows["mean"].notna()].sort_values("mean", kind="stable", ascending=False)
    if len(known) < 2:
        return ""
    least, most = (
        f"{10**-row.mean:.2g} ({labels[row.activation]})" for row in known.iloc[[0, -1]].itertuples()
    )
    without = rows[rows["mean"].isna()]
    text = (
        f"At initialisation, with {layers(int(rows['depth'].iloc[0]))}, the back-propagated signal "
        f"is multiplied, on average over the layers, by {least} to {most} a layer towards the input"
    )
    return text + (f"; {_names(without, labels)} {_are(without)} without a slope." if len(without) else ".")


def overflows(distributions: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Whose signals have no finite mean or spread, and in which layers, at initialisation.

    Args:
        distributions: the table of that name.
        labels: id to display text.
    """
    rows = distributions[distributions["checkpoint"].eq("init") & distributions["std"].isna()]
    parts = []
    for depth, of_depth in rows.groupby("depth"):
        where = {
            key: sorted(set(cell["layer"])) for key, cell in of_depth.groupby("activation", observed=True)
        }
        names = [f"{labels[key]} in {_layer_numbers(where[key])}" for key in labels if key in where]
        parts.append(f"with {layers(depth)} those of {listed(names)}")
    if not parts:
        return ""
    return (
        f"At initialisation some signals overflow, from at least one seed: {'; '.join(parts)}. Measures that "
        "need all values are null there, and histograms leave out what is not finite."
    )


def _layer_numbers(numbers: Sequence[int]) -> str:
    """`layer 3`, `layers 3 to 7`, or the list where numbers lack."""
    if len(numbers) == 1:
        return f"layer {numbers[0]}"
    whole = numbers[-1] - numbers[0] + 1 == len(numbers) > 2
    return f"layers {numbers[0]} to {numbers[-1]}" if whole else f"layers {listed(list(map(str, numbers)))}"


def verdicts(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """What the comparison with the baseline decides at one depth, and what it leaves open."""
    others = cells[cells["verdict"] != "baseline"]
    if others.empty:
        return ""
    baseline = labels[others["baseline"].iloc[0]]
    compared, lacking = others[others["n_pairs"] > 1], others[others["n_pairs"] <= 1]
    words = {"better": "better than", "worse": "worse than", "equivalent": "equivalent to"}
    parts = []
    for word, text in words.items():
        chosen = compared[compared["verdict"] == word]
        if len(chosen):
            parts.append(f"{_names(chosen, labels)} {_are(chosen)} {text} {baseline}")
    inconclusive = compared[compared["verdict"] == "inconclusive"]
    if len(inconclusive):
        one = len(inconclusive) == 1
        what = f"{'The' if not parts else 'the'} {'comparison' if one else 'comparisons'}"
        parts.append(
            f"{what} of {_names(inconclusive, labels)} with {baseline} {'is' if one else 'are'} inconclusive"
        )
    if len(lacking):
        parts.append(f"{_names(lacking, labels)} cannot be compared with {baseline}: {_why_lacking(cells)}")
    return "; ".join(parts) + "."


def cross_validation(scores: pd.DataFrame, labels: Mapping[str, str], depth: int) -> str:
    """Which activation has the highest mean score over the folds, with the others' scores beside it.

    Args:
        scores: the rows of the table `cross_validation` of one depth.
        labels: id to display text.
        depth: hidden layers.
    """
    means = scores.groupby("activation", observed=True)["mean_test_score"].mean()
    diverged = [labels[key] for key in means.index[means.isna()]]
    means = means.dropna()
    means = pd.Series(statistics.without_noise(means), means.index).sort_values(
        ascending=False, kind="stable"
    )
    n_folds = sum(name.startswith("split") for name in scores)
    what = f"In {n_folds}-fold cross-validation with {layers(depth)}"
    if means.empty:
        return f"{what}, every activation diverged in some fold."
    first = [labels[key] for key in means.index[means == means.iloc[0]]]
    others = [f"{labels[key]} {percent(mean, 2)}" for key, mean in means.iloc[len(first) :].items()]
    spreads = scores.loc[scores["activation"] == means.index[0], "std_test_score"]
    certain = (
        f" (standard deviation over the folds {100 * spreads.mean():.2f} points)" if len(first) == 1 else ""
    )
    verb = "has" if len(first) == 1 else "share"
    text = f"{what}, {listed(first)} {verb} the highest mean accuracy, {percent(means.iloc[0], 2)}{certain}"
    text += f"; {listed(others)}" if others else ""
    return text + (f"; {listed(diverged)} diverged in some fold." if diverged else ".")


def smallest_p(n_seeds: int, family: int = 1) -> str:
    """Which p values n seeds can reach by sign flips, alone and adjusted for a family of comparisons."""
    if n_seeds < 2:
        return "One seed gives no p value and no interval: add seeds to learn how sure one can be."
    smallest, exact = comparisons.smallest_p(n_seeds), n_seeds <= comparisons.EXACT_PAIRS
    text = f"The smallest two-sided sign-flip p of {n_seeds} pairs is {smallest:.2g}"
    if not exact:
        text += f" ({comparisons.RANDOM_FLIPS:,} random flips)"
    if family > 1:
        text += f", after Holm's adjustment for {family} comparisons {min(1, family * smallest):.2g}"
    return (
        f"{text}{'; fewer pairs cannot reach it' if exact else ''}. p is shown beside the verdict and not "
        "used for it: the interval takes differences as normal, the sign flip does not, so they may disagree."
    )


def mixture(mixed: Mapping[str, Sequence[str]]) -> str:
    """What the tables of one study do not have in common, and what to do; empty if there is nothing.

    Args:
        mixed: as `lineage.differences` gives it.
    """
    parts = [
        f"{words} ({_first(mixed[key])})"
        for key, words in {
            "torch": "more than one version of torch",
            "device": "more than one kind of machine",
        }.items()
        if mixed[key]
    ]
    if not parts:
        return ""
    return (
        f"These tables come from {listed(parts)}, so differences between networks may be differences "
        "between those. Running Snakemake with --forceall makes all of them anew."
    )


def _first(names: Sequence[str], shown: int = 3) -> str:
    more = [f"and {len(names) - shown} more"] if len(names) > shown else []
    return ", ".join([*names[:shown], *more])


def _short(names: Sequence[str], shown: int = 3) -> list[str]:
    """The first of them and how many more there are, where these are two or more."""
    return [*names[:shown], f"{len(names) - shown} others"] if len(names) > shown + 1 else list(names)


def _names(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    return listed([labels[key] for key in cells["activation"]])


def _are(things: Sequence | pd.DataFrame) -> str:
    return "is" if len(things) == 1 else "are"


def _diverged(n_diverged: int, n: int) -> str:
    return f" ({n_diverged} of {n} diverged)" if n_diverged else ""


def _why_lacking(comparison: pd.DataFrame) -> str:
    """Why comparisons with the baseline cannot be made: one of the two never trained, or too few seeds did.

    Args:
        comparison: rows of that table, those of the baseline among them.
    """
    baseline = comparison[comparison["verdict"] == "baseline"].set_index("depth")["n_trained"]
    lacking = comparison[(comparison["verdict"] != "baseline") & (comparison["n_pairs"] < 2)]
    never = int(((lacking["n_trained"] == 0) | (lacking["depth"].map(baseline) == 0)).sum())
    none = f"0 of {int(comparison['n_seeds'].max())} seeds trained in one of the two"
    if never == len(lacking):
        return none
    return f"{LACKING}, in {never} of them {none}" if never else LACKING


def _accuracy(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """The highest mean of cells in which every seed trained, and whose it is."""
    means = pd.Series(statistics.without_noise(cells["mean"].astype(float)), cells.index)
    apart = cells[cells["runs_disagree"]]
    if means.isna().all():
        if len(cells) == 1 and len(apart):
            return f"test accuracy {interval(*apart.iloc[0][['min', 'max']])}"
        return f"test accuracy {'up to ' if len(cells) > 1 else ''}{percent(cells['max'].max())}"
    best = cells[means == means.max()]
    whose = "" if len(cells) == 1 else f"{_names(best, labels)} with the highest "
    of = "" if len(cells) == 1 else " of these,"
    text = f"{whose}mean test accuracy{of} {percent(means.max())}"
    text = f"{text} ({_certainty(best.iloc[0])})" if len(best) == 1 else text
    return text + (
        f", the runs of {_names(apart, labels)} lying too far apart for a mean" if len(apart) else ""
    )


def _certainty(cell: Mapping) -> str:
    """A mean's interval or its runs, and how many of these had not finished."""
    text = spread(cell)
    text = text if text.startswith("runs") else f"95{NBSP}% interval {text}"
    if cell["n_improving"]:
        text += f", {cell['n_improving']} of {cell['n_trained']} still improving"
    return text
