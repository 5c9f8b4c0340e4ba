"""Sentences on what a study leaves to be tried: comparisons without a verdict, rates, what did not train.

Keys of the config stand in backticks. `labels` is id to display text, `settings` the resolved ones by name,
the reference first; `rates`, `tuning` and `comparison` are the tables of these names, of all settings.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.analysis import statistics
from actbench.report.numbers import NBSP, be, clause, count, have, n_points, some, span, verdicts
from actbench.report.search_sentences import CELL, SEARCH, Later, candidates, edges, places
from actbench.study import grid


def finding(
    comparison: pd.DataFrame, needed: Sequence[int], baseline: str, shares: pd.DataFrame | None = None
) -> str:
    """How many comparisons are undecided, how many seeds would decide them, and which have no difference.

    Args:
        comparison: the table of that name, of one setting.
        needed: seeds that undecided ones need, of those that need no more than can be counted.
        baseline: its label.
        shares: the table of that name, of the same setting, which may say who trained more often.
    """
    others = comparison[comparison["verdict"] != "baseline"]
    n = len(others)
    if not n:
        return "1 activation is compared with no other."
    if comparison["n_seeds"].max() < 2:
        return f"{count(n, 'comparison')} with {baseline} cannot be made from one seed."
    found = verdicts(others)
    lacking = found["–"] + found["runs disagree"]
    left = found["inconclusive"] + found["better?"] + found["worse?"]
    seeds = f"n{NBSP}={NBSP}{int(comparison['n_seeds'].max())} seeds"
    which = f"{left or n - lacking} of {n} comparisons" if n > 1 else "The 1 comparison"
    if n > 1 and not left and not lacking:
        which = f"All {n} comparisons"
    if left or n > lacking:
        state = "undecided" if left else "decided"
        text = f"{which} with {baseline} {be(left or n - lacking)} {state} by {seeds}"
        if needed:
            whose = "that one" if len(needed) == left == 1 else f"{len(needed)} of them"
            text += f"; about {span(needed)} seeds would decide {whose}, were the differences as measured"
    else:
        text = (
            f"{which} with {baseline} cannot be made from {seeds}"
            if n == 1
            else f"No comparison with {baseline} can be made from {seeds}"
        )
    if not lacking:
        return f"{text}."
    why = [word for word, key in (("too few trained", "–"), ("runs disagree", "runs disagree")) if found[key]]
    more = " more" if lacking < n else ""
    text += f". {lacking}{more} {have(lacking)} no difference of means ({' or '.join(why)})"
    text += ": more seeds alone may not change that"
    if told := _who_trained(others, shares):
        text += f"; who trained decides {told if told < lacking else 'all of them' if told > 1 else 'it'}"
    return f"{text}."


def _who_trained(others: pd.DataFrame, shares: pd.DataFrame | None) -> int:
    """Of how many comparisons without a difference it is decided who trained more often."""
    if shares is None or shares.empty:
        return 0
    decided = shares[shares["verdict"].isin(["more", "fewer"])]
    told = set(zip(decided["activation"].astype(str), decided["depth"], strict=True))
    none = others[others["difference"].isna()]
    return sum(place in told for place in zip(none["activation"].astype(str), none["depth"], strict=True))


def likely(difference: float, margin: float) -> str:
    """The verdict that a comparison would have from enough seeds, were the difference as measured."""
    if abs(difference) <= margin + statistics.NOISE:
        return "equivalent"
    return "better" if difference > 0 else "worse"


def to_try(
    comparison: pd.DataFrame,
    rates: pd.DataFrame | None,
    tuning: pd.DataFrame | None,
    later: Mapping[tuple[str, int, str], Later],
    settings: Mapping[str, Mapping],
    labels: Mapping[str, str],
    margin: float,
) -> list[str]:
    """What may be tried of networks that diverged late, of rates at an edge and of what did not train.

    Args:
        comparison, rates, tuning, settings, labels: see the module.
        later: see `search_sentences.later`.
        margin: up to which a difference counts as none.
    """
    found = [_late(later, rates, tuning, settings, labels, margin)]
    if rates is not None and (at_edge := edges(rates, labels)):
        found.append(
            f"The chosen rate is the least or the largest candidate ({at_edge}): a wider "
            "`tuning.learning_rate` may hold a better one."
        )
    found.append(_untrained(comparison, rates, settings, labels))
    return [text for text in found if text]


def _late(
    later: Mapping[tuple[str, int, str], Later],
    rates: pd.DataFrame | None,
    tuning: pd.DataFrame | None,
    settings: Mapping[str, Mapping],
    labels: Mapping[str, str],
    margin: float,
) -> str:
    """Which networks diverged with a rate that had trained in the search, and what would have shown it."""
    if not later:
        return ""
    near = {place: rate for place, rate in _smaller(rates, tuning, margin).items() if place in later}
    names = []
    for place, one in later.items():
        key, depth, setting = place
        where = f"{labels[key]}, depth {depth}{f', “{setting}”' if len(settings) > 1 else ''}"
        beside = f"; {near[place]:g} scored within {n_points(margin)} of it" if place in near else ""
        names.append(f"{where} ({one.n_diverged} of {one.n} with {span_of(one.rates)}{beside})")
    text = f"Diverged in training with a rate that had trained in the search: {some(names)}."
    if any(max(one.epochs) > one.searched for one in later.values()):
        text += " `tuning.max_epochs: null` searches as long as training."
    else:
        text += " A larger `tuning.seeds` would see this more often."
    if len(later) == 1 and near and all(one.n_diverged == one.n for one in later.values()):
        text += f" `training.learning_rate: {next(iter(near.values())):g}` gives that rate to all."
    return text


def span_of(rates: Sequence[float]) -> str:
    """`0.1`, or of several folds `0.03 to 0.1`."""
    return " to ".join(f"{rate:g}" for rate in dict.fromkeys([min(rates), max(rates)]))


def _smaller(rates: pd.DataFrame | None, tuning: pd.DataFrame | None, margin: float) -> dict[tuple, float]:
    """By cell the largest candidate below the chosen rate that scored within the margin; without folds."""
    if rates is None or tuning is None or rates["fold"].nunique() > 1:
        return {}
    text = {"activation": str, "setting": str}
    means = (
        tuning.astype(text).groupby([*SEARCH, "learning_rate"])["score"].mean().rename("mean").reset_index()
    )
    chosen = rates.astype(text)[[*SEARCH, "learning_rate", "score"]].rename(
        columns={"learning_rate": "chosen"}
    )
    both = means.merge(chosen, on=SEARCH)
    near = both[
        (both["learning_rate"] < both["chosen"]) & (both["mean"] >= both["score"] - margin - statistics.NOISE)
    ]
    return near.groupby(CELL)["learning_rate"].max().to_dict()


def _untrained(
    comparison: pd.DataFrame,
    rates: pd.DataFrame | None,
    settings: Mapping[str, Mapping],
    labels: Mapping[str, str],
) -> str:
    """Cells of the first setting that lost networks and whose rate was not found, and what may train them."""
    first, setting = next(iter(settings.items()))
    text = comparison.astype({"activation": str, "setting": str})
    own = text[(text["setting"] == first) & (text["n_trained"] < text["n_seeds"])]
    several = comparison["depth"].nunique() > 1
    if len(candidates(setting)) > 1 and rates is not None:
        n = rates.astype({"activation": str, "setting": str}).groupby(CELL)["n_trained"].sum()
        unseen = [n.get((row.activation, row.depth, first), 1) == 0 for row in own.itertuples()]
        own = own[unseen]
        form = "No network with the chosen rate trained in the search of {}"
    elif setting["training"]["learning_rate"] != grid.TUNED:
        form = "The one learning rate of all did not train each network of {}"
    else:
        return ""
    if own.empty:
        return ""
    said = form.format(places(own, labels, several))
    said = f"With “{first}” {clause(said)}" if len(settings) > 1 else said
    keys = set(zip(own["activation"], own["depth"], strict=True))
    better = {}
    for name in list(settings)[1:]:
        rows = text[(text["setting"] == name) & (text["n_trained"] == text["n_seeds"])]
        better[name] = sum(place in keys for place in zip(rows["activation"], rows["depth"], strict=True))
    best = max(better, key=better.get, default="")
    if best and better[best]:
        of = f"{better[best]} of these {len(own)} cells" if len(own) > 1 else "it"
        return f"{said}: with “{best}” {of} trained from every seed."
    if len(candidates(setting)) < 2:
        return f"{said}: `training.learning_rate: tuned` searches a rate for each."
    network = setting["network"]
    tried = {one["network"].get("initialisation") for one in settings.values()}
    if network.get("family") == "mlp" and "critical" not in tried:
        return f"{said}: `network.initialisation: critical` has not been tried here."
    return f"{said}: a wider or longer search (`tuning.learning_rate`, `tuning.max_epochs`) may find one."
