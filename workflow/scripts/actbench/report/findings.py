"""The sentence that a section opens with: what its tables say, with numbers and n, and no more.

Each is of one setting, but for those that say otherwise. `labels` is id to display text, `margin` up to which
a difference counts as none, and `folds` how many cross-validation has, 1 without it; with it the tables of
cells count seeds, each with all its folds.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.analysis import statistics
from actbench.figures.shown import layers
from actbench.report import gap_sentences, recipe_sentences
from actbench.report.numbers import (
    FEWEST,
    NBSP,
    count,
    ends,
    fixed,
    have,
    listed,
    networks,
    percent,
    some,
    span,
)
from actbench.report.verdict_sentences import counted

FEW = 6  # settings that are named one by one


def placed(text: str, settings: Sequence[str]) -> str:
    """The sentence with its setting before it, where there are several and this is the first of them."""
    return f"Setting “{next(iter(settings))}”: {text}" if text and len(settings) > 1 else text


def comparison(cells: pd.DataFrame, labels: Mapping[str, str], margin: float, folds: int = 1) -> str:
    """How many networks trained and how well, and how the comparisons with the baseline came out.

    Args:
        cells: the table `comparison`.
        labels, margin, folds: see the module.
    """
    n_trained, total, n = (
        int(cells["n_trained"].sum()),
        int(cells["n_seeds"].sum()),
        int(cells["n_seeds"].max()),
    )
    where = f" at {count(cells['depth'].nunique(), 'depth')}"
    if not n_trained:
        return f"Of {networks(total, folds)}{where}, none trained, so there are no accuracies to compare."
    n_diverged = int(cells["n_diverged"].sum())
    text = f"Of {networks(total, folds)}{where}, {n_trained} trained"
    text += f"{f' ({n_diverged} diverged)' if n_diverged else ''}{_levels(cells, labels)}"
    others = cells[cells["verdict"] != "baseline"]
    if n == 1:
        return f"{text} One seed gives no interval and no verdict."
    if others.empty:
        return f"{text} There is no other activation to compare with."
    baseline = labels[others["baseline"].iloc[0]]
    compared = f"{count(len(others), 'comparison')} with {baseline} (n = {n} seeds)"
    return f"{text} Of {compared}, {listed(counted(others, margin))}."


def pairs(rows: pd.DataFrame, margin: float, n_seeds: int) -> str:
    """How the comparisons of every two activations came out.

    Args:
        rows: the table `pairs`.
        margin: see the module.
        n_seeds: of the study.
    """
    if rows.empty:
        return "There is one activation, so there are no pairs."
    if n_seeds == 1:
        return f"One seed decides none of {count(len(rows), 'pair')}."
    judged = rows.assign(verdict=rows["verdict"].replace({"better": "different", "worse": "different"}))
    where = f" at {count(rows['depth'].nunique(), 'depth')}"
    verdicts = listed(counted(judged, margin, "compared"))
    return f"Of {count(len(rows), 'pair')}{where} (n = {n_seeds} seeds), {verdicts}."


def cross_validation(scores: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """The highest mean score at the ends of the depths, and how far folds lie apart.

    Args:
        scores: the table `cross_validation`.
        labels: see the module.
    """
    n_folds = sum(name.startswith("split") for name in scores)
    n = f"{n_folds} folds, n = {count(scores['seed'].nunique(), 'seed')}"
    if scores["mean_test_score"].isna().all():
        return f"Every activation diverged in some fold ({n})."
    parts = []
    for depth in sorted({scores["depth"].min(), scores["depth"].max()}):
        means = (
            scores[scores["depth"] == depth].groupby("activation", observed=True)["mean_test_score"].mean()
        )
        means = means.dropna()
        if means.empty:
            continue
        tied = pd.Series(statistics.without_noise(means), means.index)
        best = [labels[key] for key in labels if key in tied.index and tied[key] == tied.max()]
        parts.append(f"{percent(tied.max(), 2)} with {layers(int(depth))} ({some(best)})")
    spread = scores["std_test_score"].dropna()
    low, high = (fixed(100 * value, 2) for value in (spread.min(), spread.max()))
    apart = f"{low} points" if low == high else f"{low} to {high} points"
    highest = "The mean accuracy" if scores["activation"].nunique() == 1 else "The highest mean accuracy"
    return (
        f"{highest} over {n} is {listed(parts)}; the folds of one seed have a standard deviation of {apart}."
    )


def recipe(
    runs: pd.DataFrame,
    settings: Mapping[str, Mapping],
    attribution: pd.DataFrame | None,
    rates: pd.DataFrame | None,
    baseline: str,
    labels: Mapping[str, str],
) -> str:
    """Who trained with which setting, and whether differences to the baseline change; or what was tuned.

    Args:
        runs, attribution, rates: the tables of these names, of all settings; None where there is none.
        settings: the resolved ones by name.
        baseline: its label.
        labels: see the module.
    """
    if len(settings) == 1:
        text = "" if rates is None else recipe_sentences.tuned(rates, settings, labels)
        return text or "There is one setting, and no learning rate was chosen from several."
    if len(settings) <= FEW:
        text = recipe_sentences.trained_by_setting(runs, list(settings))
    else:
        counts = runs.groupby("setting", observed=True)["trained"].agg(["sum", "size"])
        of = count(int(counts["size"].iloc[0]), "network")
        text = (
            f"Of {of} in each setting ({_n(runs['seed'].nunique())}), {span(counts['sum'])} trained with the "
            f"{len(settings)} settings."
        )
    over = attribution[attribution["depth"].isna()] if attribution is not None else pd.DataFrame()
    if over.empty:
        return text
    found = over["verdict"].value_counts()
    if found.get("inconclusive") == len(over):
        whose = f" for all {len(over)}" if len(over) > 1 else ""
        return f"{text} Whether the setting changes the difference to {baseline} is inconclusive{whose}."
    words = {
        "setting": ("changes with the setting", "change with the setting"),
        "activation": ("does not change", "do not change"),
        "inconclusive": ("is inconclusive", "are inconclusive"),
    }
    parts = [f"{found[word]} {said[int(found[word] > 1)]}" for word, said in words.items() if found.get(word)]
    what = "the one difference" if len(over) == 1 else f"{len(over)} differences"
    return f"{text} Of {what} to {baseline}, {listed(parts)}."


def why(cells: pd.DataFrame) -> str:
    """In how many cells measured gradients of new networks lie near theory.

    Args:
        cells: see `theory_sentences`, of all settings.
    """
    both = cells[cells["predicted"].notna() & cells["measured"].notna()]
    if both.empty:
        return "No gradient that theory predicts could be compared with a measured one."
    gaps = (both["measured"] - both["predicted"]).abs()
    close = int((gaps <= gap_sentences.CLOSE).sum())
    return (
        "Before training, the gradient ratio (first over last layer) lies within "
        f"{gap_sentences.CLOSE:g} of theory (log10) in {close} of {count(len(both), 'cell')} "
        f"(n = {span(both['n'])}; largest gap {fixed(gaps.max(), 2)})."
    )


def depths(cells: pd.DataFrame, over_depths: pd.DataFrame, n_seeds: int, folds: int = 1) -> str:
    """How many networks trained at the first and the last depth, and how accuracy changes between them.

    Args:
        cells: the table `comparison`.
        over_depths: the table of that name.
        n_seeds: of the study.
        folds: see the module.
    """
    by_depth = cells.groupby("depth")[["n_trained", "n_seeds"]].sum()
    first, last = int(by_depth.index.min()), int(by_depth.index.max())
    if first == last:
        row = by_depth.loc[first].astype(int)
        of = networks(row["n_seeds"], folds)
        return f"There is one depth, {layers(first)}: {row['n_trained']} of {of} trained ({_n(n_seeds)})."
    counts = [by_depth.loc[depth].astype(int) for depth in (first, last)]
    text = (
        f"With {layers(first)} {counts[0]['n_trained']} of {networks(counts[0]['n_seeds'], folds)} trained, "
        f"with {layers(last)} {counts[1]['n_trained']} of {counts[1]['n_seeds']}."
    )
    if n_seeds == 1:
        return f"{text} One seed (n{NBSP}={NBSP}1) cannot say how accuracy changes."
    changes = over_depths[over_depths["measure"] == "accuracy_change"]
    known = changes[changes["ci_low"].notna() & (changes["n"] >= FEWEST)]
    if known.empty:
        text += f" No change of test accuracy between them has an interval of at least {FEWEST} seeds"
        text += f" ({_n(n_seeds)})."
    else:
        lower, higher = int((known["ci_high"] < 0).sum()), int((known["ci_low"] > 0).sum())
        undecided = len(known) - lower - higher
        text += (
            f" From {first} to {last} layers test accuracy falls for {lower or 'none'} and rises for "
            f"{higher or 'none'} of {count(len(known), 'activation')}"
        )
        text += f"; for {undecided} the interval of the change includes 0" if undecided else ""
        text += f" (each interval by itself, n{NBSP}={NBSP}{span(known['n'])} seeds that trained at both)."
    return text


def without_mean(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Whose runs disagree at the first or last depth though some trained at both, and their accuracies there.

    Args:
        cells: the table `comparison`.
        labels: see the module.
    """
    parts, depths = [], [cells["depth"].min(), cells["depth"].max()]
    for key, own in cells[cells["depth"].isin(depths)].groupby("activation", observed=True, sort=False):
        if own["runs_disagree"].any() and (own["n_trained"] > 0).all():
            accuracies = [
                ends(row["min"], row["max"], 0) for row in own.sort_values("depth").to_dict("records")
            ]
            parts.append(f"{labels[key]} ({listed(accuracies)})")
    return f"{some(parts)} {have(len(parts))} no mean at one of these depths." if parts else ""


def learning(runs: pd.DataFrame, cells: pd.DataFrame, max_epochs: int, folds: int = 1) -> str:
    """When networks were best, how many were still improving, and how many diverged.

    Args:
        runs: the table of that name.
        cells: the table `comparison`.
        max_epochs: that a network may take.
    """
    n_diverged = int((runs["status"] == "diverged").sum())
    trained = runs[runs["trained"].astype(bool)]
    of = f"{count(len(runs), 'network')} ({_n(int(cells['n_seeds'].max()))})"
    text = f"Of {of}, {len(trained)} trained and {n_diverged or 'none'} diverged"
    best = trained["best_epoch"].dropna().astype(int)
    if trained.empty:
        return f"{text}."
    if best.empty:
        return f"{text}; without validation data there is no best epoch."
    late, of = int(cells["n_improving"].sum()), int(cells["n_trained"].sum())
    whose = "" if folds == 1 else f" of {networks(of, folds)}"
    return (
        f"{text}. Of those that trained, the best epoch is {span(best)} (median {best.median():g}) of at "
        f"most {max_epochs}; {late or 'none'}{whose} {'was' if late == 1 else 'were'} still improving in "
        "the last tenth."
    )


def _n(seeds: int) -> str:
    return f"n{NBSP}={NBSP}{count(seeds, 'seed')}"


def _levels(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """The least and the largest mean accuracy (of one seed its own), and which trained cells have none."""
    one = cells["n_seeds"].max() == 1
    level = (cells["median"] if one else cells["mean"]).where(cells["n_trained"] > 0).astype(float)
    what, known = "test accuracies" if one else "mean test accuracies", level.dropna()
    text = ""
    if len(known):
        between = ends(known.min(), known.max())
        text = f", with {what} {'from' if ' to ' in between else 'of'} {between}"
    lacking = [
        f"{labels[row['activation']]} at depth {row['depth']} has no mean ({_runs(row)})"
        for row in cells[(cells["n_trained"] > 0) & level.isna()].to_dict("records")
    ]
    return f"{text}{f'; {some(lacking)}' if lacking else ''}."


def _runs(cell: Mapping) -> str:
    """The accuracies of a cell's trained networks: `45.0 to 74.0 %`, or that of the only one."""
    text = ends(cell["min"], cell["max"])
    return text if cell["n_trained"] > 1 else f"one trained, {text}"
