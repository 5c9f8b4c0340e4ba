"""The registry of activation functions, and modules made from it or from a user's own class.

Nothing here imports torch before a module is made, so that planning a study stays fast.
"""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from actbench.activations.functions import ALIASES, REGISTRY
from actbench.errors import DamagedError, UserError, one_line
from actbench.runtime import imports

if TYPE_CHECKING:
    from torch import nn


def create(spec: str | Mapping) -> "nn.Module":
    """Make a fresh module from a name of the registry or a resolved spec.

    Args:
        spec: a name, or `name`, `parameters`, and `import`: None for an entry of the registry, or
            "module:class" of a user's own, imported from the working directory and called with the
            parameters.

    Raises:
        UserError: the name is unknown; the user's class cannot be imported or made, or breaks what an
            activation must keep to (`contract.check`).
    """
    if isinstance(spec, str):
        spec = named(spec)
    if spec["import"] is not None:
        return _user_module(spec)
    entry = REGISTRY[spec["name"]]
    keywords = {p.keyword: spec["parameters"].get(key, p.default) for key, p in entry.parameters.items()}
    return _resolve(entry.target)(**keywords, **entry.options)


def named(name: str) -> dict:
    """The resolved spec of a name or alias of the registry, all parameters at their defaults.

    Raises:
        UserError: the name is unknown.
    """
    known = ALIASES.get(name, name)
    if known not in REGISTRY:
        raise UserError(f"activation {name!r} is unknown; allowed: {', '.join([*REGISTRY, *ALIASES])}.")
    return {"import": None, "name": known, "parameters": {}}


def checked(spec: object, path: str | Path) -> dict:
    """A spec that a file holds: of the registry, or one whose `import` nobody has followed yet.

    Raises:
        DamagedError: it is none; the sentence names `path`.
    """
    if not isinstance(spec, Mapping) or spec.keys() != {"import", "name", "parameters"}:
        raise DamagedError(path, "it names no activation")
    name, parameters = spec["name"], spec["parameters"]
    numbers = isinstance(parameters, Mapping) and all(type(v) in (int, float) for v in parameters.values())
    if not isinstance(name, str) or not numbers:
        raise DamagedError(path, f"the parameters of its activation are {parameters!r}, and not numbers")
    if spec["import"] is None and (
        name not in REGISTRY or not parameters.keys() <= REGISTRY[name].parameters.keys()
    ):
        raise DamagedError(path, f"its activation {name!r} with {dict(parameters)} is none of the registry")
    return dict(spec)


def interchangeable(spec: str | Mapping) -> bool:
    """Whether one module of this activation may stand for several.

    It may if it learns nothing, draws nothing and works element by element: all of the registry that is
    neither `trainable` nor `random`. Of a user's own class none of this is known.
    """
    if isinstance(spec, str):
        spec = named(spec)
    if spec["import"] is not None:
        return False
    entry = REGISTRY[spec["name"]]
    return not entry.trainable and not entry.random


def pure(spec: str | Mapping) -> bool:
    """Whether an activation neither draws random numbers nor changes its state but by learning.

    That holds for the registry but what is `random` there, and for a user's own class that says so with
    `cuda_graph_safe = True`.
    """
    if isinstance(spec, str):
        spec = named(spec)
    if spec["import"] is None:
        return not REGISTRY[spec["name"]].random
    from actbench.activations import contract

    return contract.cuda_graph_safe(_own_class(spec))


def _resolve(target: str):
    """Import "module:attribute"."""
    module, attribute = target.split(":")
    return getattr(importlib.import_module(module), attribute)


def _user_module(spec: Mapping) -> "nn.Module":
    from actbench.activations import contract, patience

    with patience.watched(f"activations: {spec['name']} (import: {spec['import']})"):
        cls = _own_class(spec)
        contract.check(cls, spec)
        return contract.make(cls, spec)


def _own_class(spec: Mapping) -> "type[nn.Module]":
    """The user's class; what its module draws when it is imported is the same in every process."""
    from actbench.activations import contract, switches
    from actbench.runtime import seeds

    def refusal(words: str) -> UserError:
        return contract.refusal(spec, f"{words} when it is imported{contract.SETTINGS}")

    with seeds.drawn_from(0), switches.kept(refusal):
        return _user_class(spec)


def _user_class(spec: Mapping) -> "type[nn.Module]":
    """The class that the spec holds, or names in the working directory."""
    if not isinstance(spec["import"], str):
        return spec["import"]
    try:
        return imports.user_attribute(spec["import"])
    except UserError:
        raise
    except BaseException as error:  # it is anybody's code
        from actbench.activations import places

        place = f" ({found})" if (found := places.of_error(error)) else ""
        words = f"activations: {spec['name']} (import: {spec['import']}): {one_line(error)}{place}."
        raise UserError(words) from error


def formulas(spec: Mapping) -> dict[str, str | None]:
    """LaTeX of f, with the values of its parameters, and of f′; a user's own activation has none."""
    if spec["import"] is not None:
        return {"formula": None, "formula_derivative": None}
    entry = REGISTRY[spec["name"]]
    values = ((p.symbol, spec["parameters"].get(key, p.default)) for key, p in entry.parameters.items())
    set_to = "".join(rf", \quad {symbol} = {value:g}" for symbol, value in values)
    return {"formula": entry.formula + set_to, "formula_derivative": entry.derivative}
