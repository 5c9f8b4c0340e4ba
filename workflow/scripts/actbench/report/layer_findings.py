"""The sentences that the sections on layers, functions and what a study took open with, as in `findings`."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from actbench.analysis import statistics
from actbench.figures.shown import layers
from actbench.report.numbers import be, count, fixed, have, listed, of_log10, percent, significant, some, span

CELL = ["activation", "depth"]
WHEN = {"init": "at initialisation", "trained": "after training"}


def gradients(rows: pd.DataFrame, runs: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """How much smaller the first layer's gradient is than the last's, in the deepest networks.

    Of new networks, and of those that trained after training; medians over networks.

    Args:
        rows: the table `gradients`.
        runs: the table of that name.
        labels: id to display text.
    """
    chosen = (rows["tensor"] == "preactivation") & rows["checkpoint"].isin(WHEN)
    deepest = rows[chosen & (rows["depth"] == rows["depth"].max())]
    if deepest.empty:
        return ""
    ratios = statistics.decays(deepest.astype({"activation": str, "setting": str}))
    keys = ["activation", "depth", "seed", "fold"]
    ratios = ratios.merge(runs[[*keys, "trained"]].astype({"activation": str}), on=keys)
    ends, sizes, without = [], [], []
    for checkpoint, words in WHEN.items():
        own = ratios[ratios["checkpoint"] == checkpoint]
        own = own[own["trained"].astype(bool)] if checkpoint == "trained" else own
        without += [f"{n} of {labels[key]} {words}" for key, n in _unknown(own).items()]
        known = own.dropna(subset="log10_first_last").groupby("activation")["log10_first_last"]
        if len(known):
            whose = f"{words}{' in those that trained' if checkpoint == 'trained' else ''}"
            last = "times" if ends else "times the last's"
            ends.append(f"{_ends(known.median(), labels, of_log10)} {last} {whose}")
            sizes.append(span(known.size()))
    what = f"With {layers(int(deepest['depth'].iloc[0]))}, the first layer's gradient of the pre-activations"
    if not ends:
        return f"{what} over the last's is known of no network: some layer's is zero or not finite."
    n = listed(list(dict.fromkeys(sizes)))
    left_out = f"; left out, zero or not finite: {some(without)}" if without else ""
    return f"{what} is {', and '.join(ends)} (medians over n = {_of_networks(n)} an activation{left_out})."


def distributions(rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """How large the last hidden layer's activations are in the deepest new networks; who is saturated most.

    Args:
        rows: the table `distributions`.
        labels: id to display text.
    """
    deepest = rows[rows["depth"] == rows["depth"].max()]
    new = deepest[(deepest["signal"] == "activation") & (deepest["checkpoint"] == "init")]
    last = new[new["layer"] == new["layer"].max()].dropna(subset=["mean", "std"])
    rms = np.sqrt(last["mean"].astype(float) ** 2 + last["std"].astype(float) ** 2)
    known = rms.groupby(last["activation"].astype(str))
    text = (
        f"At initialisation with {layers(int(deepest['depth'].iloc[0]))} the last hidden layer's activations "
    )
    if len(known):
        ends = _ends(known.median(), labels, significant)
        text += f"have a root mean square of {ends}, medians over n = {_of_networks(span(known.size()))}."
    else:
        text += "have no finite root mean square."
    return f"{text} {saturation(rows, labels)}"


def saturation(rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Where most pre-activations are saturated, of the mean over a cell's layers and networks."""
    rows = rows[(rows["signal"] == "preactivation") & rows["checkpoint"].isin(WHEN)]
    shares = rows.dropna(subset="saturated_fraction").groupby([*CELL, "checkpoint"], observed=True)
    shares = shares["saturated_fraction"].mean()
    if shares.empty or shares.max() == 0:
        return "No pre-activation is saturated."
    parts = []
    for checkpoint, words in WHEN.items():
        own = shares[shares.index.get_level_values("checkpoint") == checkpoint]
        if len(own) and own.max() > 0:
            key, depth, _ = own.idxmax()
            parts.append(f"{_most(own.max())} {words} ({labels[key]}, {layers(depth)})")
        elif len(own):
            parts.append(f"none {words}")
    return f"Saturated pre-activations: {listed(parts)}, means of networks that did not diverge."


def dead(shares: Sequence[Mapping], labels: Mapping[str, str]) -> str:
    """Where most units are dead, and how many activations have none.

    Args:
        shares: as `dead_neurons.unit_shares` gives them, after training of networks that trained.
        labels: id to display text.
    """
    parts, dying, sizes = [], set(), []
    for checkpoint, when in WHEN.items():
        words = f"{when}{' in networks that trained' if checkpoint == 'trained' else ''}"
        known = [row for row in shares if not pd.isna(row.get(f"dead_{checkpoint}"))]
        if not known:
            continue
        sizes += [row[f"n_{checkpoint}"] for row in known]
        dying |= {row["key"] for row in known if row[f"dead_{checkpoint}"] > 0}
        most = max(known, key=lambda row: row[f"dead_{checkpoint}"])
        share = most[f"dead_{checkpoint}"]
        where = f"{labels[most['key']]}, {layers(most['depth'])}"
        parts.append(f"{_most(share)} {words} ({where})" if share > 0 else f"none {words}")
    n = f"n = {_of_networks(span(pd.Series(sizes)))} an activation and depth"
    if not dying:
        when = listed([part.removeprefix("none ") for part in parts]).replace(" and ", " or ")
        return f"No unit is dead {when} ({n})."
    text = f"Of a network's hidden units {listed(parts)} are dead, means over {n}."
    every = {row["key"] for row in shares}
    none = len(every) - len(dying)
    return f"{text} {none} of {count(len(every), 'activation')} {have(none)} none." if none else text


def functions(properties: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """How many of the functions are bounded, can die and have a continuous derivative."""
    n = len(properties)
    columns = {
        "bounded on both sides": properties["bounded_below"].eq(True) & properties["bounded_above"].eq(True),
        "flat over an interval, where a unit stops learning": properties["can_die"].eq(True),
        "monotone": properties["monotone"].eq(True),
    }
    parts = []
    for words, chosen in columns.items():
        names = [labels[key] for key in properties.loc[chosen, "activation"]]
        named = f" ({some(names)})" if 0 < len(names) <= max(3, n // 2) and len(names) < n else ""
        parts.append(f"{len(names) or 'none'} {be(len(names))} {words}{named}")
    return f"Of {count(n, 'function')}, {listed(parts)}."


def cost(
    training: Mapping[int, Sequence[Mapping]],
    functions: Mapping[str, Mapping],
    labels: Mapping[str, str],
    baseline: str,
    setting: str = "",
) -> str:
    """What the functions cost beside the baseline, and how long networks took to train.

    Args:
        training: as `cost.training_cost` gives it.
        functions: as `cost.activation_cost` gives it.
        labels: id to display text.
        baseline: its label.
        setting: whose networks these are, where there are several.
    """
    texts, ratios = [], {key: row["ratio"] for key, row in functions.items()}
    if len(ratios) > 1:
        low, high = (fixed(choose(ratios.values())) for choose in (min, max))
        n = span(row["n"] for row in functions.values())
        slower = [labels[key] for key, row in functions.items() if row["ratio_low"] > 1]
        faster = [labels[key] for key, row in functions.items() if row["ratio_high"] < 1]
        longer, shorter = (some(names) if names else "none" for names in (slower, faster))
        texts.append(
            f"Timed alone, forward and backward, the functions take {low} to {high} times as long as "
            f"{baseline} (medians of n = {n} rounds); {longer} took longer in three of four, {shorter} less."
        )
    rows = [row | {"depth": depth} for depth, of_depth in training.items() for row in of_depth]
    ends = [choose(rows, key=lambda row: row["seconds"]) for choose in (min, max)]
    named = [f"{row['seconds']:#.3g} s ({labels[row['key']]}, {layers(row['depth'])})" for row in ends]
    took = named[0] if len(rows) == 1 else " to ".join(named)
    n = count(sum(row["n"] for row in rows), "job")
    n += f" with “{setting}”" if setting else ""
    texts.append(f"In {n} training took {took} a network; other jobs ran beside.")
    return " ".join(texts)


def method(sizes: Mapping[str, int], images: Mapping[str, int], examples: str, epochs: int) -> str:
    """How many networks were trained, on how much, for how long.

    Args:
        sizes: how many there are of what is combined, by its word; of more than activations, depths and seeds
            only what there are several of is named.
        images: see `catalogue.image_counts`.
        examples: what they are called.
        epochs: that a network may take at most.
    """
    always = ("activation", "depth", "seed")
    product = " × ".join(count(n, word) for word, n in sizes.items() if n > 1 or word in always)
    held = f"{images['validation']:,} for validation" if images["validation"] else "none for validation"
    networks = f"{count(math.prod(sizes.values()), 'network')} ({product})"
    return (
        f"{networks}, trained for at most {count(epochs, 'epoch')} on "
        f"{images['training']:,} {examples}, with {held} and {images['test']:,} for the test."
    )


def provenance(stages: Sequence[Mapping], n_networks: int, n_diverged: int) -> str:
    """How many jobs and how much time the study took, and how many networks diverged.

    Args:
        stages: as `provenance.stage_times` gives them.
        n_networks, n_diverged: of all settings.
    """
    minutes = sum(stage["seconds"] for stage in stages) / 60
    n_jobs = sum(stage["jobs"] for stage in stages)
    took = f"{fixed(minutes)} minutes" if minutes < 120 else f"{fixed(minutes / 60)} hours"
    jobs = f"{count(n_jobs, 'job')} of {count(len(stages), 'stage')}"
    return f"{jobs} took {took} in all; {n_diverged or 'none'} of {count(n_networks, 'network')} diverged."


def downloads(n_tables: int, n_papers: int) -> str:
    """What the page holds for download."""
    return (
        f"This page holds {count(n_tables, 'table')} as CSV and {count(n_papers, 'file')} for papers, "
        "and opens without any other file."
    )


def _unknown(ratios: pd.DataFrame) -> dict[str, int]:
    """How many networks of an activation have no first layer's gradient over the last's, where some have."""
    unknown = ratios["log10_first_last"].isna().groupby(ratios["activation"])
    return {key: n for key, n in unknown.sum().items() if 0 < n < unknown.size()[key]}


def _ends(values: pd.Series, labels: Mapping[str, str], text: Callable[[float], str]) -> str:
    """The smallest and the largest of the activations' values, and whose they are."""
    low, high = values.idxmin(), values.idxmax()
    ends = [f"{text(values[key])} ({labels[key]})" for key in (low, high)]
    if len(values) > 1 and text(values[low]) == text(values[high]):
        return f"{text(values[low])} (all {len(values)})"
    return ends[0] if len(values) == 1 else " to ".join(ends)


def _most(share: float) -> str:
    return f"less than {percent(0.001)}" if share < 0.0005 else f"at most {percent(share)}"


def _of_networks(n: str) -> str:
    """`1 network`, `3 to 5 networks`."""
    return f"{n} network{'' if n == '1' else 's'}"
