"""Settings of a study: named overrides of its recipe, each of which trains the whole grid."""

import re
from collections.abc import Mapping
from pathlib import Path

from actbench.errors import UserError
from actbench.networks import family
from actbench.study import activations, claims, config, dataset, messages
from actbench.study.grid import DEFAULT, RECIPE, tuned

# No "-", so that names of logs, `{activation}-d{depth}-{setting}-seeds{block}`, stand for one job each.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+]{0,39}")
MOST = 100
WIDTHS = ("width", "hidden_sizes")  # of which one follows from the other
ALLOWED = f"allowed: a mapping with the keys {', '.join(RECIPE)}"
BLOCK = re.compile(r"seeds\d+-\d+")


def resolve(given: Mapping, schema: Mapping) -> dict[str, dict]:
    """The recipe of each setting by its name, in their order; the first is the reference.

    Args:
        given: what the user wrote; `settings`, if there, is a mapping of names to overrides, which are
            those of `RECIPE` with the keys to change.
        schema: that of the config.

    Returns:
        By name `label`, `overrides`, and the resolved parts of `RECIPE`. Overrides have the keys that were
        given, and those that follow from them, in the schema's order, with resolved values; null stays, since
        it takes a value away.

    Raises:
        UserError: a name or an override is wrong, or the config is, by itself or as an override makes it; two
            settings have the same recipe.

    >>> resolve({"settings": {"default": {}, "adam": {"training": {"optimizer": "adam"}}}}, schema)["adam"][
    ...     "training"
    ... ]["optimizer"]  # doctest: +SKIP
    'adam'
    """
    return with_recipes(given, schema)["settings"]


def with_recipes(given: Mapping, schema: Mapping) -> dict:
    """The resolved config of what the user wrote, and the recipe of each of its settings as `settings`.

    Raises:
        UserError: see `resolve`.
    """
    base = {key: value for key, value in given.items() if key != "settings"}
    resolved = config.resolve(base, schema)
    settings = given.get("settings")
    settings = {DEFAULT: {}} if settings is None else settings
    if not isinstance(settings, Mapping) or not settings:
        raise UserError(f"settings is {messages.shown(settings)}; allowed: a mapping of names to overrides.")
    _check_names(list(settings))
    recipes = {name: _recipe(name, overrides, base, resolved, schema) for name, overrides in settings.items()}
    _check_different(recipes)
    complete = resolved | {"settings": recipes}
    if claimed := claims.of_config(complete):
        complete["report"]["claims"] = [claim.text for claim in claimed]
    return complete


def written(resolved: Mapping) -> dict:
    """A resolved config as a user could write it: `with_recipes` makes the same of it.

    Widths stand as `depths` and `network.width` where they can; `settings` are left out where there is the
    default only.
    """
    network, depths = dict(resolved["network"]), resolved["depths"]
    if network["hidden_sizes"] == [[network["width"]] * depth for depth in depths]:
        network["hidden_sizes"] = None
    else:
        network["width"] = depths = None
    overrides = {name: recipe["overrides"] for name, recipe in resolved["settings"].items()}
    found = dict(resolved) | {
        "activations": [activations.written(entry) for entry in resolved["activations"]],
        "dataset": dataset.written(resolved),
        "depths": depths,
        "network": network,
        "settings": overrides,
    }
    found.pop("own_data", None)
    return {key: value for key, value in found.items() if (key, value) != ("settings", {DEFAULT: {}})}


def refuse_older(results: str | Path) -> None:
    """Refuse a study's folder of a version whose paths had no setting.

    Args:
        results: `results/{study}`.

    Raises:
        UserError: names a block's folder of that version, and says what to do.
    """
    for path in sorted(Path(results, "runs").glob("*/d*/seeds*")):
        if BLOCK.fullmatch(path.name):
            raise UserError(
                f"{path} was made by an earlier version of actbench: delete {results}, or give the study "
                "another name."
            )


def _check_names(names: list) -> None:
    if len(names) > MOST:
        raise UserError(f"settings has {len(names)} names; allowed: at most {MOST}.")
    for number, name in enumerate(names):
        if not isinstance(name, str) or not NAME.fullmatch(name):
            hint = "" if isinstance(name, str) else " (text: write it in quotes)"
            raise UserError(
                f"settings has the name {messages.shown(name)}; allowed: letters, digits and . _ +, at most "
                f"40, the first a letter or digit{hint}."
            )
        for other in names[:number]:
            if name.lower() == other.lower():
                raise UserError(
                    f"settings has the names {other} and {name}; allowed: names that differ not only in case."
                )


def _recipe(name: str, overrides: object, base: Mapping, resolved: Mapping, schema: Mapping) -> dict:
    """The recipe of one setting.

    Args:
        name: its name.
        overrides: as they were written.
        base, resolved: the config without settings, as it was written and resolved.
        schema: that of the config.
    """
    _check_parts(name, overrides)
    found = resolved
    if overrides:
        merged = _merged(base, overrides, resolved["depths"])
        try:
            _check_lists(name, overrides, family.with_families(schema, merged))
            found = config.resolve(merged, schema)
        except UserError as error:
            raise UserError(f"settings.{name}: {error}") from error
    if found["depths"] != resolved["depths"]:
        raise UserError(
            f"settings.{name}: its networks have the depths {found['depths']}; allowed: those of the config, "
            f"{resolved['depths']}."
        )
    recipe = {part: found[part] for part in RECIPE}
    return {"label": name, "overrides": _overrides(overrides, recipe, resolved), **recipe}


def _check_parts(name: str, overrides: object) -> None:
    """Overrides are mappings inside a mapping; their keys and values are checked as those of the config."""
    if not isinstance(overrides, Mapping):
        hint = ", or {} for the config as it is" if overrides is None else ""
        raise UserError(f"settings.{name} is {messages.shown(overrides)}; {ALLOWED}{hint}.")
    for part, values in overrides.items():
        if part not in RECIPE:
            raise UserError(
                f"settings.{name} has the key {messages.shown(part)}{messages.nearest(part, RECIPE)}; "
                f"{ALLOWED}."
            )
        if part != "normalisation" and not isinstance(values, Mapping):
            raise UserError(
                f"settings.{name}.{part} is {messages.shown(values)}; allowed: a mapping with keys of the "
                "config."
            )


def _check_lists(name: str, overrides: Mapping, schema: Mapping) -> None:
    """Several values of a key are several settings."""
    for part, values in overrides.items():
        known = schema["properties"][part]
        keys, known = (
            (values, known["properties"]) if "properties" in known else ({part: values}, {part: known})
        )
        for key, value in keys.items():
            if isinstance(value, list) and key in known and "array" not in known[key].get("type", ""):
                place = part if key == part else f"{part}.{key}"
                raise UserError(
                    f"{place} is {messages.shown(value)}; allowed: one value in each setting, and a name for "
                    "each."
                )


def _merged(base: Mapping, overrides: Mapping, depths: list[int]) -> dict:
    """What the user wrote with some keys overridden.

    Widths take the place of hidden sizes, and hidden sizes that of depths and width.
    """
    merged = dict(base)
    for part, values in overrides.items():
        merged[part] = values if part == "normalisation" else {**base.get(part, {}), **values}
    network, before = overrides.get("network", {}), base.get("network") or {}
    if network.get("hidden_sizes") is not None:
        merged["depths"] = None
        merged["network"]["width"] = network.get("width")
    elif network.get("width") is not None and before.get("hidden_sizes") is not None:
        merged["depths"] = depths
        merged["network"]["hidden_sizes"] = None
    return merged


def _overrides(given: Mapping, recipe: Mapping, base: Mapping) -> dict:
    """What a recipe overrides, with its values, in its order; null stays.

    Beside the keys given, those that follow from them and so differ from the base, but for widths.
    """
    found = {}
    for part in RECIPE:
        if part == "normalisation":
            own = recipe[part] if part in given else None
        else:
            keys = given.get(part, {})
            own = {
                key: None if key in keys and keys[key] is None else value
                for key, value in recipe[part].items()
                if key in keys or (value != base[part].get(key) and key not in WIDTHS)
            }
        if own or part in given:
            found[part] = own
    return found


def _check_different(recipes: Mapping[str, Mapping]) -> None:
    """Two settings of one recipe would train the same networks twice."""
    seen: dict[str, str] = {}
    for name, recipe in recipes.items():
        other = seen.setdefault(repr(_effective(recipe)), name)
        if other != name:
            raise UserError(
                f"settings: {other} and {name} have the same recipe; allowed: settings whose networks or "
                "training differ."
            )


def _effective(recipe: Mapping) -> dict:
    """What of a recipe changes a number of its networks."""
    network, training = dict(recipe["network"]), dict(recipe["training"])
    of_initialisation = {"orthogonal": "gain", "critical": "bias_std"}
    for initialisation, key in of_initialisation.items():
        if network.get("initialisation") != initialisation:
            network.pop(key, None)
    if training["optimizer"] != "sgd":
        del training["momentum"]
    for looked_at in ("test_each_epoch", "histograms"):
        del training[looked_at]
    found = {"network": {key: value for key, value in network.items() if key != "width"}}
    found |= {"training": training, "normalisation": recipe["normalisation"]}
    return found | ({"tuning": recipe["tuning"]} if tuned(recipe) else {})
