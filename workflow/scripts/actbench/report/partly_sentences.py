"""Sentences on what another setting changes in part: who trains from more or fewer seeds, what is left out.

`comparison` and `attribution` are the tables of these names, of all settings; `labels` is id to display text,
`settings` their names, the reference first.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.analysis.attribution import MOST
from actbench.report.numbers import count, ends, listed, percent, sentence, some

LOST, LOST_SHARE = 2, 1 / 3  # seeds, and of all of them, that a cell must lose to be named


def changed(comparison: pd.DataFrame, labels: Mapping[str, str], settings: Sequence[str]) -> str:
    """Which cells trained from more seeds, and which from fewer, with another setting than with the first.

    Those that trained from none and from all are those of `change_sentences.turned`.
    """
    if len(settings) < 2:
        return ""
    first, *others = settings
    parts = []
    for name in others:
        rows = beside(comparison, first, name)
        rows = rows[(rows["n_trained_before"] + rows["n_trained"] != rows["n_seeds"]) | ~_whole(rows)]
        rows = rows.assign(moved=(rows["n_trained"] - rows["n_trained_before"]).abs())
        said = []
        for word, chosen in (
            ("more", rows["n_trained"] > rows["n_trained_before"]),
            ("fewer", rows["n_trained"] < rows["n_trained_before"]),
        ):
            found = rows[chosen].sort_values("moved", ascending=False, kind="stable").to_dict("records")
            if found:
                said.append(f"{some([_cell(row, labels) for row in found])} trained from {word} seeds")
        if said:
            parts.append(f"with “{name}” instead of “{first}”, {'; '.join(said)}")
    return f"{sentence('. '.join(map(sentence, parts)))}." if parts else ""


def fewer(comparison: pd.DataFrame, labels: Mapping[str, str], first: str, others: Sequence[str]) -> str:
    """Which cells trained from clearly fewer seeds, but some, with another setting: `swish (depth 4) 3 of 5`.

    Of `LOST` seeds or more, and that share or more: one network is no finding of a first screen.
    """
    found = []
    for name in others:
        rows = beside(comparison, first, name)
        n_lost = rows["n_trained_before"] - rows["n_trained"]
        many = (n_lost >= LOST) & (n_lost >= LOST_SHARE * rows["n_seeds"])
        found += rows[many & (rows["n_trained"] > 0)].to_dict("records")
    if not found:
        return ""
    if len(found) > 1:
        return f"{len({(row['activation'], row['depth']) for row in found})} cells less often"
    (row,) = found
    where = f" (depth {row['depth']})" if comparison["depth"].nunique() > 1 else ""
    return f"{labels[row['activation']]}{where} {row['n_trained']} of {row['n_seeds']}"


def beside(comparison: pd.DataFrame, first: str, other: str) -> pd.DataFrame:
    """Cells of one setting with what the first one has of the same, its columns named `…_before`."""
    text = comparison.astype({"activation": str, "setting": str})
    before, after = (text[text["setting"] == name] for name in (first, other))
    return after.merge(before, on=["activation", "depth"], suffixes=("", "_before"))


def left_out(
    attribution: pd.DataFrame,
    comparison: pd.DataFrame,
    labels: Mapping[str, str],
    settings: Sequence[str],
    baseline: str,
) -> str:
    """Which depths the changes over depths leave out, and why.

    Args:
        attribution, comparison, labels, settings: see the module.
        baseline: the id of the activation that the others are compared with.
    """
    single = attribution[attribution["depth"].notna()].astype({"activation": str, "setting": str})
    dropped = single[single["n"] <= MOST * (single["n"] + single["n_left_out"])]
    if dropped.empty:
        return ""
    apart = {
        (row["activation"], row["depth"], row["setting"])
        for row in comparison.to_dict("records")
        if row["runs_disagree"]
    }
    groups: dict[tuple, list[str]] = {}
    for row in dropped.to_dict("records"):
        causes = tuple(
            f"{labels[key]} with “{name}”"
            for key in (baseline, row["activation"])
            for name in (settings[0], row["setting"])
            if (key, row["depth"], name) in apart
        )
        groups.setdefault((int(row["depth"]), row["setting"], causes), []).append(labels[row["activation"]])
    parts = []
    for (depth, name, causes), names in groups.items():
        whose = f"all {len(names)} activations" if len(names) == len(labels) - 1 > 1 else some(names)
        with_ = f" with “{name}”" if len(settings) > 2 else ""
        why = f"runs of {listed(causes)} disagree" if causes else "too few seeds trained in all four networks"
        parts.append(f"depth {depth} of {whose}{with_} ({why})")
    return f"Left out of the changes over depths: {_few(parts)}; the numbers of who trained hold there too."


def _few(parts: Sequence[str], most: int = 3) -> str:
    rest = len(parts) - most
    return "; ".join(parts) if rest < 1 else f"{'; '.join(parts[:most])}; {count(rest, 'case')} more"


def _whole(rows: pd.DataFrame) -> pd.Series:
    """Whether a cell trained from no seed or from all."""
    return rows["n_trained"].isin([0]) | (rows["n_trained"] == rows["n_seeds"])


def _cell(row: Mapping, labels: Mapping[str, str]) -> str:
    """`relu at depth 8 (5 of 5 at 96.9 % instead of 4 of 5 at 45.0 to 74.0 %)`."""
    before = _level({name: row[f"{name}_before"] for name in ("n_trained", "n_seeds", "mean", "min", "max")})
    return f"{labels[row['activation']]} at depth {row['depth']} ({_level(row)} instead of {before})"


def _level(cell: Mapping) -> str:
    text = f"{cell['n_trained']} of {cell['n_seeds']}"
    if not cell["n_trained"]:
        return text
    level = percent(cell["mean"]) if pd.notna(cell["mean"]) else ends(cell["min"], cell["max"])
    return f"{text} at {level}"
