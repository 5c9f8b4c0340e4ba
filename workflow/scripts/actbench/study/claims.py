"""Claims of a study, which its report answers first: their grammar, and that the study can answer them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from actbench.errors import UserError
from actbench.study import messages
from actbench.study.relations import ACCURACIES, TRAINS

FORM = re.compile(rf"(\S+) ({'|'.join([*ACCURACIES, TRAINS])}) (\S+) at depth ([0-9]{{1,6}})(?: in (\S+))?")
ALLOWED = f"A > B at depth D, or with <, = or “{TRAINS}” for >, and “in SETTING” at the end or not"


@dataclass(frozen=True)
class Claim:
    """One claim on two activations of a depth and setting.

    Args:
        text: as it was written, with single blanks.
        activation, relation, other: `>`, `<` and `=` are of test accuracies, `TRAINS` of who trains.
        depth, setting: where it is claimed.
    """

    text: str
    activation: str
    relation: str
    other: str
    depth: int
    setting: str


def of_config(config: Mapping) -> list[Claim]:
    """The claims of a resolved config; of those that name no setting, it is the first.

    Raises:
        UserError: one is no claim, or not one on this study.

    >>> config = {
    ...     "activations": [{"id": "tanh"}, {"id": "relu"}],
    ...     "depths": [8],
    ...     "settings": {"default": {}},
    ...     "report": {"claims": ["tanh > relu  at depth 8"]},
    ... }
    >>> of_config(config)[0].text
    'tanh > relu at depth 8'
    """
    return [_claim(text, config) for text in config["report"].get("claims", [])]


def _claim(given: str, config: Mapping) -> Claim:
    text = " ".join(given.split())
    found, said = FORM.fullmatch(text), f"report.claims: {messages.cut(repr(given))}"
    if found is None:
        raise UserError(f"{said} is no claim; allowed: {ALLOWED}.")
    activation, relation, other, depth, setting = found.groups()
    settings = list(config["settings"])
    setting = settings[0] if setting is None else setting
    ids = [entry["id"] for entry in config["activations"]]
    for kind, value, known in (
        ("activation", activation, ids),
        ("activation", other, ids),
        ("depth", int(depth), config["depths"]),
        ("setting", setting, settings),
    ):
        if value not in known:
            near = messages.nearest(value, known) if isinstance(value, str) else ""
            listed = ", ".join(map(str, known))
            raise UserError(f"{said} names the {kind} {messages.plain(value)}{near}; allowed: {listed}.")
    if activation == other:
        raise UserError(f"{said} names {activation} twice; allowed: two activations.")
    return Claim(text, activation, relation, other, int(depth), setting)


def values(config: Mapping) -> list[dict]:
    """The claims as plain values, for the params of a rule."""
    return [vars(claim) for claim in of_config(config)]
