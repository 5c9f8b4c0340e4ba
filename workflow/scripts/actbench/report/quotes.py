"""Sentences as a paper can quote them: of a comparison verdict, difference, interval, n, p and correction."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from actbench.analysis import comparisons
from actbench.figures.shown import layers
from actbench.report import identical, numbers, search_sentences, share_sentences, table_notes
from actbench.report.section import Study
from actbench.report.verdict_sentences import why
from actbench.study import grid

NOTHING = "There is no comparison to quote: it needs two seeds and an activation beside the baseline."
SAME = "No finding: the runs of both are the same in every loss and accuracy, as those of one function"
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
        later: by label, depth and setting what is to be said of networks that diverged with a rate that had
            trained in tuning, see `search_sentences.Later`.
        same: by depth and setting the labels whose runs are the same there, see `identical.by_place`.
        recipe, criterion, parameters: for tables, see `table_notes`.
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
    later: Mapping[tuple[str, int, str], str] = MappingProxyType({})
    same: Mapping[tuple[int, str], Sequence[Sequence[str]]] = MappingProxyType({})
    recipe: str = ""
    criterion: str = ""
    parameters: Sequence[str] = ()

    @property
    def tested(self) -> str:
        """What every network is tested on: `300 test examples`."""
        return numbers.count(self.n_test, "test example")

    @property
    def points(self) -> str:
        """The margin: `1 point`, `0.5 points`."""
        return numbers.n_points(self.margin)

    def is_same(self, row: Mapping, names: Sequence[str]) -> bool:
        """Whether these activations have the same runs at the row's depth."""
        return any({*names} <= {*alike} for alike in self.same.get((row["depth"], self.setting), ()))

    def tuned(self, row: Mapping, names: Sequence[str]) -> str:
        """That networks of these activations diverged with a rate that had trained in tuning."""
        found = (self.later.get((name, row["depth"], self.setting), "") for name in names)
        return "".join(f" {text}" for text in found if text)


def about(study: Study) -> About:
    """That of a study."""
    config, shared = study.config, study.shared()
    every = study.every.get("comparison", study.comparison)
    later, several = study.once(search_sentences.of_study), len(config["settings"]) > 1
    only = next(iter(config["settings"])) if grid.is_named(config) else ""
    return About(
        study=config["study"],
        dataset=shared["dataset"],
        baseline=shared["baseline"],
        setting=only,
        n_seeds=shared["n_seeds"],
        n_folds=shared["folds"],
        n_comparisons=int((every["verdict"] != "baseline").sum()),
        margin=config["report"]["equivalence"],
        n_test=study.images["tested"],
        later={
            (study.labels[key], depth, setting if several else name): found.quote(study.labels[key])
            for (key, depth, setting), found in later.items()
            for name in {only, ""}
        },
        same={
            (depth, setting if several else name): found
            for (depth, setting), found in study.once(_same).items()
            for name in {only, ""}
        },
        recipe=table_notes.recipe(config),
        criterion=table_notes.criterion(validated=study.images["validation"] > 0),
        parameters=table_notes.parameters(config, study.labels),
    )


def _same(study: Study) -> dict:
    return identical.by_place(study.every.get("runs", study.tables["runs"]), study.labels)


def searched(study: Study) -> pd.DataFrame | None:
    """The table `rates` of a study's reference setting, where these were chosen among several."""
    several = len(search_sentences.candidates(study.config)) > 1
    return study.tables.get("rates") if several else None


def of(
    comparison: pd.DataFrame,
    labels: Mapping[str, str],
    known: About,
    shares: pd.DataFrame | None = None,
    rates: pd.DataFrame | None = None,
) -> list[str]:
    """A sentence for each comparison with the baseline, in the order of the rows; none of a single seed.

    Args:
        comparison: the table of that name.
        labels: id to display text.
        known: what the sentences share.
        shares: the table of that name, for comparisons that only who trained can decide.
        rates: the table of that name, where rates were chosen among several.
    """
    if known.n_seeds < 2:
        return []
    trained = {} if shares is None else {(row["activation"], row["depth"]): row for row in _rows(shares)}
    chosen = {} if rates is None else dict(list(rates.groupby(["activation", "depth"], observed=True)))
    rows, found = _rows(comparison), []
    baselines = {row["depth"]: row for row in rows if row["verdict"] == "baseline"}
    for row in (row for row in rows if row["verdict"] != "baseline"):
        base, share = baselines[row["depth"]], trained.get((row["activation"], row["depth"]), {})
        both = {f"{name}_other": base[name] for name in ("n_trained", "n_improving", "n_diverged")}
        both |= {name: share[name] for name in ("wins", "losses") if name in share}
        names = labels[row["activation"]], known.baseline
        text = sentence(row | both | {"p": row["p_sign_flip"]}, names, known)
        searches = [
            (name, chosen.get((key, row["depth"])))
            for name, key in zip(names, (row["activation"], base["activation"]), strict=True)
        ]
        found.append(
            text + _who_trained(row, share, names, known) + _searches(searches) + known.tuned(row, names)
        )
    return found


def sentence(row: Mapping, names: Sequence[str], known: About, said: str = "") -> str:
    """How two activations compare in test accuracy, in one sentence or a few that stand alone.

    Args:
        row: as of the table `claims`, of which the answer is not used.
        names: the labels of both, the row's own first.
        known: see `of`.
        said: what stands in place of the verdict's words.
    """
    first, other = names
    where = f"With {layers(row['depth'])} on {known.dataset}"
    where += f" (setting {known.setting})" if known.setting else ""
    n = row["n_seeds"]
    trained = f"{first} trained with {row['n_trained']} of {numbers.count(n, 'seed')}{_lost(row, '')}"
    trained += f" and {other} with {row['n_trained_other']} of {n}{_lost(row, '_other')}"
    if row["n_pairs"] < 2:
        few = "no seed" if row["n_pairs"] == 0 else "only one seed"
        return f"{where}, {trained}; {few} trained in both, so their accuracies are not compared."
    if pd.isna(row["difference"]):
        ahead = ""
        if "wins" in row:
            wins, losses = row["wins"], row["losses"]
            ahead = f" {first} was ahead in {wins} of {n} seeds and {other} in {losses}, trained or not, "
            ahead += f"by accuracy on the same {known.tested}."
        return (
            f"{where}, {trained}; no mean difference is given, because runs of one of them lie more than "
            f"25 points apart.{ahead}"
        )
    said = said or verdict(row, names, known)
    return f"{where}, {said}: {_evidence(row, known)}.{_caveats(row, names, known)}"


def verdict(row: Mapping, names: Sequence[str], known: About) -> str:
    """What a comparison says, in the past tense: no more than its interval does.

    Args:
        row, names, known: see `sentence`.
    """
    first, other = names
    if row["verdict"] in WORDS:
        beyond = f" by more than {known.points}" if known.margin else ""
        return f"{first} {WORDS[row['verdict']]} {other}{beyond}"
    if row["verdict"] == "equivalent":
        return f"{first} was equivalent to {other} within ±{known.points}"
    leaning = numbers.leaning(row)
    if leaning:
        return f"{first} {WORDS[leaning]} {other}, but whether by more than {known.points} is open"
    return f"{first} and {other} could not be told apart"


def _lost(row: Mapping, end: str) -> str:
    """In brackets that all networks of one side diverged."""
    lost = row.get(f"n_diverged{end}", 0) == row["n_seeds"]
    return f" (all {numbers.count(row['n_seeds'], 'network')} diverged)" if lost else ""


def _searches(searches: Sequence[tuple[str, pd.DataFrame | None]]) -> str:
    """Of which activations the chosen rate ends the grid, or trained no network of the search.

    Args:
        searches: the label of each, and its rows of the table `rates`, one a fold.
    """
    edge, nothing = [], []
    for name, rows in searches:
        if rows is None:
            continue
        failed = rows[rows["n_trained"] == 0]
        ending = rows[(rows["n_trained"] > 0) & rows["at_edge"]]
        for found, places in ((nothing, failed), (edge, ending)):
            if len(places):
                values = numbers.listed([f"{rate:g}" for rate in sorted(set(places["learning_rate"]))])
                found.append(f"{name} ({values})")
    texts = []
    if nothing:
        who = numbers.listed(nothing)
        texts.append(f"No network of the search trained with the chosen learning rate: {who}.")
    if edge:
        texts.append(f"The chosen learning rate lies at the edge of the grid: {numbers.listed(edge)}.")
    return "".join(f" {text}" for text in texts)


def _who_trained(row: Mapping, share: Mapping, names: Sequence[str], known: About) -> str:
    """The test of who trained, where nothing else can be tested, and whether it decides anything."""
    if not share or (row["n_pairs"] > 1 and pd.notna(row["difference"])):
        return ""
    change = numbers.change(share["difference_low"], share["difference_high"], 0)
    family, n = known.n_comparisons, share["n_seeds"]
    held = f", Bonferroni for {family} comparisons" if family > 1 else ""
    adjusted = f", Holm-adjusted {numbers.significant(share['p_holm'])}" if family > 1 else ""
    evidence = (
        f"ifference in the share that trained: {numbers.points(share['difference'], 0)} points (Newcombe's "
        f"95 % interval {change}{held}; n = {n} paired seeds; exact McNemar p = "
        f"{numbers.significant(share['p_mcnemar'])}{adjusted})."
    )
    if share["verdict"] in share_sentences.VERDICTS:
        return f" {names[0]} trained {share_sentences.VERDICTS[share['verdict']]} {names[1]}: d{evidence}"
    beside = "Although the interval leaves out 0, " if share_sentences.disagrees(share) else ""
    if share["verdict"] == "cannot decide":
        needed = int(share["required_n"])
        said = (
            f"{numbers.count(n, 'seed')} cannot decide who trains more often: the exact test needs {needed}."
        )
    else:
        said = "the exact test does not decide who trains more often."
    return f" D{evidence} {beside}{said if beside else numbers.sentence(said)}"


def _evidence(row: Mapping, known: About) -> str:
    family = known.n_comparisons
    held = f", Bonferroni for {family} comparisons" if family > 1 else ""
    change = numbers.interval_of(row)
    interval = f"95 % interval {change}{held}"
    if change == "–":
        two = row["n_pairs"] < numbers.FEWEST
        interval = "too few pairs for an interval" if two else "no interval within ±100 points"
    exact = row["n_pairs"] <= comparisons.EXACT_PAIRS
    p = f"{'exact ' if exact else ''}sign-flip p = {numbers.significant(row['p'])}"
    adjusted = f", Holm-adjusted {numbers.significant(row['p_holm'])}" if family > 1 else ""
    folds = f", each the mean of {known.n_folds} folds" if known.n_folds > 1 else ""
    return (
        f"mean difference in test accuracy {numbers.points(row['difference'])} points ({interval}; "
        f"n = {row['n_pairs']} paired seeds{folds} on the same {known.tested}; {p}{adjusted})"
    )


def _caveats(row: Mapping, names: Sequence[str], known: About) -> str:
    """What a reader of the sentence must know too: a p that says otherwise, seeds lost, unfinished runs."""
    found = []
    if known.is_same(row, names):
        found.append(f"{SAME}; the interval is that of rounding to whole examples.")
    if numbers.disagrees(row):
        against = (
            "p does not support this"
            if row["p_holm"] > numbers.ALPHA
            else "p is small although nothing is decided"
        )
        found.append(f"The words follow the interval, and {against}: {why(row, known.n_comparisons)}.")
    sides = [
        (name, row[f"n_trained{end}"], row[f"n_improving{end}"])
        for name, end in zip(names, ("", "_other"), strict=True)
    ]
    lost = [f"{name} {trained}" for name, trained, _ in sides if trained < row["n_seeds"]]
    if lost:
        found.append(f"Only seeds that trained count (of {row['n_seeds']}: {numbers.listed(lost)}).")
    late = [f"{name} {n} of {trained}" for name, trained, n in sides if trained and 2 * n >= trained]
    if late:
        found.append(f"Still improving at the end: {numbers.listed(late)}.")
    return "".join(f" {text}" for text in found)


def _rows(table: pd.DataFrame) -> list[dict]:
    return table.to_dict("records")
