"""The `activations` of a config: from what the user wrote of each to its id, label and spec."""

import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from actbench.activations import registry
from actbench.errors import UserError
from actbench.runtime import imports, sources
from actbench.study import messages

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,59}")
IMPORT = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
LABEL_LENGTH = 60
# Drawn as a space or not at all, though Unicode has them as letters, symbols and marks.
BLANK = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
HIDDEN = re.compile("[\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
MADE = ("results", "reports")  # folders of what was made, by us or by a stranger
FLOAT32 = (2 - 2**-23) * 2.0**127  # its largest number: networks have parameters of this type
OWN_KEYS = ("name", "import", "id", "label")


def resolve(entries: Iterable[str | Mapping]) -> list[dict]:
    """Each entry as `{"id", "label", "spec"}`, where `spec` is what `registry.create` takes.

    Raises:
        UserError: a name, parameter, id or label is wrong, or two ids or labels are the same.
    """
    resolved = [_activation(entry) for entry in entries]
    _check_ids([entry["id"] for entry in resolved])
    _check_labels([entry["label"] for entry in resolved])
    return resolved


def written(entry: Mapping) -> dict:
    """A resolved entry as a user could write it."""
    spec = entry["spec"]
    target = {} if spec["import"] is None else {"import": spec["import"]}
    return {"name": spec["name"], **target, **spec["parameters"], "id": entry["id"], "label": entry["label"]}


def user_files(spec: Mapping, folder: str | Path) -> list[str]:
    """The files of a user's own activation and of all that it imports below `folder`, without importing any.

    Raises:
        UserError: there is no such module, or it may not be one.
    """
    if spec["import"] is None:
        return []
    name = spec["import"].split(":")[0]
    said = f"activations: {messages.plain(spec['name'])} has import {spec['import']!r}"
    top = name.partition(".")[0]
    if top in MADE:
        raise UserError(f"{said}; allowed: a module in another folder than {' and '.join(MADE)}.")
    if top in sys.stdlib_module_names or top in (imports.PACKAGE, "__main__"):
        raise UserError(f"{said}; allowed: a name that no module of Python or actbench has.")
    found = sources.of_module(name, folder)
    if not found:
        file = Path(*name.split(".")).with_suffix(".py")
        raise UserError(f"{said}, but there is no {file}; the module must lie in the working directory.")
    for path in map(Path, found):
        top = os.path.relpath(path, folder).partition(os.sep)[0].partition(".")[0]
        if imports.SCRIPTS not in path.resolve().parents and imports.is_name_of_installed(top):
            raise UserError(
                f"{said}, but {path} takes the name of the installed package {top}; allowed: another name."
            )
    return found


def _activation(entry: str | Mapping) -> dict:
    entry = {"name": entry} if isinstance(entry, str) else dict(entry)
    written = entry.get("name")
    if not isinstance(written, str):
        raise UserError(
            f"activations: {messages.shown(entry)} has no name; allowed: a mapping with a name (text)."
        )
    if not written.isprintable():
        raise UserError(
            f"activations: name is {messages.cut(repr(written))}; allowed: text without control characters."
        )
    name = registry.ALIASES.get(written, written)
    target = entry.get("import")
    given = {key: value for key, value in entry.items() if key not in OWN_KEYS}
    for key in given:
        if not isinstance(key, str):
            raise UserError(
                f"activations: {messages.plain(written)} has the parameter {key!r}; allowed: a name (text)."
            )
    parameters = _parameters(name, given) if target is None else _own_parameters(name, target, given)
    identifier = entry.get("id", name + "".join(f"-{k}{v:g}" for k, v in sorted(parameters.items())))
    _check_pattern(f"activations: id of {messages.plain(written)}", identifier, ID)
    spec = {"import": target, "name": name, "parameters": dict(sorted(parameters.items()))}
    label = _label(entry.get("label", _default_label(written, parameters)))
    return {"id": identifier, "label": label, "spec": spec}


def _default_label(written: str, parameters: Mapping) -> str:
    return " ".join([written, *(f"{key} {value:g}" for key, value in sorted(parameters.items()))])


def _label(label: object) -> str:
    if not isinstance(label, str) or not label.strip() or len(label) > LABEL_LENGTH:
        raise UserError(
            f"activations: label is {messages.shown(label)}; allowed: text of 1 to {LABEL_LENGTH} characters."
        )
    if not label.isprintable():
        raise UserError(
            f"activations: label is {messages.cut(repr(label))}; allowed: text without control characters."
        )
    if not any(unicodedata.category(character)[0] in "LNPS" for character in _seen(label)):
        raise UserError(f"activations: label is {label!a}; allowed: text that can be seen.")
    return label


def _seen(label: str) -> str:
    """What the eye sees of a label: other codes for the same characters, and blanks, make no difference."""
    text = HIDDEN.sub("", BLANK.sub(" ", label))
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _parameters(name: str, given: Mapping) -> dict[str, float]:
    """Parameters that differ from the registry's defaults."""
    if name not in registry.REGISTRY:
        known = [*registry.REGISTRY, *registry.ALIASES]
        raise UserError(
            f"activations: {messages.cut(repr(name))} is unknown{messages.nearest(name, known)}; "
            f"allowed: {', '.join(known)}, or your own as {{name: …, import: 'module:class'}}."
        )
    allowed = registry.REGISTRY[name].parameters
    for key, value in given.items():
        if key not in allowed:
            names = ", ".join([*allowed, "id", "label"])
            raise UserError(
                f"activations: {name} has no {messages.cut(repr(key))}{messages.nearest(key, allowed)}; "
                f"allowed: {names}."
            )
        _check_number(f"activations: {name}.{key}", value, allowed[key].above, FLOAT32)
    values = {key: parameter.default for key, parameter in allowed.items()} | dict(given)
    for key, parameter in allowed.items():
        if parameter.at_most is not None and values[key] > values[parameter.at_most]:
            raise UserError(
                f"activations: {name}.{key} is {values[key]:g}; allowed: a number up to {parameter.at_most}, "
                f"which is {values[parameter.at_most]:g}."
            )
    return {key: float(value) for key, value in given.items() if value != allowed[key].default}


def _own_parameters(name: str, target: object, given: Mapping) -> dict[str, float]:
    if name in registry.REGISTRY:
        raise UserError(f"activations: {name} is a name of the registry; give your own another name.")
    _check_pattern(f"activations: import of {messages.plain(name)}", target, IMPORT, "module:class")
    for key, value in given.items():
        _check_number(f"activations: {messages.plain(name)}.{messages.plain(key)}", value, None)
    return dict(given)


def _check_number(what: str, value: object, above: float | None, most: float = sys.float_info.max) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= most
    if not number or (above is not None and value <= above):
        bound = "" if above is None else f" above {above:g}"
        if isinstance(value, int | float) and abs(value) > most:
            bound += f" whose size is {most:.2g} or less"
        raise UserError(f"{what} is {messages.shown(value)}; allowed: a finite number{bound}.")


def _check_pattern(what: str, value: object, pattern: re.Pattern, allowed: str | None = None) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        allowed = allowed or "letters, digits and . _ + -, at most 60, the first a letter or digit"
        raise UserError(f"{what} is {messages.shown(value)}; allowed: {allowed}.")


def _check_ids(ids: list[str]) -> None:
    for number, identifier in enumerate(ids):
        if identifier.lower() in [other.lower() for other in ids[:number]]:
            raise UserError(
                f"activations: {identifier} is there twice; every activation needs an id of its own "
                "(swish and silu are the same)."
            )


def _check_labels(labels: list[str]) -> None:
    """Each activation's label must differ visibly from the others in a figure."""
    before: dict[str, str] = {}
    for label in labels:
        seen = _seen(label)
        if seen in before:
            other = before[seen]
            raise UserError(
                f"activations: label is {messages.cut(ascii(label))}, which looks like "
                f"{messages.cut(ascii(other))}; allowed: labels that can be told apart."
            )
        before[seen] = label
