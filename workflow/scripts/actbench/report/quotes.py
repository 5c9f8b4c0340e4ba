"""One sentence a verdict, as a paper can quote it: difference, interval, n, p and correction."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from actbench.analysis import comparisons
from actbench.figures.shown import layers
from actbench.report import numbers
from actbench.report.section import Study
from actbench.study import grid

WORDS = {"better": "was better than", "worse": "was worse than"}


class About(NamedTuple):
    """What the comparisons of a study have in common.

    Args:
        study, dataset: their names.
        baseline: its label.
        setting: of the rows; empty where the study names none.
        n_seeds: that were trained for each activation and depth.
        n_folds: of each seed, 1 without cross-validation.
        n_comparisons: for which intervals and p values are adjusted.
        margin: of equivalence, a share.
        n_test: examples that a network is tested on.
    """

    study: str
    dataset: str
    baseline: str
    setting: str
    n_seeds: int
    n_folds: int
    n_comparisons: int
    margin: float
    n_test: int


def about(study: Study) -> About:
    """That of a study."""
    config, shared = study.config, study.shared()
    every = study.every.get("comparison", study.comparison)
    return About(
        study=config["study"],
        dataset=shared["dataset"],
        baseline=shared["baseline"],
        setting=next(iter(config["settings"])) if grid.is_named(config) else "",
        n_seeds=shared["n_seeds"],
        n_folds=shared["folds"],
        n_comparisons=int((every["verdict"] != "baseline").sum()),
        margin=config["report"]["equivalence"],
        n_test=study.images["tested"],
    )


def of(
    comparison: pd.DataFrame, labels: Mapping[str, str], known: About, shares: pd.DataFrame | None = None
) -> list[str]:
    """A sentence for each comparison with the baseline, in the order of the rows.

    Args:
        comparison: the table of that name.
        labels: id to display text.
        known: what the sentences share.
        shares: the table of that name, for comparisons that only who trained can decide.
    """
    trained = {} if shares is None else {(row.activation, row.depth): row for row in shares.itertuples()}
    baselines = comparison[comparison["verdict"] == "baseline"].set_index("depth").to_dict("index")
    others = comparison[comparison["verdict"] != "baseline"].to_dict("records")
    return [
        _sentence(row, baselines.get(row["depth"]), labels[row["activation"]], known)
        + _who_trained(row, trained.get((row["activation"], row["depth"])), known)
        for row in others
    ]


def _who_trained(row: Mapping, share: tuple | None, known: About) -> str:
    """The test of who trained, where nothing else can be tested."""
    if share is None or (row["n_pairs"] > 1 and pd.notna(row["difference"])):
        return ""
    change = numbers.change(share.difference_low, share.difference_high, 0)
    family = known.n_comparisons
    held = f", Bonferroni for {family} comparisons" if family > 1 else ""
    adjusted = f", Holm-adjusted {share.p_holm:.2g}" if family > 1 else ""
    return (
        f" Difference in the share that trained: {numbers.points(share.difference, 0)} points "
        f"(Newcombe's 95 % interval {change}{held}; n = {share.n_seeds} paired seeds; exact McNemar p = "
        f"{share.p_mcnemar:.2g}{adjusted})."
    )


def _sentence(row: Mapping, base: Mapping | None, label: str, known: About) -> str:
    where = f"With {layers(row['depth'])} on {known.dataset}"
    where += f" (setting {known.setting})" if known.setting else ""
    trained = f"{label} trained with {row['n_trained']} of {row['n_seeds']} seeds"
    if base is not None:
        trained += f" and {known.baseline} with {base['n_trained']} of {base['n_seeds']}"
    if row["n_pairs"] < 2:
        few = "no seed" if row["n_pairs"] == 0 else "only one seed"
        return f"{where}, {trained}; {few} trained in both, so their accuracies are not compared."
    if pd.isna(row["difference"]):
        return (
            f"{where}, {trained}; no mean difference is given, because runs of one of them lie more than "
            "25 points apart."
        )
    return (
        f"{where}, {_verdict(row, label, known)}: {_evidence(row, known)}.{_caveats(row, base, label, known)}"
    )


def _verdict(row: Mapping, label: str, known: About) -> str:
    margin = f"{100 * known.margin:g} point{'' if known.margin == 0.01 else 's'}"
    if row["verdict"] in WORDS:
        beyond = f" by more than {margin}" if known.margin else ""
        return f"{label} {WORDS[row['verdict']]} {known.baseline}{beyond}"
    if row["verdict"] == "equivalent":
        return f"{label} was equivalent to {known.baseline} within ±{margin}"
    return f"{label} and {known.baseline} could not be told apart"


def _evidence(row: Mapping, known: About) -> str:
    change = numbers.change(row["difference_low"], row["difference_high"])
    family = known.n_comparisons
    held = f", Bonferroni for {family} comparisons" if family > 1 else ""
    interval = "no interval within ±100 points" if change == "–" else f"95 % interval {change}{held}"
    exact = row["n_pairs"] <= comparisons.EXACT_PAIRS
    p = f"{'exact ' if exact else ''}sign-flip p = {row['p_sign_flip']:.2g}"
    adjusted = f", Holm-adjusted {row['p_holm']:.2g}" if family > 1 else ""
    folds = f", each the mean of {known.n_folds} folds" if known.n_folds > 1 else ""
    return (
        f"mean difference in test accuracy {numbers.points(row['difference'])} points ({interval}; "
        f"n = {row['n_pairs']} paired seeds{folds}; {p}{adjusted})"
    )


def _caveats(row: Mapping, base: Mapping | None, label: str, known: About) -> str:
    """What a reader of the sentence must know too."""
    found = []
    if row["verdict"] in WORDS and row["p_holm"] > 0.05:
        found.append(
            "The verdict rests on the interval, which takes differences as normal; p does not support it."
        )
    sides = [(label, row), *([(known.baseline, base)] if base is not None else [])]
    lost = [f"{name} {side['n_trained']}" for name, side in sides if side["n_trained"] < side["n_seeds"]]
    if lost:
        found.append(f"Only seeds that trained count (of {known.n_seeds}: {numbers.listed(lost)}).")
    late = [f"{side['n_improving']} of {name}" for name, side in sides if side.get("n_improving", 0) > 0]
    if late:
        found.append(f"Still improving at the end: {numbers.listed(late)}.")
    return "".join(f" {text}" for text in found)
