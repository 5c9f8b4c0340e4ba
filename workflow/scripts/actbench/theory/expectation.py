"""From a predicted decay of gradients to whether a network is expected to train.

The limit is the middle, to one decimal, between the largest predicted decay of the default study's cells that
did not train (−3.82) and the smallest of those that did (−3.52); a cell trained if more than half of its
networks did. How it fared on other studies: docs/theory.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LIMIT = -3.7  # of log10 of the first layer's gradient over the last's

GROWS = 1.0  # above, nothing is expected: `LIMIT` was made of networks whose gradients shrink
GROWN = (
    "the first layer's gradient is predicted to be over 10 times the last's; the limit says nothing of this"
)


@dataclass(frozen=True)
class Cells:
    """Each activation at each depth with each initialisation: plain networks of layers as wide as `width`."""

    dataset: str
    activations: frozenset[str]
    depths: frozenset[int]
    initialisations: frozenset[str]
    width: int
    bias_std: float  # of critical initialisation


CHOSEN_ON = Cells(
    "digits",
    frozenset({"sigmoid", "tanh", "relu", "leakyrelu", "elu", "swish"}),
    frozenset({2, 4, 8}),
    frozenset({"default", "critical"}),
    64,
    0.2,
)


def chosen_on(dataset: str, activation: Mapping, network: Mapping, hidden: Sequence[int]) -> bool:
    """Whether the limit was chosen on such a cell, whatever its networks' training.

    Args:
        dataset: its name.
        activation: its resolved spec; with parameters of its own it is another one.
        network: the config section of its setting.
        hidden: widths of its hidden layers.

    >>> plain = {"family": "mlp", "initialisation": "default", "norm": "none", "residual": False}
    >>> relu = {"name": "relu", "import": None, "parameters": {}}
    >>> chosen_on("digits", relu, plain, [64, 64]), chosen_on("digits", relu, plain, [64] * 3)
    (True, False)
    """
    plain = network["family"] == "mlp" and network["norm"] == "none" and not network["residual"]
    return (
        plain
        and dataset == CHOSEN_ON.dataset
        and activation["import"] is None
        and not activation["parameters"]
        and activation["name"] in CHOSEN_ON.activations
        and network.get("initialisation") in CHOSEN_ON.initialisations
        and network.get("bias_std", CHOSEN_ON.bias_std) == CHOSEN_ON.bias_std
        and len(hidden) in CHOSEN_ON.depths
        and set(hidden) == {CHOSEN_ON.width}
    )


def expected(log10_first_last: float | None) -> bool | None:
    """Whether a network is expected to train; None where that is not known.

    >>> expected(-1.2), expected(-4.1), expected(3.3)
    (True, False, None)
    """
    if log10_first_last is None or log10_first_last > GROWS:
        return None
    return log10_first_last > LIMIT


def unknown(log10_first_last: float | None) -> str | None:
    """Why `expected` is not known of a decay that is."""
    return GROWN if log10_first_last is not None and log10_first_last > GROWS else None
