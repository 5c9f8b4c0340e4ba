"""Sentences with the study's numbers in them; they claim no more than the tables allow."""

from collections.abc import Mapping, Sequence

import pandas as pd

NBSP = "\N{NO-BREAK SPACE}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share as text, `97.3 %`; a dash where there is none."""
    return "–" if pd.isna(value) else f"{100 * value:.{digits}f}{NBSP}%"


def points(value: float | None, digits: int = 2) -> str:
    """A difference of shares in percentage points with its sign, and a true minus."""
    return "–" if pd.isna(value) else f"{100 * value:+.{digits}f}".replace("-", "−")


def interval(low: float | None, high: float | None, digits: int = 1) -> str:
    """An interval of shares, cut to what an accuracy can be: `96.9–97.7 %`."""
    if pd.isna(low) or pd.isna(high):
        return "–"
    return f"{100 * max(low, 0):.{digits}f}–{100 * min(high, 1):.{digits}f}{NBSP}%"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def layers(depth: int) -> str:
    """`1 hidden layer`, `4 hidden layers`."""
    return f"{depth} hidden layer" + ("" if depth == 1 else "s")


def outcome(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Which activations trained at one depth, always, sometimes or never, and how well the best did.

    Args:
        cells: the rows of the comparison table of one depth.
        labels: id to display text.
    """
    cells = cells.assign(label=cells["activation"].map(labels).astype(str))
    always = cells[cells["n_trained"] == cells["n_seeds"]].sort_values("mean", ascending=False)
    never = cells[cells["n_trained"] == 0]
    some = cells[(cells["n_trained"] > 0) & (cells["n_trained"] < cells["n_seeds"])]
    parts = [text for text in (_always(always), _sometimes(some), _never(never)) if text]
    depth = int(cells["depth"].iloc[0])
    return f"With {layers(depth)}, {'; '.join(parts)}."


def ranking(over_depths: pd.DataFrame, labels: Mapping[str, str], n_depths: int) -> str:
    """Which activation has the best average rank, with its interval, and which comes next.

    Empty where one seed gives no interval, or there is nothing to rank.

    Args:
        over_depths: the table of that name.
        labels: id to display text.
        n_depths: depths that the ranks were averaged over.
    """
    ranks = over_depths[(over_depths["measure"] == "rank") & over_depths["mean"].notna()]
    ranks = ranks.sort_values("mean", kind="stable")
    if len(ranks) < 2:
        return ""
    top, best, k = ranks["mean"].iloc[0], ranks[ranks["mean"] == ranks["mean"].iloc[0]], len(ranks)
    low, high = max(best["ci_low"].iloc[0], 1), min(best["ci_high"].iloc[0], k)
    where = f" over {n_depths} depths" if n_depths > 1 else ""
    verb = "has" if len(best) == 1 else "share"
    text = (
        f"{_names(best, labels)} {verb} the best average rank{where}, {top:.1f} of {k} "
        f"(95{NBSP}% interval {low:.1f}–{high:.1f}, n = {int(best['n'].iloc[0])} seeds)"
    )
    if len(best) < k:
        second = ranks.iloc[len(best)]
        text += f"; next comes {labels[second['activation']]} with {second['mean']:.1f}"
    return text + "."


def decided(comparison: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """How many comparisons with the baseline have a verdict, and which."""
    others = comparison[comparison["verdict"] != "baseline"]
    if others.empty:
        return ""
    baseline = labels[others["baseline"].iloc[0]]
    settled = others[others["verdict"] != "undecided"]
    total = f"{len(others)} comparisons with {baseline}"
    if settled.empty:
        what = f"any of the {total}" if len(others) > 1 else f"the comparison with {baseline}"
        return f"There are not enough seeds to decide {what}."
    parts = []
    for word in ("better", "equivalent", "worse"):
        chosen = settled[settled["verdict"] == word]
        by_name = chosen.groupby("activation", observed=True, sort=False)["depth"].apply(sorted)
        named = [f"{labels[key]} (depth {listed(list(map(str, depths)))})" for key, depths in by_name.items()]
        if named:
            parts.append(f"{listed(named)} {'is' if len(named) == 1 else 'are'} {word}")
    if len(others) == 1:
        return f"The comparison with {baseline} is decided: {parts[0]}."
    verb = "is" if len(settled) == 1 else "are"
    text = f"Of the {total}, {len(settled)} {verb} decided: {'; '.join(parts)}"
    return text + ("." if len(settled) == len(others) else "; for the others there are not enough seeds.")


def settle(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """About how many seeds that train in both would settle each undecided comparison of one depth."""
    undecided = cells[(cells["verdict"] == "undecided") & (cells["n_pairs"] > 1)]
    if undecided.empty:
        return ""
    known = undecided[undecided["seeds_to_settle"].notna()].sort_values("seeds_to_settle", kind="stable")
    never = undecided[undecided["seeds_to_settle"].isna()]
    parts = [f"{int(row.seeds_to_settle)} for {labels[row.activation]}" for row in known.itertuples()]
    if len(never):
        parts.append(f"more than 1,000 for {_names(never, labels)}")
    return (
        "To decide in four of five studies, the measured spread asks for this many seeds that train in both: "
        f"{listed(parts)}."
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
    if not any(row["n_pairs"] for row in rows):
        return f"{first} and {second} have no pairs of seeds to compare; they stand side by side."
    parts = []
    for word, text in (("better", "better"), ("worse", "worse"), ("equivalent", "equivalent")):
        chosen = [f"{labels[r['activation']]} (depth {r['depth']})" for r in rows if r["verdict"] == word]
        if chosen:
            parts.append(f"{text} for {listed(chosen)}")
    open_ = sum(row["verdict"] == "undecided" for row in rows)
    if not parts:
        return f"There are not enough seeds to decide between {first} and {second} anywhere."
    text = f"Against {first}, {second} is {'; '.join(parts)}"
    return text + (f"; {open_} of {len(rows)} are undecided." if open_ else ".")


def depth_effect(over_depths: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """What each further layer does to accuracy and to dead units, as far as the intervals leave out 0."""
    words = {
        "accuracy_per_layer": ("Test accuracy", "falls", "rises"),
        "dead_per_layer_trained": ("The share of dead units after training", "falls", "grows"),
    }
    found = []
    for measure, (what, down, up) in words.items():
        rows = over_depths[(over_depths["measure"] == measure) & over_depths["mean"].notna()]
        parts = []
        for verb, chosen in ((down, rows[rows["ci_high"] < 0]), (up, rows[rows["ci_low"] > 0])):
            named = [f"{labels[row.activation]} ({points(row.mean)} points)" for row in chosen.itertuples()]
            if named:
                parts.append(f"{verb} with each layer for {listed(named)}")
        if parts:
            found.append(f"{what} {' and '.join(parts)}.")
        elif len(rows):
            found.append(f"{what} has no slope over depth that the seeds are sure of.")
    return found


def gradient_decay(decay: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Whose back-propagated signal fades most and least towards the input, in the deepest untrained networks.

    Empty where fewer than two activations have a mean slope.

    Args:
        decay: the table of that name.
        labels: id to display text.
    """
    chosen = (decay["tensor"] == "preactivation") & (decay["checkpoint"] == "init")
    rows = decay[chosen & (decay["measure"] == "slope") & decay["mean"].notna()]
    rows = rows[rows["depth"] == rows["depth"].max()].sort_values("mean", kind="stable")
    if len(rows) < 2:
        return ""
    least, most = (
        f"{labels[row.activation]} ({10**row.mean:.2g}×)" for row in rows.iloc[[0, -1]].itertuples()
    )
    where = f"At initialisation, with {layers(int(rows['depth'].iloc[0]))}"
    return (
        f"{where}, the back-propagated signal shrinks from layer to layer towards the input most for {most} "
        f"and least for {least}."
    )


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
            verb = "is" if len(chosen) == 1 else "are"
            parts.append(f"{_names(chosen, labels)} {verb} {text} {baseline}")
    undecided = compared[compared["verdict"] == "undecided"]
    if len(undecided):
        parts.append(f"the seeds do not decide between {baseline} and {_names(undecided, labels)}")
    if len(lacking):
        why = f"fewer than two seeds trained both it and {baseline}"
        parts.append(f"{_names(lacking, labels)} cannot be compared: {why}")
    text = "; ".join(parts)
    return ("The" + text[3:] if text.startswith("the seeds") else text) + "."


def cross_validation(scores: pd.DataFrame, labels: Mapping[str, str], depth: int) -> str:
    """Which activation has the highest mean score over the folds, and why that alone decides nothing.

    Args:
        scores: the rows of the table `cross_validation` of one depth.
        labels: id to display text.
        depth: hidden layers.
    """
    means = scores.groupby("activation", observed=True)[["mean_test_score", "std_test_score"]].mean()
    means = means.dropna().sort_values("mean_test_score", ascending=False)
    n_folds = sum(name.startswith("split") for name in scores)
    what = f"In {n_folds}-fold cross-validation with {layers(depth)}"
    if means.empty:
        return f"{what}, every activation diverged in some fold."
    best = means["mean_test_score"].iloc[0]
    first = [labels[key] for key in means.index[means["mean_test_score"] == best]]
    others = [f"{labels[key]} {percent(mean, 2)}" for key, mean in means["mean_test_score"].items()]
    verb, spread = "has" if len(first) == 1 else "share", 100 * means["std_test_score"].iloc[0]
    text = (
        f"{what}, {listed(first)} {verb} the highest mean accuracy, {percent(best, 2)} "
        f"(standard deviation over the folds {spread:.2f} points)"
    )
    return text + (f"; {listed(others[len(first) :])}." if others[len(first) :] else ".")


def smallest_p(n_pairs: int, family: int = 1) -> str:
    """Which p values n pairs can reach by sign flips, alone and adjusted for a family of comparisons."""
    if n_pairs < 2:
        return "One seed gives no p value and no interval: add seeds to learn how sure one can be."
    smallest = 2 / 2**n_pairs
    text = f"With {n_pairs} shared seeds the smallest two-sided sign-flip p that can occur is {smallest:.2g}"
    if family > 1:
        text += f", and after Holm's adjustment for {family} comparisons {min(1, family * smallest):.2g}"
    return f"{text}; p is shown beside the verdict and not used for it."


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


def _always(cells: pd.DataFrame) -> str:
    if cells.empty:
        return ""
    best, n = cells.iloc[0], int(cells["n_seeds"].iloc[0])
    text = f"{listed(list(cells['label']))} trained in {'the one run' if n == 1 else f'all {n} runs'}"
    if pd.isna(best["mean"]):
        return f"{text}, up to {percent(cells['max'].max())} test accuracy"
    lead = (
        "mean test accuracy" if len(cells) == 1 else f"{best['label']} with the highest mean test accuracy,"
    )
    certain = f"95{NBSP}% interval {interval(best['ci_low'], best['ci_high'])}"
    return f"{text}, {lead} {percent(best['mean'])} ({certain})"


def _sometimes(cells: pd.DataFrame) -> str:
    named = []
    for row in cells.itertuples():
        left = row.n_seeds - row.n_trained - row.n_diverged
        why = [f"{left} never left chance"] if left else []
        why += [f"{row.n_diverged} diverged"] if row.n_diverged else []
        named.append(f"{row.label} in {row.n_trained} of {row.n_seeds} runs ({', '.join(why)})")
    return listed(named) if named else ""


def _never(cells: pd.DataFrame) -> str:
    if cells.empty:
        return ""
    diverged = int(cells["n_diverged"].sum())
    text = f"{listed(list(cells['label']))} never trained"
    return f"{text} ({diverged} runs diverged)" if diverged else text
