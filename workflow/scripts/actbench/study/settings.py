"""Settings of a study: named overrides of its recipe, each of which trains the whole grid."""

import re
from collections.abc import Mapping
from pathlib import Path

from actbench.errors import UserError
from actbench.study import config, messages
from actbench.study.grid import DEFAULT, RECIPE

# No "-", so that names of logs, `{activation}-d{depth}-{setting}-seeds{block}`, stand for one job each.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+]{0,39}")
BLOCK = re.compile(r"seeds\d+-\d+")


def resolve(given: Mapping, schema: Mapping) -> dict[str, dict]:
    """The recipe of each setting by its name, in their order; the first is the reference.

    Args:
        given: what the user wrote; `settings`, if there, is a mapping of names to overrides, which are
            sections of `RECIPE` with the keys to change.
        schema: that of the config without `settings`.

    Returns:
        By name `label`, `overrides` as they were written, and the resolved sections of `RECIPE`.

    Raises:
        UserError: a name or an override is wrong, or the config is that an override makes.

    >>> resolve({"settings": {"default": {}, "adam": {"training": {"optimizer": "adam"}}}}, schema)["adam"][
    ...     "training"
    ... ]["optimizer"]  # doctest: +SKIP
    'adam'
    """
    base = {key: value for key, value in given.items() if key != "settings"}
    settings = given.get("settings", {DEFAULT: {}})
    if not isinstance(settings, Mapping) or not settings:
        raise UserError(f"settings is {messages.shown(settings)}; allowed: a mapping of names to overrides.")
    _check_names(list(settings))
    recipes, depths = {}, None
    for name, overrides in settings.items():
        _check_sections(name, overrides)
        try:
            resolved = config.resolve(_merged(base, overrides), schema)
        except UserError as error:
            raise UserError(f"settings.{name}: {error}" if overrides else str(error)) from error
        depths = depths or resolved["depths"]
        if resolved["depths"] != depths:
            raise UserError(
                f"settings.{name}: its networks have the depths {resolved['depths']}; allowed: those of the "
                f"first setting, {depths}."
            )
        recipes[name] = {
            "label": name,
            "overrides": overrides,
            **{section: resolved[section] for section in RECIPE},
        }
    return recipes


def with_recipes(given: Mapping, schema: Mapping) -> dict:
    """The resolved config of what the user wrote, and the recipe of each of its settings as `settings`.

    Raises:
        UserError: see `config.resolve` and `resolve`.
    """
    return config.resolve(given, schema) | {"settings": resolve(given, schema)}


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
    for number, name in enumerate(names):
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise UserError(
                f"settings has the name {messages.shown(name)}; allowed: letters, digits and . _ +, at most "
                "40, the first a letter or digit."
            )
        if name.lower() in [other.lower() for other in names[:number]]:
            raise UserError(f"settings: {name} is there twice; allowed: names that differ in more than case.")


def _check_sections(name: str, overrides: object) -> None:
    """Overrides are mappings inside a mapping; their keys and values are checked as those of the config."""
    allowed = f"allowed: a mapping with the keys {', '.join(RECIPE)}."
    if not isinstance(overrides, Mapping):
        raise UserError(f"settings.{name} is {messages.shown(overrides)}; {allowed}")
    for section, values in overrides.items():
        if section not in RECIPE:
            raise UserError(f"settings.{name} has the key {messages.shown(section)}; {allowed}")
        if not isinstance(values, Mapping):
            raise UserError(
                f"settings.{name}.{section} is {messages.shown(values)}; allowed: a mapping with keys of the "
                "config."
            )


def _merged(base: Mapping, overrides: Mapping) -> dict:
    """What the user wrote with the keys of some sections overridden."""
    return dict(base) | {
        section: {**(base.get(section) or {}), **values} for section, values in overrides.items()
    }
