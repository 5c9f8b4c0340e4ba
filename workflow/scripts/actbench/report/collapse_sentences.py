"""Sentences on layers that answer nearly alike to all images."""

from collections.abc import Mapping

import pandas as pd

from actbench.report.numbers import listed

LIMIT = 0.999
WHEN = {"init": "at initialisation", "trained": "after training"}


def collapsed(distributions: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """A sentence for each depth at which activations of two images have a mean cosine above `LIMIT`.

    It is that of the last hidden layer, the mean over the runs that have one, at initialisation or after
    training.

    Args:
        distributions: the table of that name, of one setting.
        labels: id to display text.
    """
    rows = distributions[distributions["mean_cosine"].notna() & distributions["checkpoint"].isin(WHEN)]
    rows = rows[(rows["signal"] == "activation") & (rows["layer"] == rows["depth"] - 1)]
    keys = ["depth", "checkpoint", "activation"]
    cells = rows.groupby(keys, observed=True)["mean_cosine"].agg(["mean", "size"]).reset_index()
    found = []
    for depth, high in cells[cells["mean"] > LIMIT].groupby("depth"):
        named: dict[tuple[str, str], list[str]] = {}
        for checkpoint, key in ((checkpoint, key) for checkpoint in WHEN for key in labels):
            here = high[(high["checkpoint"] == checkpoint) & (high["activation"] == key)]
            for mean in here["mean"]:
                named.setdefault((checkpoint, _near_one(mean)), []).append(labels[key])
        parts = [f"{value} with {listed(names)} {WHEN[when]}" for (when, value), names in named.items()]
        found.append(
            f"At depth {depth} the activations of two images have a mean cosine of {listed(parts)} (last "
            f"hidden layer, {_runs(high['size'])}; 1 is the same direction for every image)."
        )
    return " ".join(found)


def _near_one(value: float) -> str:
    """Four digits, none of them rounded up to 1."""
    return "more than 0.9999" if value > 0.9999 else f"{value:.4f}"


def _runs(sizes: pd.Series) -> str:
    """Over how many runs the means are."""
    low, high = sizes.min(), sizes.max()
    if high == 1:
        return "n = 1 run"
    return f"means over {high} runs" if low == high else f"means over {low} to {high} runs"
