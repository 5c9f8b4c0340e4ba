"""The grid of a resolved config: values of the wildcards, blocks of seeds, and what trains each block."""

import re
from collections.abc import Iterable, Mapping

from actbench.data import catalogue

DEFAULT = "default"  # the one setting of a study that names none
RECIPE = ("network", "training", "normalisation", "tuning")  # what a setting may override
TUNED = "tuned"  # what `training.learning_rate` is where it is searched


def blocks(seeds: Iterable[int], seeds_per_job: int) -> dict[str, list[int]]:
    """Group seeds into aligned slots `first-last`; a slot keeps its name whichever of its seeds are run."""
    grouped: dict[str, list[int]] = {}
    for seed in sorted(seeds):
        first = seed // seeds_per_job * seeds_per_job
        grouped.setdefault(f"{first}-{first + seeds_per_job - 1}", []).append(seed)
    return grouped


def values(config: Mapping) -> dict[str, list]:
    """Values of the wildcards of a resolved config: activation, depth, setting and block."""
    return {
        "activation": [entry["id"] for entry in config["activations"]],
        "depth": config["depths"],
        "setting": list(config["settings"]),
        "block": list(blocks(config["seeds"], config["seeds_per_job"])),
    }


def one_of(values: Iterable[Iterable]) -> str:
    """A regular expression for any of the values of several lists."""
    return "|".join(sorted({re.escape(str(value)) for several in values for value in several}))


def with_setting(config: Mapping, setting: str) -> dict:
    """The resolved config with the recipe of one of its settings, see `settings.resolve`."""
    recipe = config["settings"][setting]
    return dict(config) | {section: recipe[section] for section in RECIPE}


def reference(config: Mapping) -> str:
    """The setting that the others are compared with: the first."""
    return next(iter(config["settings"]))


def is_named(config: Mapping) -> bool:
    """Whether what people read names settings: not those of a study that has only the default."""
    return list(config["settings"]) != [DEFAULT]


def training_params(config: Mapping, spec: Mapping, depth: int, seeds: list[int]) -> dict:
    """All that the numbers of one block depend on: the params of the rule that trains it.

    `own_data` is there only for own data, `probe_epochs` only where it names any.

    Args:
        config: the resolved one, with the recipe of the block's setting.
        spec, depth, seeds: of the block.
    """
    sizes = dict(zip(config["depths"], config["network"]["hidden_sizes"], strict=True))
    tuning = {"tuning": config["tuning"]} if tuned(config) else {}
    snapshots = {"probe_epochs": config["probe_epochs"]} if config["probe_epochs"] else {}
    return {
        **tuning,
        "activation": spec,
        "dataset": config["dataset"],
        "evaluation": config["evaluation"],
        "hidden_sizes": sizes[depth],
        "network": {k: v for k, v in config["network"].items() if k not in ("width", "hidden_sizes")},
        "normalisation": config["normalisation"],
        **own_data(config),
        **snapshots,
        "seeds": seeds,
        "training": config["training"],
    }


def own_data(config: Mapping) -> dict:
    """What of own data decides every number, as `own_data`; nothing for a built-in data set."""
    identity = catalogue.identity(config.get("own_data"))
    return {"own_data": identity} if identity else {}


def theory_params(config: Mapping, settings: Mapping[str, Mapping] | None = None) -> dict:
    """All that theory's predictions of a study depend on: the params of the rule `theory`.

    Args:
        config: the resolved one.
        settings: recipes by name; None for those of the study.
    """
    settings = config["settings"] if settings is None else settings
    specs = {entry["id"]: entry["spec"] for entry in config["activations"]}
    return {
        "activations": {key: specs[key] for key in sorted(specs)},
        "dataset": config["dataset"],
        "evaluation": config["evaluation"],
        "images": config["probe_gradients"]["images"],
        **own_data(config),
        "settings": {
            name: {
                "network": {key: value for key, value in recipe["network"].items() if key != "width"},
                "normalisation": recipe["normalisation"],
            }
            for name, recipe in sorted(settings.items())
        },
    }


def initialisations(config: Mapping, schema: Mapping[str, Mapping]) -> dict[str, dict]:
    """The recipe of the reference setting with each initialisation that its family of networks has, by name.

    Args:
        config: the resolved one.
        schema: of the family's own settings, see `family.settings`; where it knows no initialisation, the one
            recipe is `DEFAULT`.
    """
    recipe = config["settings"][reference(config)]
    kinds = schema.get("initialisation", {}).get("enum")
    if kinds is None:
        return {DEFAULT: recipe}
    return {kind: recipe | {"network": recipe["network"] | {"initialisation": kind}} for kind in kinds}


def is_plain(network: Mapping) -> bool:
    """Whether networks of a section `network` are neither normalised nor residual, of any family."""
    return network.get("norm", "none") == "none" and not network.get("residual")


def tuned(recipe: Mapping) -> bool:
    """Whether the learning rate of a recipe, or of a resolved config, is searched."""
    return recipe["training"]["learning_rate"] == TUNED
