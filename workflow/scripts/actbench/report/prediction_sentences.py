"""The sentences of the page of predictions: who is expected to train, what to use, how sure that is."""

from collections.abc import Mapping, Sequence

import pandas as pd

from actbench.figures import shown
from actbench.report import numbers
from actbench.study import grid

CLOSE = 0.05  # share by which mean squares may differ and count as the same
EXACT = 1.1e-8  # relative error of averages that needs no word
EXPECTED = {
    True: "such a network is expected to train",
    False: "even so, such a network is not expected to train",
    None: "the limit says nothing of such a network",
}


def findings(
    expectations: pd.DataFrame, recommended: Sequence[Mapping], labels: Mapping[str, str], own: str
) -> list[tuple[str, str]]:
    """Who is expected to train with the config's initialisation, and with the one that is recommended.

    A name and a sentence each; the first is the headline.

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
        found.append(("Expected", f"With {_worded(own)}, theory {_counted(len(known), failing, labels)}."))
    missing = ours[ours["log10_first_last"].isna()]
    if len(missing):
        keys = [label for key, label in labels.items() if (missing["activation"] == key).any()]
        said = f"With {_worded(own)}, theory predicts nothing of {numbers.listed(keys)}"
        why = set(missing["reason"])
        text = f"{said}: {why.pop()}." if len(why) == 1 else f"{said}; why stands below Table 1."
        found.append(("Unknown", text))
    found += [("Growing", text) for text in growing(ours, labels)]
    found += [("Better", text) for text in _with_advice(recommended, labels)]
    return found + [("How sure", text) for text in _certainty(recommended)]


def _certainty(recommended: Sequence[Mapping]) -> list[str]:
    """Of how many recommendations the examples' mean squares stay near a stable fixed point."""
    known = [row for row in recommended if row["initialisation"] is not None]
    stable = sum(row["stable"] is True for row in known)
    if not known:
        return []
    said = (
        f"Under {stable} of {numbers.count(len(known), 'recommendation')}, mean squares return to a stable "
    )
    return [
        f"{said}fixed point, where a prediction is surest; all of it is of wide networks before training."
    ]


def by_initialisation(expectations: pd.DataFrame, kinds: Sequence[str]) -> str:
    """How many networks are not expected to train under each initialisation; empty where none is known."""
    known = expectations[expectations["expected_to_train"].notna()]
    failing = known[~known["expected_to_train"].astype(bool)]
    parts = [
        f"{(failing['setting'] == kind).sum()} of {(known['setting'] == kind).sum()} with {_worded(kind)}"
        for kind in kinds
        if (known["setting"] == kind).any()
    ]
    return f"Not expected to train: {numbers.listed(parts)}." if parts else ""


def recommendations(recommended: Sequence[Mapping], labels: Mapping[str, str]) -> str:
    """Which initialisation is recommended for which activations."""
    by_kind: dict[str, list[str]] = {}
    for row in recommended:
        if row["initialisation"] is not None:
            by_kind.setdefault(row["initialisation"], []).append(labels[row["activation"]])
    parts = [f"{_worded(kind)} for {numbers.listed(keys)}" for kind, keys in by_kind.items()]
    if not parts:
        return "No initialisation can be recommended: nothing is predicted."
    return f"Recommended: {'; '.join(parts)}."


def growing(expectations: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """A sentence an initialisation: in which networks gradients grow so much that nothing is expected."""
    grown, found = expectations[_grown(expectations)], []
    for kind, part in grown.groupby("setting", sort=False):
        times = ("" if len(part) == 1 else "up to ") + _times(part["log10_first_last"].max())
        found.append(
            f"With {_worded(kind)}, the first layer’s gradient is predicted to be {times} times the last’s "
            f"({_cells(part, labels)}); the limit was made of networks whose gradients shrink, and says "
            "nothing of these."
        )
    return found


def advice(row: Mapping, network: Mapping, examples: str = "images") -> list[str]:
    """What to use for an activation and how sure one can be, a sentence each.

    Args:
        row: of `recommendation.SCHEMA`.
        network: the section of the config.
        examples: what they are called, see `numbers.examples`.
    """
    if row["initialisation"] is None:
        return [f"Not predicted: {row['reason']}."]
    used = f"Use {_worded(row['initialisation'])}"
    if row["gain"] is not None:
        used += f" (gain {_number(row['gain'])}, {_biases(row['bias_std'])})"
    decay = numbers.fixed(row["log10_first_last"], 2, "+").replace("-", "−")
    used += f": {decay} decades at {shown.layers(row['depth'])}; {EXPECTED[row['expected_to_train']]}."
    rough = [f"Averages are known to a relative {row['error']:.0e} only."] if row["error"] > EXACT else []
    return [used, _sureness(row, examples), *rough, *_edge(row, network)]


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
    """With which initialisation first and last gradients are closest in size, and who trains so.

    Those of which that is not known are left out.
    """
    by_kind: dict[str, list[str]] = {}
    known = [row for row in recommended if row["expected_to_train"] is not None]
    for row in known:
        by_kind.setdefault(row["initialisation"], []).append(labels[row["activation"]])
    if not by_kind:
        return []
    parts = [f"{_worded(kind)} for {numbers.listed(keys)}" for kind, keys in by_kind.items()]
    failing = [labels[row["activation"]] for row in known if row["expected_to_train"] is False]
    if failing:
        expected = f"even so, {numbers.listed(failing)} {'is' if len(failing) == 1 else 'are'} not"
    else:
        expected = "so initialised, " + ("it is" if len(known) == 1 else "all are")
    said = (
        f"At {shown.layers(known[0]['depth'])}, the first layer’s gradient is closest in size to the last’s"
    )
    return [f"{said} with {numbers.listed(parts)}; {expected} expected to train."]


def _counted(total: int, failing: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """`expects 3 of 4 networks to train: not swish at 8 hidden layers`."""
    n = total - len(failing)
    if total == 1:
        return f"{'expects' if n else 'does not expect'} the one network to train"
    counted = f"all {total} networks" if n == total else f"{n} of {total} networks"
    return f"expects {counted} to train" + (f": not {_cells(failing, labels)}" if len(failing) else "")


def _grown(expectations: pd.DataFrame) -> pd.Series:
    """The rows with a decay of which nothing is expected."""
    return expectations["log10_first_last"].notna() & expectations["expected_to_train"].isna()


def _times(decay: float) -> str:
    """`2,000`; `10^12` from a million on."""
    return f"10^{decay:.0f}" if decay >= 6 else f"{float(numbers.significant(10**decay)):,.0f}"


def _sureness(row: Mapping, examples: str) -> str:
    """Whether mean squares of pre-activations come back to their fixed point, and how far off they begin."""
    if row["q"] is None:
        return f"There is no fixed point to tell how sure that is: {row['reason']}."
    apart = row["first_q"] / row["q"]
    there = abs(apart - 1) <= CLOSE
    if row["stable"] is None and there:
        return "Mean squares keep whatever size they have: deviations neither grow nor fade."
    times = "at" if there else f"{_number(apart)} times"
    begin = f"the {examples}’ first mean square is {times} the fixed point, q = {_number(row['q'])}"
    if row["stable"] is None:
        return f"Less sure: {begin}, where deviations neither grow nor fade."
    if row["stable"]:
        return f"Surer: {begin}, which is stable: deviations fade."
    return f"Less sure: {begin}, which is unstable: deviations grow."


def _edge(row: Mapping, network: Mapping) -> list[str]:
    """What `critical` uses; nothing of networks whose mean squares and gradients have another map."""
    if not grid.is_plain(network) or "bias_std" not in network:
        return []
    if row["edge_gain"] is None:
        return [f"No edge of chaos is known with {_biases(network['bias_std'])}."]
    stable = {True: ", stable", False: ", unstable", None: ""}[row["edge_stable"]]
    return [f"Edge of chaos: gain {_number(row['edge_gain'])}, {_biases(row['edge_bias_std'])}{stable}."]


def _cells(failing: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """`sigmoid at 4 and 8 and swish at 8 hidden layers`."""
    parts = []
    for key, label in labels.items():
        depths = sorted(failing.loc[failing["activation"] == key, "depth"])
        if depths:
            parts.append(f"{label} at {numbers.listed(list(map(str, depths)))}")
    only_one = (failing["depth"] == 1).all()
    return f"{numbers.listed(parts)} hidden layer{'' if only_one else 's'}"


def _worded(kind: str) -> str:
    return "PyTorch’s default initialisation" if kind == "default" else f"“{kind}”"


def _biases(std: float) -> str:
    return f"biases of standard deviation {_number(std)}" if std else "biases 0"


def _number(value: float) -> str:
    return numbers.significant(value, 3).replace("-", "−")
