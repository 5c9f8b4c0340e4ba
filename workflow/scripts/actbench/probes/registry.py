"""All probes: their specs, read without importing any of their modules."""

import ast
import importlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from actbench.errors import UserError
from actbench.probes.probe import Probe
from actbench.runtime import parsing

HERE = Path(__file__).parent
BEFORE = "report"  # the section of the config that those of probes come before


@cache
def specs(folder: Path = HERE) -> dict[str, Probe]:
    """The spec of every probe by name, less what it measures with; planning imports no torch.

    Raises:
        UserError: a module is no Python, or its `PROBE` is not written in literals or has another name.
    """
    found = {}
    for path in sorted(folder.glob("[!._]*.py")):  # no copies of editors
        assigned = parsing.assigned(path, "PROBE")
        if assigned is not None:
            found[path.stem] = _spec(assigned, path)
    return found


def load(name: str) -> Probe:
    """One probe as its module defines it, to measure with; imports torch."""
    return importlib.import_module(f"{__package__}.{name}").PROBE


def with_sections(schema: Mapping) -> dict:
    """The schema of the config with a section for each probe, before `report`."""
    properties = {}
    for key, part in schema["properties"].items():
        if key == BEFORE:
            properties |= {probe.rule: _section(probe) for probe in specs().values()}
        properties[key] = part
    return {**schema, "properties": properties}


def enabled(config: Mapping) -> dict[str, Probe]:
    """The spec of every probe of a config's study by name: all but optional ones that are not enabled."""
    return {
        name: probe
        for name, probe in specs().items()
        if not probe.optional or config.get(probe.rule, {}).get("enabled")
    }


def of_config(config: Mapping) -> dict[str, Mapping]:
    """The section of each enabled probe in a resolved config, by the probe's name."""
    return {name: config[probe.rule] for name, probe in enabled(config).items()}


def _section(probe: Probe) -> dict:
    switch = {"type": "boolean", "default": False, "description": "whether the study measures it"}
    return {
        "type": "object",
        "additionalProperties": False,
        "description": probe.description,
        "properties": ({"enabled": switch} if probe.optional else {}) | dict(probe.section),
    }


def _spec(call: ast.expr, path: Path) -> Probe:
    try:
        given = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg != "measure"}
        spec = Probe(**given)
    except (AttributeError, TypeError, ValueError) as error:
        raise UserError(
            f"{path}: PROBE is computed; allowed: Probe(...) with keywords and literals."
        ) from error
    if spec.name != path.stem:
        raise UserError(
            f"{path}: PROBE has the name {spec.name!r}; allowed: that of its module, {path.stem!r}."
        )
    return spec
