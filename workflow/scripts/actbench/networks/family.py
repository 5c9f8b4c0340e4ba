"""Families of networks: each module of `families` is one, and offers what stands here.

The `build(recipe, generator)` of such a module gives a `Network`. Settings of its own are keys that it adds
to the config's section `network`: `SETTINGS`, a literal mapping of names to JSON Schema, each with a default.

Nothing here imports torch before a network is built, so that planning a study stays fast. A family is loaded
by its name, so that a job's code names no other.
"""

import ast
import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from actbench.errors import DamagedError, UserError
from actbench.networks import families
from actbench.runtime import imports, parsing

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


@dataclass(frozen=True)
class Recipe:
    """What a network is built from.

    Attributes:
        sizes: n_inputs, the hidden widths, n_classes.
        activation: a name of the registry or a resolved spec, see `registry.create`.
        family: the name of a module of `families`.
        settings: a value for each key of the family's `SETTINGS`.
        initial: numbers for drawing the weights that depend on activation and images, where the settings ask
            for them, see `initialisation.draw`.
    """

    sizes: Sequence[int]
    activation: str | Mapping
    family: str = "mlp"
    settings: Mapping = field(default_factory=dict)
    initial: Mapping[str, float] | None = None

    @classmethod
    def of(cls, sizes: Sequence[int], params: Mapping, initial: Mapping | None = None) -> "Recipe":
        """From the params of a training job, see `grid.training_params`."""
        own = {key: value for key, value in params["network"].items() if key != "family"}
        return cls(sizes, params["activation"], params["network"]["family"], own, initial)


@dataclass(frozen=True)
class Layer:
    """One layer of a network, as `Network.trace` comes through it.

    Attributes:
        z: pre-activations [N, n_l], what f is given; those of the last layer are the logits.
        h: activations f(z) [N, n_l], before anything is added to them; None in the last layer.
        activation: the module f, None in the last layer.
        parameters: the `weight` and `bias` of its linear map, whose gradients are measured.
    """

    z: "Tensor"
    h: "Tensor | None"
    activation: "nn.Module | None"
    parameters: "Mapping[str, nn.Parameter]"


class Network(Protocol):
    """What `build` gives: an `nn.Module` whose forward takes inputs [N, n_inputs] to logits [N, n_classes].

    Attributes:
        pure: whether training draws no random numbers and changes no state but parameters and buffers, these
            in place, as batch normalisation does. Networks that do train one after another, with the global
            random generators seeded for each (`modes.drawing`).
        stackable: whether networks of one recipe may train side by side in one `training.stack.Stack`; they
            are chains of `linears`, `norms` and `activations` with `shortcuts` then, as an `MLP` is.
        seed: the seed of its weights, from which that of what it draws while training is made.
    """

    pure: bool
    stackable: bool
    seed: int

    def trace(self, x: "Tensor") -> Iterator[Layer]:
        """Yield the layers for inputs [N, n_inputs]; the last one's z are the logits of forward."""
        ...

    @property
    def flops(self) -> tuple[int, int]:
        """Floating-point operations of the matrix products for one image: only classified, and trained on.

        A product of [m, k] and [k, n] counts 2mkn.
        """
        ...


def names() -> list[str]:
    """The names of all families, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(families.__path__))


def settings(name: str) -> dict[str, dict]:
    """The schema of each of a family's own settings, read from its file.

    Raises:
        UserError: the file is no Python, or `SETTINGS` is no literal.
    """
    path = Path(imports.locate(name, families.__path__).loader.path)
    assigned = parsing.assigned(path, "SETTINGS")
    try:
        return {} if assigned is None else ast.literal_eval(assigned)
    except ValueError as error:
        raise UserError(f"{path}: SETTINGS is computed; allowed: a literal mapping.") from error


def build(recipe: Recipe, generator: "torch.Generator") -> Network:
    """Build a network of the recipe's family; all that is random about it depends on the generator's seed."""
    module = importlib.import_module(f"{families.__name__}.{recipe.family}")
    return module.build(recipe, generator)


def with_families(schema: Mapping, config: Mapping) -> dict:
    """The schema of the config, with the families that there are and the settings of the one it names."""
    schema, network = deepcopy(schema), config.get("network")
    keys = schema["properties"]["network"]["properties"]
    keys["family"]["enum"] = names()
    named = network.get("family") if isinstance(network, Mapping) else None
    named = keys["family"]["default"] if named is None else named
    if named in keys["family"]["enum"]:
        own = settings(named)
        if taken := sorted(keys.keys() & own):
            raise UserError(
                f"the family {named} has the setting {taken[0]}; allowed: a name that network has not."
            )
        keys |= own
    return schema


def checked(network: object, path: str | Path) -> None:
    """Check `network` of a folder's params, before anything is built or loaded by its name.

    Raises:
        UserError: there is no such family here, or an earlier version trained it, with fewer settings.
        DamagedError: the settings are not those of the family.
    """
    if network is None:
        raise UserError(f"{path} names no network family: an earlier version trained it; train it again.")
    if not isinstance(network, Mapping) or network.get("family") not in names():
        raise UserError(f"{path} has the network {network!r}; allowed: a family of {', '.join(names())}.")
    own = settings(network["family"])
    if missing := [key for key in own if key not in network and network.keys() < {"family", *own}]:
        raise UserError(
            f"{path} names no network.{missing[0]}: an earlier version trained it; train it again."
        )
    found = network.keys() == {"family", *own}
    if found and any(network[key] != part["default"] for key, part in own.items()):
        import jsonschema  # 0.04 s, which jobs save whose settings are the defaults

        found = jsonschema.Draft202012Validator({"properties": own}).is_valid(network)
    if not found:
        raise DamagedError(path, f"its network {dict(network)} has not the settings of its family")
