"""Sentences on the recipe: what was tuned, who trained with which setting."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.report import search_sentences
from actbench.report.numbers import NBSP, count, listed, quoted, span
from actbench.study import grid

TUNE = "“training.learning_rate: tuned” chooses it for each activation out of several candidates"
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
    """Optimiser, rate, initialisation, normalisation and widths of layers in words.

    Schedule, warm-up, weight decay and gain are named where they change anything.

    >>> recipe({"initialisation": "he", "norm": "none"}, {"optimizer": "sgd", "learning_rate": 0.05})
    "SGD at learning rate 0.05, He's initialisation, no normalisation of layers"
    """
    rate = training["learning_rate"]
    at = "at a tuned learning rate" if rate == grid.TUNED else f"at learning rate {rate:g}"
    parts = [f"{OPTIMISERS.get(training['optimizer'], training['optimizer'])} {at}"]
    if training.get("schedule", "constant") != "constant":
        parts.append(f"{training['schedule']} schedule")
    if training.get("warmup_epochs"):
        parts.append(f"{count(training['warmup_epochs'], 'epoch')} of warm-up")
    if training.get("weight_decay"):
        parts.append(f"weight decay {training['weight_decay']:g}")
    for key, words in (("initialisation", INITIALISATIONS), ("norm", NORMS)):
        if key in network:
            parts.append(words.get(network[key], f"{key} “{network[key]}”"))
        if key == "initialisation" and network.get(key) == "orthogonal" and network.get("gain", 1) != 1:
            parts[-1] += f" of gain {network['gain']:g}"
    if network.get("residual"):
        parts.append("residual connections")
    widths = sorted({width for sizes in network.get("hidden_sizes") or () for width in sizes})
    if widths:
        ends = span(widths, "and")
        parts.append(f"{ends} unit{'' if ends == '1' else 's'} a hidden layer")
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
    training = only["training"] | {"learning_rate": _rate(only)}
    text = f"All this holds for one recipe only: {recipe(only['network'], training)}."
    if training["learning_rate"] == grid.TUNED:
        return f"{text} “settings:” compares it with others, as studies/fair.yaml does."
    return f"{text} {TUNE} and “settings:” compares recipes; studies/fair.yaml does both."


def untuned(settings: Mapping[str, Mapping]) -> str:
    """Which of several settings have one learning rate for all activations, and how to tune it."""
    rates = {name: _rate(setting) for name, setting in settings.items()}
    fixed = {name: rate for name, rate in rates.items() if rate != grid.TUNED}
    if len(settings) < 2 or not fixed:
        return ""
    where = "" if len(fixed) == len(settings) else f" with {quoted(fixed)}"
    values = sorted(set(fixed.values()))
    if len(values) == 1:
        text = f"All activations have the same learning rate{where}, {values[0]:g}"
    else:
        text = f"All activations of a setting have the same learning rate{where}"
    return f"{text}; {TUNE}."


def tuned(rates: pd.DataFrame, settings: Mapping[str, Mapping], labels: Mapping[str, str]) -> str:
    """What was tuned, from how many candidates and seeds, which choices trained and which lie at the edge.

    Empty where no search has two candidates.

    Args:
        rates: the table of that name, of all settings.
        settings: the resolved ones by name.
        labels: id to display text.
    """
    searched = _searched(rates, settings, candidates=2)
    rates = rates[rates["setting"].isin(list(searched))]
    if rates.empty:
        return ""
    grids = sorted({tuple(search["learning_rate"]) for search in searched.values()}, key=len)
    numbers = span(map(len, grids), "or")
    values = f" ({_rates(grids[0])})" if len(grids) == 1 else ""
    seeds = span((search["seeds"] for search in searched.values()), "or")
    return (
        f"Learning rates are tuned{_of(searched, settings)} for each {_each(rates, 'activation', 'depth')}, "
        f"over {numbers} candidates{values} with {seeds} tuning seed{'' if seeds == '1' else 's'}; "
        f"{_found(rates, labels, _epochs(searched, settings))}."
    )


def budget(rates: pd.DataFrame, settings: Mapping[str, Mapping], n_evaluated: int) -> str:
    """What the search took, and that it was the same for all activations.

    Args:
        rates, settings: see `tuned`.
        n_evaluated: networks that are evaluated.
    """
    searched = _searched(rates, settings)
    epochs = _epochs(searched, settings)
    products = {(len(one["learning_rate"]), one["seeds"]) for one in searched.values()}
    sizes = f"{span((n * seeds for n, seeds in products), 'or')} networks"
    if len(products) == 1:
        ((n, seeds),) = products
        sizes = f"{count(n, 'candidate')} × {count(seeds, 'tuning seed')} = {count(n * seeds, 'network')}"
    return (
        f"Budget{_of(searched, settings)}, the same for every activation at each {_each(rates, 'depth')}: "
        f"{sizes} of at most {epochs} epoch{'' if epochs == '1' else 's'}. In all "
        f"{count(int(rates['n_trials'].sum()), 'network')} and "
        f"{count(int(rates['epochs_spent'].sum()), 'epoch')}, beside the {count(n_evaluated, 'network')} "
        "evaluated; no evaluated network took part in the choice."
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
    of = count(int(counts["size"].iloc[0]), "network")
    return f"Of {of} in each setting (n{NBSP}={NBSP}{count(runs['seed'].nunique(), 'seed')}), {text}."


def _rate(setting: Mapping) -> float | str:
    """The learning rate of all its networks, or `grid.TUNED`; one candidate leaves nothing to tune."""
    rate, candidates = setting["training"]["learning_rate"], setting["tuning"]["learning_rate"]
    return candidates[0] if rate == grid.TUNED and len(candidates) == 1 else rate


def _searched(
    rates: pd.DataFrame, settings: Mapping[str, Mapping], candidates: int = 1
) -> dict[str, Mapping]:
    """By setting the section `tuning`, where rates were searched among at least so many candidates."""
    names = set(rates["setting"])
    found = {name: setting["tuning"] for name, setting in settings.items() if name in names}
    return {name: one for name, one in found.items() if len(one["learning_rate"]) >= candidates}


def _of(searched: Mapping, settings: Mapping) -> str:
    return "" if len(searched) == len(settings) else f" with {quoted(searched)}"


def _each(rates: pd.DataFrame, *names: str) -> str:
    """These names, and `setting` and `fold` where there are several."""
    return listed([*names, *(name for name in ("setting", "fold") if rates[name].nunique() > 1)])


def _rates(grid: Sequence[float]) -> str:
    return f"{min(grid):g} to {max(grid):g}"


def _epochs(searched: Mapping[str, Mapping], settings: Mapping[str, Mapping]) -> str:
    """How many a network of these searches may take."""
    most = (one["max_epochs"] or settings[name]["training"]["max_epochs"] for name, one in searched.items())
    return span(most, "or")


def _found(rates: pd.DataFrame, labels: Mapping[str, str], epochs: str) -> str:
    """In how many searches no chosen network trained, and which other choices end the grid.

    Args:
        rates, labels: see `tuned`.
        epochs: of the searches.
    """
    failed = rates["n_trained"] == 0
    n_failed, n = int(failed.sum()), len(rates)
    if n_failed == n:
        none = "no" if n == 1 else f"in none of the {n} searches did a"
        return f"{none} network with the chosen rate train{'ed' if n == 1 else ''} within {epochs} epochs"
    n_left, n_edge = n - n_failed, int(rates.loc[~failed, "at_edge"].sum())
    other = "other " if n_failed else ""
    if n_left == 1:
        text = f"the {other}choice {'lies' if n_edge else 'does not lie'} at the edge of the grid"
    else:
        verb = "lie" if n_edge > 1 else "lies"
        text = f"{n_edge or 'none'} of the {other}{n_left} choices {verb} at the edge of the grid"
    text += f" ({search_sentences.edges(rates, labels)})" if n_edge else ""
    if not n_failed:
        return text
    none = f"in {n_failed} of the {n} searches no network with the chosen rate trained within {epochs} epochs"
    return f"{none}; {text}"
