"""Sentences on the recipe: what was tuned, who trained with which setting, and what decides a difference."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from actbench.analysis import comparisons, statistics
from actbench.report.numbers import listed
from actbench.study import grid

OPTIMISERS = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}
INITIALISATIONS = {
    "default": "PyTorch's default initialisation",
    "he": "He's initialisation",
    "xavier": "Xavier initialisation",
    "lecun": "LeCun's initialisation",
    "orthogonal": "orthogonal initialisation",
    "critical": "critical initialisation",
}
NORMS = {
    "none": "no normalisation of layers",
    "layer": "layer normalisation",
    "batch": "batch normalisation",
}


def recipe(network: Mapping, training: Mapping) -> str:
    """Optimiser, rate, initialisation and normalisation of layers in words.

    >>> recipe({"initialisation": "he", "norm": "none"}, {"optimizer": "sgd", "learning_rate": 0.05})
    "SGD at learning rate 0.05, He's initialisation, no normalisation of layers"
    """
    rate = training["learning_rate"]
    at = "at a tuned learning rate" if rate == grid.TUNED else f"at learning rate {rate:g}"
    parts = [f"{OPTIMISERS.get(training['optimizer'], training['optimizer'])} {at}"]
    for key, words in (("initialisation", INITIALISATIONS), ("norm", NORMS)):
        if key in network:
            parts.append(words.get(network[key], f"{key} “{network[key]}”"))
    if network.get("residual"):
        parts.append("residual connections")
    return ", ".join(parts)


def networks(network: Mapping) -> str:
    """What every network is, in words.

    >>> networks({"family": "mlp", "initialisation": "he", "norm": "layer", "residual": False})
    "a multilayer perceptron with He's initialisation and layer normalisation"
    """
    if network["family"] != "mlp":
        return f"of the family {network['family']}"
    parts = [INITIALISATIONS[network["initialisation"]]]
    if network["norm"] != "none":
        parts.append(NORMS[network["norm"]])
    if network["residual"]:
        parts.append("residual connections")
    return f"a multilayer perceptron with {listed(parts)}"


def only_this_recipe(settings: Mapping[str, Mapping]) -> str:
    """For which recipe the verdicts of a study of one setting hold, and how to widen it; else empty.

    Args:
        settings: the resolved ones by name.
    """
    if len(settings) > 1:
        return ""
    (only,) = settings.values()
    text = f"All this holds for one recipe only: {recipe(only['network'], only['training'])}."
    if only["training"]["learning_rate"] == grid.TUNED:
        return f"{text} “settings:” compares it with others, as studies/fair.yaml does."
    return (
        f"{text} “training.learning_rate: tuned” tunes the rate for each activation and “settings:” compares "
        "recipes; studies/fair.yaml does both."
    )


def untuned(settings: Mapping[str, Mapping]) -> str:
    """Which of several settings have one learning rate for all activations, and how to tune it."""
    fixed = {
        name: recipe["training"]["learning_rate"]
        for name, recipe in settings.items()
        if recipe["training"]["learning_rate"] != grid.TUNED
    }
    if len(settings) < 2 or not fixed:
        return ""
    where = "" if len(fixed) == len(settings) else f" with {_quoted(fixed)}"
    values = sorted(set(fixed.values()))
    if len(values) == 1:
        text = f"All activations have the same learning rate{where}, {values[0]:g}"
    else:
        text = f"All activations of a setting have the same learning rate{where}"
    return f"{text}; “training.learning_rate: tuned” tunes it for each."


def tuned(rates: pd.DataFrame, settings: Mapping[str, Mapping]) -> str:
    """What was tuned, from how many candidates and seeds, and how many choices lie at the edge.

    Args:
        rates: the table of that name, of all settings.
        settings: the resolved ones by name.
    """
    searched = [settings[name]["tuning"] for name in settings if name in set(rates["setting"])]
    grids = sorted({tuple(search["learning_rate"]) for search in searched}, key=len)
    numbers = _range(len(grid) for grid in grids)
    values = f" ({_rates(grids[0])})" if len(grids) == 1 else ""
    seeds = _range(search["seeds"] for search in searched)
    each = listed(["activation", "depth", *["setting"] * (len(settings) > 1), *["fold"] * _folded(rates)])
    where = "" if len(searched) == len(settings) else f" with {_quoted(sorted(set(rates['setting'])))}"
    return (
        f"Learning rates are tuned for each {each}{where}, over {numbers} candidates{values} with {seeds} "
        f"tuning seed{'' if seeds == '1' else 's'}; {_edges(rates)}."
    )


def budget(rates: pd.DataFrame, settings: Mapping[str, Mapping], n_evaluated: int) -> str:
    """What the search took, and that it was the same for all activations.

    Args:
        rates, settings: see `tuned`.
        n_evaluated: networks that are evaluated.
    """
    searched = [settings[name] for name in settings if name in set(rates["setting"])]
    epochs = _range(one["tuning"]["max_epochs"] or one["training"]["max_epochs"] for one in searched)
    products = {(len(one["tuning"]["learning_rate"]), one["tuning"]["seeds"]) for one in searched}
    sizes = _range(n * seeds for n, seeds in products)
    if len(products) == 1:
        ((n, seeds),) = products
        sizes = f"{n} candidates × {seeds} tuning seeds = {n * seeds}"
    place = listed(["depth", *["setting"] * (len(settings) > 1), *["fold"] * _folded(rates)])
    return (
        f"Budget, the same for every activation at each {place}: {sizes} networks of at most {epochs} "
        f"epochs. In all {int(rates['n_trials'].sum()):,} networks and "
        f"{int(rates['epochs_spent'].sum()):,} epochs, beside the {n_evaluated:,} networks that are "
        "evaluated; none of these took part in the choice."
    )


def trained_by_setting(runs: pd.DataFrame, settings: Sequence[str]) -> str:
    """How many networks trained with each of several settings.

    Args:
        runs: the table of that name, of all settings.
        settings: their names, in order.
    """
    if len(settings) < 2:
        return ""
    counts = runs.groupby("setting", observed=True)["trained"].agg(["sum", "size"])
    parts = [f"{int(counts.loc[name, 'sum'])} trained with “{name}”" for name in settings]
    text = listed([parts[0], *(part.replace(" trained", "") for part in parts[1:])])
    return f"Of {int(counts['size'].iloc[0]):,} networks a setting, {text}."


def turned(comparison: pd.DataFrame, labels: Mapping[str, str], settings: Sequence[str]) -> str:
    """Which cells trained from no seed in the first setting and from all in another, or the reverse.

    That the setting decided is said from three seeds on: these are the same activations and seeds.

    Args:
        comparison: the table of that name, of all settings.
        labels: id to display text.
        settings: their names, the reference first.
    """
    if len(settings) < 2:
        return ""
    first, *others = settings
    cells = comparison.set_index(["activation", "depth", "setting"])
    groups: dict[tuple, dict[str, list]] = {}
    for key in labels:
        for depth in sorted(set(comparison["depth"])):
            before = cells.loc[(key, depth, first)]
            n = int(before["n_seeds"])
            for start, end in ((0, n), (n, 0)):
                if before["n_trained"] != start:
                    continue
                where = tuple(name for name in others if cells.loc[(key, depth, name), "n_trained"] == end)
                if where:
                    groups.setdefault((where, start, end), {}).setdefault(key, []).append(int(depth))
    parts = []
    for (where, start, end), found in groups.items():
        every = len(others) > 1 and list(where) == others
        which = "each other setting" if every else _quoted(where)
        named = [f"{labels[key]} ({_depths(depths)})" for key, depths in found.items()]
        n = max(start, end)
        parts.append(
            f"{'with' if parts else 'With'} {which} instead of “{first}”, {listed(named)} trained from "
            f"{end} of {n} seed{'' if n == 1 else 's'} instead of {start}"
        )
    if not parts:
        return ""
    enough = comparison["n_seeds"].max() >= statistics.FEWEST
    decided = ": there the setting decided who trained, not the activation alone"
    return f"{'; '.join(parts)}{decided if enough else ''}."


def attributed(
    attribution: pd.DataFrame, labels: Mapping[str, str], baseline: str, reference: str, margin: float
) -> str:
    """Which differences to the baseline the setting decides, which the activation, and what is inconclusive.

    With the number of seeds that would decide.

    Args:
        attribution: the table of that name.
        labels: id to display text.
        baseline: the label of the activation that the others are compared with.
        reference: the first setting.
        margin: changes up to this size count as none.
    """
    rows = attribution[attribution["depth"].isna()]
    if rows.empty:
        return ""
    several, one = rows["setting"].nunique() > 1, len(rows) == 1
    parts = []
    for word in ("setting", "activation"):
        chosen = rows[rows["verdict"] == word]
        if len(chosen):
            verb = "" if parts else " decides"
            parts.append(f"the {word}{verb} {len(chosen)}: {_of_settings(chosen, labels, several)}")
    parts = parts or ["neither the setting nor the activation surely decides any"]
    unclear = rows[rows["verdict"] == "inconclusive"]
    lacking, same = unclear["n"] < 2, within(unclear, margin)
    if len(undecided := unclear[~lacking & ~same]):
        parts.append(
            f"{_are(undecided)} inconclusive at n = {_range(undecided['n'])} ({_required(undecided)})"
        )
    if same.any():
        parts.append(f"{_are(unclear[same])} the same, but not decided alike in every setting")
    if lacking.any():
        parts.append(f"{_are(unclear[lacking])} open: fewer than two seeds trained in all four cells")
    what = "one difference" if one else f"{len(rows)} differences"
    where = f", in each other setting against “{reference}”" if several else ""
    return f"Of the {what} to {baseline}{where}, {'; '.join(parts)}."


def within(rows: pd.DataFrame, margin: float) -> pd.Series:
    """Of which rows the interval lies within ±`margin`."""
    low, high = (rows[name].astype(float) for name in ("difference_low", "difference_high"))
    return (low >= -margin - statistics.NOISE) & (high <= margin + statistics.NOISE)


def _are(rows: pd.DataFrame) -> str:
    return f"{len(rows)} {'is' if len(rows) == 1 else 'are'}"


def _required(undecided: pd.DataFrame) -> str:
    """How many seeds would decide, from the fewest to the most, and for how many no number would."""
    known = undecided["required_seeds"].dropna()
    never = len(undecided) - len(known)
    if not len(known):
        return f"no number of seeds up to {comparisons.MOST_SEEDS:,} would decide"
    text = f"about {_range(known)} seeds would decide"
    if not never:
        return text
    others = "the other" if never == 1 else f"the other {never}"
    return f"{text} {len(known)}, no number up to {comparisons.MOST_SEEDS:,} {others}"


def _of_settings(rows: pd.DataFrame, labels: Mapping[str, str], several: bool) -> str:
    """`sigmoid`, or where there are several settings `sigmoid (“he” and “layer”)`."""
    by_name = rows.groupby("activation", observed=True, sort=False)["setting"].apply(list)
    return listed(
        [f"{labels[key]} ({_quoted(names)})" if several else labels[key] for key, names in by_name.items()]
    )


def _quoted(names: Iterable[str]) -> str:
    return listed([f"“{name}”" for name in names])


def _depths(depths: Sequence[int]) -> str:
    return f"depth {listed(list(map(str, depths)))}"


def _range(numbers: Iterable[float]) -> str:
    """`5`, or `5 to 7`."""
    found = sorted({int(number) for number in numbers})
    return f"{found[0]:,}" if len(found) == 1 else f"{found[0]:,} to {found[-1]:,}"


def _rates(grid: Sequence[float]) -> str:
    return f"{min(grid):g} to {max(grid):g}" if len(grid) > 1 else f"{grid[0]:g}"


def _edges(rates: pd.DataFrame) -> str:
    """How many choices are the smallest or largest candidate."""
    n_edge, n = int(rates["at_edge"].sum()), len(rates)
    if n == 1:
        return f"the choice {'lies' if n_edge else 'does not lie'} at the edge of the grid"
    return f"{n_edge or 'none'} of the {n} choices {'lie' if n_edge > 1 else 'lies'} at the edge of the grid"


def _folded(rates: pd.DataFrame) -> bool:
    return rates["fold"].nunique() > 1
