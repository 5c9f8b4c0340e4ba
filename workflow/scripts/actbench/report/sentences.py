"""Sentences with the study's numbers in them; they claim no more than the tables allow."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.analysis import comparisons, statistics
from actbench.figures.shown import layers
from actbench.report.numbers import (
    NBSP,
    VERDICT_COLUMNS,
    count,
    fixed,
    interval,
    listed,
    percent,
    significant,
    some,
    span,
    spread,
    verdict,
)

LACKING = "fewer than two seeds trained in both"
MANY = 4  # activations that are counted rather than named


def outcome(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """From how many seeds each activation trained at one depth, and how well the best of the reliable did.

    Args:
        cells: the rows of the comparison table of one depth.
        labels: id to display text.
    """
    n = int(cells["n_seeds"].iloc[0])
    always, parts = cells[cells["n_trained"] == n], []
    counts = list(zip(*(cells[name] for name in ("activation", "n_trained", "n_diverged")), strict=True))
    never = [(labels[key], n_diverged) for key, n_trained, n_diverged in counts if not n_trained]
    if len(always):
        every = {1: "the one seed", 2: "both seeds"}.get(n, f"all {n} seeds")
        names = _names(always, labels)
        if len(always) == len(cells) >= MANY:
            names = f"all {len(cells)} activations"
        elif len(always) > 2 * MANY:
            names = f"{len(always)} of {len(cells)} activations"
        parts.append((names, f"from {every}, {_accuracy(always, labels)}"))
    for key, n_trained, n_diverged in counts:
        if 0 < n_trained < n:
            seeds = f"{n}" if parts else count(n, "seed")
            parts.append((labels[key], f"from {n_trained} of {seeds}{_diverged(n_diverged, n)}"))
    if never:
        seeds = f"{n}" if parts else count(n, "seed")
        n_networks = n * len(never)
        of = f"{n_networks} networks" if len(never) > 1 else n_networks
        diverged = _diverged(sum(n_diverged for _, n_diverged in never), of)
        parts.append((listed([name for name, _ in never]), f"from 0 of {seeds}{diverged}"))
    (first, how), *others = parts
    text = "; ".join([f"{first} trained {how}", *(f"{names} {how}" for names, how in others)])
    return f"With {layers(int(cells['depth'].iloc[0]))}, {text}."


def required_seeds(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """About how many seeds that train in both each inconclusive comparison of one depth requires."""
    inconclusive = cells[(cells["verdict"] == "inconclusive") & cells["difference_low"].notna()]
    if inconclusive.empty:
        return ""
    required = list(zip(inconclusive["required_seeds"], inconclusive["activation"], strict=True))
    known = sorted(((n, key) for n, key in required if pd.notna(n)), key=lambda one: one[0])
    never = [key for n, key in required if pd.isna(n)]
    parts = [f"{int(n)} for {labels[key]}" for n, key in known]
    texts = [some(parts)] if parts else []
    if never:
        names = some([labels[key] for key in never])
        texts.append(f"no number up to {comparisons.MOST_SEEDS:,} for {names}")
    return (
        "Were the measured differences and spreads the true ones, four of five studies would decide with "
        f"this many seeds that train in both: {'; '.join(texts)}."
    )


def depth_effect(
    over_depths: pd.DataFrame, labels: Mapping[str, str], depths: Sequence[int]
) -> dict[str, str]:
    """How accuracy and the share of dead units differ between the first and the last depth.

    Only of activations whose interval is of three seeds or more and leaves out 0, which is said; no claim
    about the depths between. Keys as in `trends`.
    """
    words = {
        "accuracy": ("test accuracy", "lower", "higher", 2),
        "dead_trained": (
            "the share of dead units after training (networks that did not diverge, trained or not)",
            "smaller",
            "larger",
            1,
        ),
    }
    table = over_depths.set_index(["activation", "measure"])
    known, found = over_depths["ci_low"].notna() & (over_depths["n"] >= statistics.FEWEST), {}
    for measure, (what, less, more, digits) in words.items():
        rows = over_depths[(over_depths["measure"] == f"{measure}_change") & known]
        parts = []
        for word, chosen in ((less, rows[rows["ci_high"] < 0]), (more, rows[rows["ci_low"] > 0])):
            named = []
            for key in chosen["activation"]:
                first, last = (table.loc[(key, f"{measure}_{end}"), "mean"] for end in ("first", "last"))
                change = table.loc[(key, f"{measure}_change")]
                named.append(
                    f"{labels[key]} ({percent(last, digits)} instead of {percent(first, digits)}, by "
                    f"{_size(change['ci_low'], change['ci_high'], digits)}, n = {int(change['n'])})"
                )
            if named:
                parts.append(f"{word} for {listed(named)}")
        if parts:
            found[measure] = (
                f"With {layers(depths[-1])} instead of {depths[0]}, {what} is {' and '.join(parts)}; "
                f"95{NBSP}% intervals, each by itself."
            )
        elif len(rows):
            found[measure] = (
                f"For no activation is {what} with {layers(depths[-1])} told from that with {depths[0]}: "
                f"each 95{NBSP}% interval of the change includes 0."
            )
    return found


def _size(low: float, high: float, digits: int) -> str:
    """How large a change of shares is whose interval leaves out 0; it cannot be more than 100 points."""
    least, most = sorted(abs(100 * end) for end in (low, high))
    if most > 100:
        return f"at least {fixed(least, digits)} points"
    return f"{fixed(least, digits)} to {fixed(most, digits)} points"


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
        f"{significant(10**-row.mean)} ({labels[row.activation]})" for row in known.iloc[[0, -1]].itertuples()
    )
    without = rows[rows["mean"].isna()]
    text = (
        f"At initialisation, with {layers(int(rows['depth'].iloc[0]))}, the back-propagated signal "
        f"is multiplied, on average over the layers, by {least} to {most} a layer towards the input (n = "
        f"{span(known['n'])} seeds)"
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
    named: dict[str, list[str]] = {}
    for row in others[["activation", *VERDICT_COLUMNS]].to_dict("records"):
        word = verdict(row) if row["n_pairs"] > 1 else LACKING
        named.setdefault(word, []).append(labels[row["activation"]])
    parts = []
    for word, text in {"better": "better than", "worse": "worse than", "equivalent": "equivalent to"}.items():
        if names := named.get(word):
            parts.append(f"{listed(names)} {_are(names)} {text} {baseline}")
    for word in ("better", "worse"):
        if names := named.get(f"{word}?"):
            open_ = "whether by more than the margin is open"
            parts.append(f"{listed(names)} {_are(names)} {word} than {baseline}, but {open_}")
    if names := named.get("runs disagree"):
        parts.append(f"{listed(names)} cannot be compared with {baseline} by means: runs lie too far apart")
    if names := named.get("inconclusive"):
        what = f"{'The' if not parts else 'the'} comparison{'' if len(names) == 1 else 's'}"
        parts.append(f"{what} of {some(names)} with {baseline} {_are(names)} inconclusive")
    if names := named.get(LACKING):
        parts.append(f"{listed(names)} cannot be compared with {baseline}: {_why_lacking(cells)}")
    return "; ".join(parts) + "."


def smallest_p(n_seeds: int, family: int = 1) -> str:
    """Which p values n seeds can reach by sign flips, alone and adjusted for a family of comparisons."""
    if n_seeds < 2:
        return "One seed gives no p value and no interval: add seeds to learn how sure one can be."
    smallest, exact = comparisons.smallest_p(n_seeds), n_seeds <= comparisons.EXACT_PAIRS
    text = f"The smallest two-sided sign-flip p of {n_seeds} pairs is {significant(smallest)}"
    if not exact:
        text += f" ({comparisons.RANDOM_FLIPS:,} random flips)"
    if family > 1:
        text += (
            f", and {significant(min(1, family * smallest))} after Holm's adjustment for {family} comparisons"
        )
    return (
        f"{text}{'; of fewer pairs it is larger' if exact else ''}. p is shown beside the verdict and not "
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


def _names(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    return listed([labels[key] for key in cells["activation"]])


def _are(things: Sequence | pd.DataFrame) -> str:
    return "is" if len(things) == 1 else "are"


def _diverged(n_diverged: int, n: int | str) -> str:
    return f" ({n_diverged} of {n} diverged)" if n_diverged else ""


def _why_lacking(comparison: pd.DataFrame) -> str:
    """Why comparisons with the baseline cannot be made: one of the two never trained, or too few seeds did.

    Args:
        comparison: rows of that table, those of the baseline among them.
    """
    baseline = comparison[comparison["verdict"] == "baseline"].set_index("depth")["n_trained"]
    lacking = comparison[(comparison["verdict"] != "baseline") & (comparison["n_pairs"] < 2)]
    never = int(((lacking["n_trained"] == 0) | (lacking["depth"].map(baseline) == 0)).sum())
    none = f"0 of {count(int(comparison['n_seeds'].max()), 'seed')} trained in one of the two"
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
