"""The performance profile over the cells of several studies, in words, figure and tables of their page."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.analysis import cells
from actbench.figures import drawing, recipe, shown
from actbench.figures.plotting import Figure
from actbench.report.numbers import listed, n_points, span


def figure(pooled: cells.Pooled, labels: Mapping[str, str]) -> Figure:
    """The profile; an activation that does not take part in all cells has its n in the legend."""
    n_cells = pooled.profile.groupby("activation", observed=True)["n"].max()
    own = {
        key: label if n_cells[key] == len(pooled.cells) else f"{label} (n = {n_cells[key]})"
        for key, label in labels.items()
        if key in n_cells
    }
    return recipe.profile(pooled.profile, [], drawing.Style(own, every=list(labels)))


def answer(pooled: cells.Pooled, rows: Sequence[Mapping], labels: Mapping[str, str], margin: float) -> str:
    """Which activation comes most often within the margin of the best, of those that are in every cell.

    It compares means, and tests nothing; it says so.

    Args:
        pooled: see `cells.pooled`.
        rows: see `cells.summary`.
        labels: id to display text.
        margin: a difference in accuracy.
    """
    n = len(pooled.cells)
    if not n:
        return "In no cell did two activations take part of which one trained: there is no profile."
    everywhere = [row for row in rows if row["n_cells"] == n]
    if not everywhere:
        every = "both" if n == 2 else f"all {n}"
        return f"No activation takes part in {every} cells, so that shares are of different cells."
    most = max(row["n_within"] for row in everywhere)
    first = [labels[row["activation"]] for row in everywhere if row["n_within"] == most]
    verb = "come" if len(first) > 1 else "comes"
    others = "" if len(everywhere) == len(rows) else ", of those that take part in all of them"
    where = "the one cell" if n == 1 else f"{most} of {n} cells"
    text = f"By mean accuracies {listed(first)} {verb} within {n_points(margin)} of the best in {where}"
    if len(first) < len(everywhere):
        text += ", more often than any other"
    return f"{text}{others}; differences are not tested here."


def notes(
    pooled: cells.Pooled,
    rows: Sequence[Mapping],
    margins: Mapping[str, float],
    ids: Mapping[tuple[str, str], str] | None = None,
) -> list[str]:
    """What a reader must know: cells that are left out or count unequally, whether activations meet, whose
    margin counts.

    Args:
        margins: of each study.
        ids: see `cells.apart`.
    """
    found = []
    for key in dict.fromkeys(key for _, key in ids or {}):
        names = [study for study, other in ids if other == key]
        found.append(
            f"{key} is not the same activation in {listed(names)}, by name, class, parameters or code: each "
            "counts for itself."
        )
    if pooled.n_left_out:
        words = "cell is" if pooled.n_left_out == 1 else "cells are"
        found.append(
            f"{pooled.n_left_out} {words} left out, in which fewer than two activations took part or none "
            "trained."
        )
    if len({row["n_cells"] for row in rows}) > 1 or (rows and rows[0]["n_cells"] < len(pooled.cells)):
        found.append("Activations take part in different cells: shares with another n are of other problems.")
    n_cells = {name: sum(name in cell["study"] for cell in pooled.cells) for name in margins}
    if pooled.cells and len(set(n_cells.values())) > 1:
        each = listed([f"{name} {n}" for name, n in n_cells.items()])
        found.append(f"Each cell counts once, and studies have different numbers of them: {each}.")
    if pooled.rows["n_seeds"].nunique() > 1:
        n_seeds = span(pooled.rows["n_seeds"])
        found.append(f"Means are of {n_seeds} seeds: those of few are less certain, and count alike.")
    if pooled.cells and not _meet(pooled):
        found.append(
            "No activation takes part in cells of two studies: each profile speaks of one study only, and "
            "those of different studies cannot be held against each other."
        )
    if len(set(margins.values())) > 1:
        each = listed([f"{name} {100 * margin:g}" for name, margin in margins.items()])
        found.append(f"Margins differ ({each} points): that of {next(iter(margins))} counts here.")
    return found


def blocks(pooled: cells.Pooled) -> list[dict]:
    """A block a cell, with a line that says which it is, and its rows."""
    several = len({cell["setting"] for cell in pooled.cells}) > 1
    return [
        {
            "title": title(cell, several),
            "rows": pooled.rows[pooled.rows["cell"] == number].to_dict("records"),
        }
        for number, cell in enumerate(pooled.cells)
    ]


def title(cell: Mapping, several_settings: bool) -> str:
    """Of one of `Pooled.cells`: the studies that have it, data set, depth; setting if there are several."""
    setting = f", {cell['setting']}" if several_settings else ""
    return f"{listed(cell['study'])}: {cell['dataset']}, {shown.layers(cell['depth'])}{setting}"


def table(pooled: cells.Pooled) -> pd.DataFrame:
    """The rows of all cells with what these are."""
    described = pd.DataFrame(
        [
            cell | {"cell": number, "study": "+".join(cell["study"])}
            for number, cell in enumerate(pooled.cells)
        ],
        columns=["cell", "study", "dataset", "depth", "setting"],
    )
    return described.merge(pooled.rows, on="cell")


def _meet(pooled: cells.Pooled) -> bool:
    """Whether some activation takes part in cells of two studies."""
    studies: dict[str, set[str]] = {}
    for number, activation in pooled.rows[["cell", "activation"]].itertuples(index=False):
        studies.setdefault(activation, set()).update(pooled.cells[number]["study"])
    return any(len(names) > 1 for names in studies.values())
