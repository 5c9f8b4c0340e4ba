"""The sentences of the page of predictions: who is expected to train, what to use, how sure that is."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.figures import shown
from actbench.report import numbers

CLOSE = 0.05  # share by which mean squares may differ and count as the same
EXACT = 1.1e-8  # relative error of averages that needs no word


def answer(
    expectations: pd.DataFrame, recommended: Sequence[Mapping], labels: Mapping[str, str], own: str
) -> list[str]:
    """Who is expected to train with the config's initialisation, and with the one that is recommended.

    Args:
        expectations: the table of that name, whose settings are initialisations.
        recommended: rows of `recommendation.SCHEMA`.
        labels: id to display text.
        own: the initialisation of the config.
    """
    ours = expectations[expectations["setting"] == own]
    known = ours[ours["expected_to_train"].notna()]
    found = []
    if len(known):
        failing = known[~known["expected_to_train"].astype(bool)]
        n, total = len(known) - len(failing), len(known)
        counted = f"all {total} networks" if n == total else f"{n} of {total} networks"
        lacking = f": not {_cells(failing, labels)}" if len(failing) else ""
        found.append(f"With {_worded(own)}, theory expects {counted} to train{lacking}.")
    if len(ours) > len(known):
        missing = ours[ours["expected_to_train"].isna()]
        keys = [label for key, label in labels.items() if (missing["activation"] == key).any()]
        said = f"With {_worded(own)}, theory predicts nothing of {numbers.listed(keys)}"
        why = set(missing["reason"])
        found.append(f"{said}: {why.pop()}." if len(why) == 1 else f"{said}; why stands below Table 1.")
    return [*found, *_with_advice(recommended, labels)]


def advice(row: Mapping) -> list[str]:
    """What to use for an activation and how sure one can be, a sentence each.

    Args:
        row: of `recommendation.SCHEMA`.
    """
    if row["initialisation"] is None:
        return [f"Not predicted: {row['reason']}."]
    used = f"Use {_worded(row['initialisation'])}"
    if row["gain"] is not None:
        used += f" (gain {_number(row['gain'])}, {_biases(row['bias_std'])})"
    decay = f"{row['log10_first_last']:+.2f}".replace("-", "−")
    trains = "is" if row["expected_to_train"] else "even so is not"
    used += f": {decay} decades at {shown.layers(row['depth'])}, which {trains} expected to train."
    rough = [f"Averages are known to a relative {row['error']:.0e} only."] if row["error"] > EXACT else []
    return [used, _sureness(row), *rough, _edge(row)]


def reasons(expectations: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """Of which networks nothing is predicted, and why."""
    missing = expectations[expectations["log10_first_last"].isna()]
    n_kinds, found = expectations["setting"].nunique(), []
    for (key, reason), part in missing.groupby(["activation", "reason"], sort=False):
        kinds = list(dict.fromkeys(part["setting"]))
        with_kinds = "" if len(kinds) == n_kinds else f" with {numbers.listed(kinds)}"
        found.append(f"{labels[key]}{with_kinds}: {reason}")
    return found


def _with_advice(recommended: Sequence[Mapping], labels: Mapping[str, str]) -> list[str]:
    """Which initialisation keeps the gradients of which activations closest to the same in all layers."""
    by_kind: dict[str, list[str]] = {}
    for row in recommended:
        if row["initialisation"] is not None:
            by_kind.setdefault(row["initialisation"], []).append(labels[row["activation"]])
    if not by_kind:
        return []
    parts = [f"{_worded(kind)} for {numbers.listed(keys)}" for kind, keys in by_kind.items()]
    failing = [labels[row["activation"]] for row in recommended if row["expected_to_train"] is False]
    expected = f"even so, {numbers.listed(failing)} is not" if failing else "so set, each is"
    depth = shown.layers(recommended[0]["depth"])
    said = f"At {depth}, gradients stay closest to the same in all layers with {numbers.listed(parts)}"
    return [f"{said}; {expected} expected to train there."]


def _sureness(row: Mapping) -> str:
    """Whether mean squares of pre-activations come back to their fixed point, and how far off they begin."""
    if row["q"] is None:
        return f"There is no fixed point to tell how sure that is: {row['reason']}."
    apart = row["first_q"] / row["q"]
    there = abs(apart - 1) <= CLOSE
    if row["stable"] is None and there:
        return "Mean squares keep whatever size they have: deviations neither grow nor fade."
    times = "" if there else f"{_number(apart)} times "
    begin = f"the images begin at {times}its fixed point, q = {_number(row['q'])}"
    if row["stable"] is None:
        return f"Less sure: {begin}, where deviations neither grow nor fade."
    if row["stable"]:
        return f"Surer: {begin}, which is stable: deviations fade."
    return f"Less sure: {begin}, which is unstable: deviations grow."


def _edge(row: Mapping) -> str:
    """What `critical` uses."""
    if row["edge_gain"] is None:
        return "There is no edge of chaos."
    stable = {True: ", stable", False: ", unstable", None: ""}[row["edge_stable"]]
    return f"Edge of chaos: gain {_number(row['edge_gain'])}, {_biases(row['edge_bias_std'])}{stable}."


def _cells(failing: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """`sigmoid at 4 and 8 and swish at 8 hidden layers`."""
    parts = []
    for key, label in labels.items():
        depths = sorted(failing.loc[failing["activation"] == key, "depth"])
        if depths:
            parts.append(f"{label} at {numbers.listed(list(map(str, depths)))}")
    return f"{numbers.listed(parts)} hidden layers"


def _worded(kind: str) -> str:
    return "PyTorch’s default initialisation" if kind == "default" else f"“{kind}”"


def _biases(std: float) -> str:
    return f"biases of standard deviation {_number(std)}" if std else "biases 0"


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
