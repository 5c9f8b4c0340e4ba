"""Sentences on theory beside measurement: what is predicted of new networks, and where that fails.

Cells are rows of a frame with activation, depth and setting; `predicted`, log10 of the first layer's gradient
over the last's in a new network, `expected`, whether it is expected to train, and the `reason` why these are
not known; `measured`, the same over `n` seeds, with its `std`, and `after`, after training, over `n_after`;
`n_trained` of `n_seeds`, of which `n_diverged` diverged. Null is not known.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from actbench.figures.shown import layers
from actbench.report.numbers import NAMED, count, listed, of_log10, sentence, signed, significant, some
from actbench.storage import theory_tables
from actbench.theory.expectation import CHOSEN_ON, LIMIT

LEVEL = 0.005  # of χ: so close to 1, gradients keep their size
PLACE = re.compile(r"^(the )?[a-z0-9 ]+, where pre-activations have the mean square [^,:]*(: |, )")


def derivatives(largest: Mapping[str, float | None], labels: Mapping[str, str]) -> str:
    """How steep each activation is at most.

    Args:
        largest: the largest |f′| by activation; infinite where it has no bound, None where not known.
        labels: id to display text.
    """
    by_value: dict[float, list[str]] = {}
    for key, value in largest.items():
        if value is not None:
            by_value.setdefault(float(significant(value, 3)), []).append(labels[key])
    unbounded = by_value.pop(np.inf, [])
    values, parts = sorted(by_value), []
    if len(values) > NAMED + 1:
        low, high = (f"{value:g} ({some(by_value[value])})" for value in (values[0], values[-1]))
        parts.append(f"the largest |f′| lies between {low} and {high}")
    elif values:
        each = [f"{value:g} for {some(by_value[value])}" for value in values]
        parts.append(f"the largest |f′| is {listed(each)}")
    if unbounded:
        parts.append(f"|f′| has no bound for {some(unbounded)}")
    return f"{sentence('; '.join(parts))}." if parts else ""


def one_layer(theory: pd.DataFrame, labels: Mapping[str, str], words: str, examples: str = "images") -> str:
    """By which factor χ a layer changes gradients and alike examples; whose mean squares never rest.

    Of whom χ is not known is another thing, and said with the reason.

    Args:
        theory: the rows of that table of one setting; one with a χ and no q has that χ at every q.
        labels: id to display text.
        words: names the setting's initialisation.
        examples: what they are called, see `numbers.examples`.
    """
    restless = theory["reason"] == theory_tables.NO_POINT
    names = [labels[key] for key in theory.loc[restless, "activation"]]
    rest = f"Mean squares of {some(names)} go to no fixed point from 10⁻⁶ to 10⁶."
    known = theory[theory["chi"].notna()].sort_values("chi", kind="stable")
    lacking = theory[theory["chi"].isna() & ~restless]
    parts = [
        f"{some([labels[key] for key in rows['activation']])} ({why})"
        for why, rows in lacking.assign(why=_whys(lacking)).groupby("why", sort=False)
    ]
    texts = (
        _factors(known, labels, words, examples),
        f"It is not known for {_few(parts, 'reason', 'theory')}." if len(known) and parts else "",
        rest if names else "",
    )
    return " ".join(text for text in texts if text)


def _factors(known: pd.DataFrame, labels: Mapping[str, str], words: str, examples: str) -> str:
    """What `one_layer` says of χ, of rows in ascending order of it."""
    if known.empty:
        return ""

    def every(names: Sequence[str]) -> str:
        """All, as far as there are more than are named; the names else."""
        if not len(names) == len(known) > NAMED + 1:
            return some(names)
        return f"all {len(names)} {'activations' if len(known) == len(labels) else 'for which it is known'}"

    texts = known["chi"].map(_factor).tolist()
    names = [labels[key] for key in known["activation"]]
    if len(names) <= NAMED + 1:
        what = listed([f"{text} for {name}" for text, name in zip(texts, names, strict=True)])
    elif texts[0] == texts[-1]:
        what = f"{texts[0]} for {every(names)}"
    else:
        what = f"between {texts[0]} ({names[0]}) and {texts[-1]} ({names[-1]})"
    where = "" if known["q"].isna().all() else " at the fixed point"
    text = f"With {words}, χ{where} is {what}."
    scaled = [labels[key] for key in known.loc[known["q"].isna(), "activation"]]
    if scaled and where:
        text = f"{text[:-1]}; {some(scaled)} {_have(scaled)} it at every mean square."
    groups = (
        (
            known["chi"] < 1 - LEVEL,
            "below 1",
            f"gradients shrink towards the input and {examples} become alike",
        ),
        ((known["chi"] - 1).abs() <= LEVEL, "1", "gradients keep their size"),
        (known["chi"] > 1 + LEVEL, "above 1", f"gradients grow towards the input and alike {examples} part"),
    )
    parts = []
    for chosen, where, does in groups:
        if chosen.any():
            names = [labels[key] for key in known.loc[chosen, "activation"]]
            parts.append(f"{where} for {every(names)}, so that {does}")
    return f"{text} It is {'; it is '.join(parts)}."


def not_plain(names: Sequence[str], several: bool) -> str:
    """That the map is not that of networks of these settings; `several`: the study has more than one."""
    if not names:
        return ""
    whose = f"Networks with {some([f'“{name}”' for name in names])}" if several else "These networks"
    return (
        f"{whose} are normalised or residual: the map, χ and the edge below are those of plain layers; the "
        "predictions by layer take both into account."
    )


def edge(theory: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Whose edge of chaos is unstable, and of whom none is known.

    Args:
        theory: the rows of that table of one setting.
        labels: id to display text.
    """
    rows = theory.drop_duplicates("activation")
    none = [labels[key] for key in rows.loc[rows["edge_weight_std"].isna(), "activation"]]
    loose = [
        labels[key] for key in rows.loc[rows["edge_stable"].eq(False) & rows["edge_q"].notna(), "activation"]
    ]
    parts = []
    if loose:
        parts.append(f"for {some(loose)} the point is unstable: signals a little off it need not come back")
    if none:
        parts.append(f"no such point is known for {some(none)}")
    return f"{sentence('; '.join(parts))}." if parts else ""


def story(
    cell: Mapping,
    label: str,
    row: Mapping,
    largest: float | None,
    words: str,
    unit: str,
) -> str:
    """From one activation's derivative to who trained, in one setting at one depth with a prediction.

    Args:
        cell: see the module.
        label: the activation's.
        row: its of the table `theory`.
        largest: see `derivatives`.
        words: names the setting's initialisation.
        unit: what is counted: `network`, or with folds `seed`.
    """
    chi = row["chi"]
    factor = "" if pd.isna(chi) else f"χ = {_factor(chi)}"
    where = "at every mean square" if pd.isna(row["q"]) else "at the fixed point"
    if factor and largest is not None and np.isfinite(largest):
        slope, most = (significant(value, 3) for value in (largest, (row["weight_std"] * largest) ** 2))
        text = (
            f"The derivative of {label} is at most {slope} in size, so with {words} a layer multiplies a "
            f"gradient's mean square by at most σ_w² · {slope}² = {most}, {where} by {factor}; with"
        )
    elif factor:
        text = (
            f"With {words} a layer of {label} multiplies a gradient's mean square by {factor} {where}; with"
        )
    else:
        text = f"For {label} with {words} and"
    ratio = of_log10(cell["predicted"])
    text += f" {layers(int(cell['depth']))} theory predicts a first gradient {ratio} times the last"
    return f"{text}{_measured(cell)}. {_outcome(cell, unit)}"


def stories(
    cells: pd.DataFrame,
    theory: pd.DataFrame,
    largest: Mapping[str, float | None],
    labels: Mapping[str, str],
    words: Callable[[str], str],
    unit: str,
) -> list[str]:
    """Those of the deepest cells of the first predicted setting with the smallest and the largest ratio.

    Where another setting changes the smallest by more than a factor of ten, also that.

    Args:
        cells: see the module, of all settings, the reference first.
        theory: the table of that name, of all settings.
        largest, labels, unit: see `derivatives` and `story`.
        words: names a setting's initialisation.
    """
    known = cells[cells["predicted"].notna()]
    if known.empty:
        return []
    first = known[known["setting"] == known["setting"].iloc[0]]
    deepest = first[first["depth"] == first["depth"].max()].sort_values("predicted", kind="stable")
    ends = deepest.iloc[[0, -1]] if len(deepest) > 1 else deepest
    rows = theory.set_index(["activation", "setting"])

    def told(cell: Mapping) -> str:
        key, setting = cell["activation"], cell["setting"]
        return story(cell, labels[key], rows.loc[(key, setting)], largest.get(key), words(setting), unit)

    found = [told(cell) for cell in ends.to_dict("records")]
    worst = deepest.iloc[0]
    same = known[(known["activation"] == worst["activation"]) & (known["depth"] == worst["depth"])]
    other = same.sort_values("predicted", kind="stable").iloc[-1]
    if other["predicted"] > worst["predicted"] + 1:
        found.insert(
            1,
            f"With {words(other['setting'])} instead theory predicts {of_log10(other['predicted'])} times "
            f"the last gradient for {labels[other['activation']]}{_measured(other)}. {_outcome(other, unit)}",
        )
    return found


def who_trains(cells: pd.DataFrame, labels: Mapping[str, str], unit: str) -> str:
    """Of how many cells it was rightly expected whether they train; which ones not; what no theory would say.

    Args:
        cells, labels: see the module.
        unit: see `story`.
    """
    known = cells[cells["expected"].notna()]
    if known.empty:
        return no_expectation(cells, labels)
    expected, trained, right = _judged(known)
    one = (known["n_seeds"] == 1).all()
    how = f"its {unit} did" if one else f"more than half of its {unit}s did"
    text = (
        f"A cell (an activation at one depth{', with one setting' if _several(cells) else ''}) is expected "
        f"to train where the predicted log10 of first over last is above {signed(LIMIT, 1)}; it trained if "
        f"{how}. "
        f"The expectation is right in {int(right.sum())} of {count(len(known), 'cell')}"
    )
    classes = ((expected, "expected to train"), (~expected, "not expected to train"))
    parts = [
        f"{int((right & chosen).sum())} of {int(chosen.sum())} {what}"
        for chosen, what in classes
        if chosen.any()
    ]
    if len(parts) == 2:
        text += f": {listed(parts)}. "
    else:
        every = "which was" if len(known) == 1 else "all"
        text += f", {every} {'' if expected.all() else 'not '}expected to train. "
    wrong = [
        f"{cell_name(row, labels, cells)} ({int(row['n_trained'])} of {int(row['n_seeds'])} trained"
        f"{_diverged(row)})"
        for row in known[~right].to_dict("records")
    ]
    if wrong:
        text += f"Wrong: {some(wrong)}. "
    mixed = int(((known["n_trained"] > 0) & (known["n_trained"] < known["n_seeds"])).sum())
    if mixed:
        text += f"In {count(mixed, 'cell')} only some {unit}s trained, which no such limit can say. "
    if len(known) > 1:
        base = max(int(trained.sum()), int((~trained).sum()))
        text += f"Saying the same of every cell would be right in {base} of {len(known)}"
        if base < right.sum():
            text += ". "
        else:
            worse = "no better" if base == right.sum() else "worse"
            all_do = "all train" if base == trained.sum() else "none trains"
            text += f", so on this study the limit does {worse} than saying that {all_do}. "
    return f"{text}{no_expectation(cells, labels)}".strip()


def chosen(cells: pd.DataFrame, limit_is_of: pd.Series) -> str:
    """Whether the count of `who_trains` is a test of the limit, or a fit; empty where nothing is expected.

    Args:
        cells: see the module.
        limit_is_of: of each cell, whether the limit was chosen on it, see `expectation.chosen_on`.
    """
    known = cells["expected"].notna()
    n, fitted = int(known.sum()), int((known & limit_is_of).sum())
    if not n:
        return ""
    if fitted == n:
        right, whose = int(_judged(cells[known])[2].sum()), "these very cells" if n > 1 else "this very cell"
        return f"The limit was chosen on {whose}: {right} of {n} is a fit, not a test."
    other = f"The limit was chosen on another study ({CHOSEN_ON.dataset})"
    if not fitted:
        return f"{other}, so {'these counts are' if n > 1 else 'this is'} a test of it."
    return (
        f"{other}, which had {fitted} of these {n} cells: for {'those' if fitted > 1 else 'that one'} the "
        "count is a fit, for the rest a test."
    )


def no_expectation(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Of which cells whose gradient is predicted nothing is expected, and why."""
    lacking = cells[cells["predicted"].notna() & cells["expected"].isna()]
    if lacking.empty:
        return ""
    parts = [
        f"{some([cell_name(row, labels, cells) for row in rows.to_dict('records')])} ({why})"
        for why, rows in lacking.assign(why=_whys(lacking)).groupby("why", sort=False)
    ]
    return f"Nothing is expected of {count(len(lacking), 'cell')}: {_few(parts, 'reason')}."


def not_predicted(cells: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """What is not predicted, and why."""
    lacking = cells[cells["predicted"].isna()]
    if lacking.empty:
        return ""
    parts, several = [], _several(cells)
    lacking = lacking.assign(why=_whys(lacking))
    for (setting, why), rows in lacking.groupby(["setting", "why"], observed=True, sort=False):
        names = [labels[key] for key in labels if key in set(rows["activation"])]
        whose = f"all {len(names)} activations" if len(names) == len(labels) > NAMED else some(names)
        parts.append(f"{whose}{f' with “{setting}”' if several else ''} ({why})")
    if len(lacking) == len(cells):
        return f"Nothing is predicted for this study: {_few(parts, 'case')}."
    return f"Not predicted are {len(lacking)} of {len(cells)} cells: {_few(parts, 'case')}."


def _whys(lacking: pd.DataFrame) -> pd.Series:
    """Their reasons without the layer and the mean square at which each came up."""
    found = ["no reason given" if pd.isna(why) else PLACE.sub("", why) for why in lacking["reason"]]
    return pd.Series(found, lacking.index).str.replace("^which is", "mean squares", regex=True)


def _few(parts: Sequence[str], word: str, table: str = "expectations") -> str:
    """The first of them, and how many more there are; those are in the table of that name."""
    rest = len(parts) - NAMED
    if rest <= 1:
        return "; ".join(parts)
    return f"{'; '.join(parts[:NAMED])}; {rest} more {word}s in the table `{table}`"


def _judged(known: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Of cells with an expectation: whether they were expected to train, did, and whether these agree."""
    expected = known["expected"].astype(bool)
    trained = 2 * known["n_trained"] > known["n_seeds"]
    return expected, trained, expected == trained


def _measured(cell: Mapping) -> str:
    """`, and 0.041 was measured (geometric mean, n = 5)`; empty where nothing was."""
    if pd.isna(cell["measured"]):
        return ""
    n = int(cell["n"])
    return f", and {of_log10(cell['measured'])} was measured ({'geometric mean, ' if n > 1 else ''}n = {n})"


def _outcome(cell: Mapping, unit: str) -> str:
    """`None of its 5 networks trained.`"""
    n, n_trained = int(cell["n_seeds"]), int(cell["n_trained"])
    if n == 1:
        return f"Its one {unit} {'trained' if n_trained else f'did not train{_diverged(cell)}'}."
    if n_trained == n:
        return f"{'Both' if n == 2 else f'All {n}'} {unit}s trained."
    return f"{n_trained or 'None'} of its {n} {unit}s trained{_diverged(cell)}."


def _diverged(cell: Mapping) -> str:
    """`, all diverged`, `, 2 diverged`; empty where none did."""
    n, of = int(cell["n_diverged"]), int(cell["n_seeds"])
    if not n:
        return ""
    return f", {'all' if n == of > 1 else 'it' if of == 1 else n} diverged"


def _several(cells: pd.DataFrame) -> bool:
    return cells["setting"].nunique() > 1


def cell_name(row: Mapping, labels: Mapping[str, str], cells: pd.DataFrame) -> str:
    """`sigmoid with 8 hidden layers`, where there are several settings `and “he”`."""
    text = f"{labels[row['activation']]} with {layers(int(row['depth']))}"
    return f"{text} and “{row['setting']}”" if _several(cells) else text


def _have(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _factor(value: float) -> str:
    """To two digits; below 0.001 as a power of ten."""
    return of_log10(math.log10(value)) if 0 < value < 1e-3 else significant(value)
