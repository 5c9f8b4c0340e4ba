"""Sentences on layers that answer nearly alike to all examples."""

from collections.abc import Mapping

import pandas as pd

from actbench.report.numbers import NAMED, count, fixed, listed, some, span

LIMIT = 0.999
WHEN = {"init": "at initialisation", "trained": "after training"}


def collapsed(distributions: pd.DataFrame, labels: Mapping[str, str], examples: str = "images") -> str:
    """A sentence for each depth at which activations of two examples have a mean cosine above `LIMIT`.

    Where these are many, for the deepest, and how many others there are. The cosine is that of the last
    hidden layer, the mean over the runs that have one, at initialisation or after training.

    Args:
        distributions: the table of that name, of one setting.
        labels: id to display text.
        examples: what they are called, see `numbers.examples`.
    """
    rows = distributions[distributions["mean_cosine"].notna() & distributions["checkpoint"].isin(WHEN)]
    rows = rows[(rows["signal"] == "activation") & (rows["layer"] == rows["depth"] - 1)]
    keys = ["depth", "checkpoint", "activation"]
    cells = rows.groupby(keys, observed=True)["mean_cosine"].agg(["mean", "size"]).reset_index()
    found = dict(iter(cells[cells["mean"] > LIMIT].groupby("depth")))
    if not found:
        return ""
    told = sorted(found) if len(found) <= NAMED else [max(found)]
    texts = [_at(depth, found[depth], labels, examples) for depth in told]
    if len(found) > len(told):
        texts.append(f"Activations have such a cosine at {count(len(found) - 1, 'other depth')} too.")
    return " ".join(texts)


def _at(depth: int, high: pd.DataFrame, labels: Mapping[str, str], examples: str) -> str:
    """Of the cells of one depth above the limit."""
    parts = [
        _alike(rows, labels) + f" {WHEN[when]}"
        for when in WHEN
        if len(rows := high[high["checkpoint"] == when])
    ]
    every = examples.removesuffix("s")
    return (
        f"At depth {depth} the activations of two {examples} have a mean cosine of {listed(parts)} (last "
        f"hidden layer, {_runs(high['size'])}; 1 is the same direction for every {every})."
    )


def _alike(rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Cosines of the activations at one depth and checkpoint; of many values the ends."""
    of_keys = dict(zip(rows["activation"], rows["mean"], strict=True))
    named: dict[str, list[str]] = {}
    for key in (key for key in labels if key in of_keys):
        named.setdefault(_near_one(of_keys[key]), []).append(labels[key])
    each = {value: f"{value} with {some(names)}" for value, names in named.items()}
    if len(each) <= NAMED:
        return listed(list(each.values()))
    low, *between, high = sorted(each, key=lambda value: value.removeprefix("more than "))
    return f"{each[low]} to {each[high]}, {sum(len(named[value]) for value in between)} more between,"


def _near_one(value: float) -> str:
    """Four digits, none of them rounded up to 1."""
    return "more than 0.9999" if value > 0.9999 else fixed(value, 4)


def _runs(sizes: pd.Series) -> str:
    """Over how many runs the means are."""
    return "n = 1 run" if sizes.max() == 1 else f"means over {span(sizes)} runs"
