"""The sentences of the page of several studies: how two of them differ, and what is the same in all."""

from collections import Counter
from collections.abc import Mapping, Sequence

from actbench.figures import shown
from actbench.report import numbers

NAMED = 3  # keys of the config
SHORT = 40  # letters of their values in a sentence


def headline(rows: Sequence[Mapping], names: Sequence[str]) -> tuple[str, str]:
    """In how many cells the second study is better, worse or equivalent, and on what that rests.

    Args:
        rows: as `side_by_side.cells` gives them.
        names: of both studies.
    """
    first, second = names
    if not rows:
        return f"{first} and {second} have no activation and depth in common", ""
    counts = Counter(map(numbers.verdict, rows))
    n, lacking = len(rows), counts["–"]
    if lacking == n:
        return f"{first} and {second} cannot be compared: no cell has two pairs of seeds that trained", ""
    cells = "the one cell" if n == 1 else f"{n} cells"
    told = [f"{word} in {counts[word]}" for word in ("better", "worse") if counts[word]]
    told = [f"{' and '.join(told)} of {cells}"] if told else []
    if counts["equivalent"]:
        told.append(f"equivalent in {counts['equivalent']}" + ("" if told else f" of {cells}"))
    slight = [f"{word} in {counts[f'{word}?']}" for word in ("better", "worse") if counts[f"{word}?"]]
    if slight:
        of = "" if told else f" of {cells}"
        slight = [f"{' and '.join(slight)}{of}, but whether by more than the margin is open"]
    if told or slight:
        said = f"Compared with {first}, {second} is {'; '.join(filter(None, [', '.join(told), *slight]))}"
        if counts["inconclusive"]:
            said += f"; {counts['inconclusive']} cannot be told apart"
    else:
        said = f"{second} and {first} cannot be told apart in any of {cells}"
    for number, why in (
        (counts["runs disagree"], "no mean difference, as runs lie too far apart"),
        (lacking, "fewer than two pairs of seeds"),
    ):
        if number:
            said += f"; {number} {'has' if number == 1 else 'have'} {why}"
    together = "" if n == 1 else f", for all {n} cells at once"
    return said, f"paired by the seeds that trained in both{together}"


def findings_of_two(
    rows: Sequence[Mapping], labels: Mapping[str, str], names: Sequence[str]
) -> list[tuple[str, str]]:
    """Who trained in the cells of both, and the largest difference that is sure: a name and a sentence each.

    Args:
        rows, names: see `headline`.
        labels: id to display text.
    """
    if not rows:
        return []
    parts = []
    for side, name in zip(("first", "second"), names, strict=True):
        n_trained, n_seeds = (sum(row[side][key] for row in rows) for key in ("n_trained", "n_seeds"))
        parts.append(f"{n_trained:,} of {n_seeds:,} in {name}")
    found = [("Trained", f"Networks that trained in the cells of both: {numbers.listed(parts)}.")]
    sure = [row for row in rows if row["verdict"] in ("better", "worse") and row["n_pairs"] > 1]
    if sure:
        row = max(sure, key=lambda one: abs(one["difference"]))
        interval = numbers.interval_of(row)
        several = len({one["setting"] for one in rows}) > 1
        where = f"{labels[row['activation']]}, {shown.layers(row['depth'])}"
        where += f", {row['setting']}" if several else ""
        text = f"{numbers.points(row['difference'])} points ({interval}; n = {row['n_pairs']})"
        found.append(("Largest", f"The largest of the sure differences is {text}: {where}."))
    return found


def differing(rows: Sequence[Mapping], labels: Mapping[str, str], names: Sequence[str]) -> str:
    """For which activations the second study is better, worse or equivalent, which the headline counts.

    Args:
        rows, names: see `headline`.
        labels: id to display text.
    """
    first, second = names
    several = len({row["setting"] for row in rows}) > 1
    parts = []
    for word in ("better", "worse", "equivalent"):
        chosen = [
            f"{labels[row['activation']]} (depth {row['depth']}{', ' + row['setting'] if several else ''})"
            for row in rows
            if row["verdict"] == word
        ]
        if chosen:
            parts.append(f"{word} for {numbers.some(chosen)}")
    if not parts:
        return "No cell has a verdict; the figure shows both studies side by side." if rows else ""
    return f"Against {first}, {second} is {'; '.join(parts)}."


def changed(settings: Sequence[Sequence[str]]) -> str:
    """What was set otherwise; where that is more than one key, what follows.

    Args:
        settings: a key and its values in all studies each.
    """
    if not settings:
        return "Nothing was set otherwise but the names."
    keys = [_with_values(key, values) for key, *values in settings[:NAMED]]
    if len(settings) > NAMED:
        keys.append(f"{len(settings) - NAMED} more")
    verb = "key differs" if len(settings) == 1 else "keys differ"
    text = f"{len(settings)} {verb}: {numbers.listed(keys)}"
    return text + ("." if len(settings) == 1 else "; which of them made a difference is not tested.")


def _with_values(key: str, values: Sequence[str]) -> str:
    shown = " / ".join(values)
    return f"{key} ({shown})" if len(shown) <= SHORT else key


def best(summary: Sequence[Mapping], labels: Mapping[str, str], n_cells: int) -> str:
    """Which activations are first in most cells, by mean accuracy.

    Args:
        summary: see `cells.summary`.
    """
    most = max((row["n_best"] for row in summary), default=0)
    if not most:
        return ""
    first = [labels[row["activation"]] for row in summary if row["n_best"] == most]
    where = "the one cell" if n_cells == 1 else f"{most} of {n_cells} cells"
    verb = "have" if len(first) > 1 else "has"
    each = " each" if len(first) > 1 and n_cells > 1 else ""
    said = f"{numbers.listed(first)} {verb} the highest mean accuracy in {where}{each}"
    return f"{said}; means are not tested here."
