"""Messages about a wrong config: the key, the value and what is allowed, in one printable line."""

import difflib
import math
from collections.abc import Iterable, Mapping

import jsonschema


def sentence(error: jsonschema.ValidationError) -> str:
    """One line for what a schema found: the key, the value and what is allowed."""
    path = _dotted(error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        unknown = next(str(key) for key in error.instance if key not in known)
        where = f"{path}.{plain(unknown)}" if path else plain(unknown)
        return (
            f"{where} is not a key of the config{nearest(unknown, known)}; allowed here: {', '.join(known)}."
        )
    if error.validator == "uniqueItems":
        return f"{path} is {shown(error.instance)}: every entry is allowed once."
    if error.validator == "minItems":
        return f"{path} is an empty list; allowed: {allowed(error.schema)}."
    near = nearest(error.instance, error.schema.get("enum", []))
    return f"{path} is {shown(error.instance)}{near}; allowed: {allowed(error.schema)}{_hint(error)}."


def _dotted(path: Iterable) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def shown(value: object) -> str:
    """A value as YAML users know it, cut to a length that fits a line."""
    words = {None: "empty (null)", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return words[value]
    return cut(repr(value)) + (" (text)" if isinstance(value, str) else "")


def plain(text: object) -> str:
    """A word of the user's inside a sentence: as it is, or quoted where it is long or not printable."""
    text = str(text)
    return text if text.isprintable() and 0 < len(text) <= 60 else cut(repr(text))


def cut(text: str) -> str:
    """At most 80 characters of a text."""
    return text if len(text) <= 80 else text[:77] + "…"


def _hint(error: jsonschema.ValidationError) -> str:
    """Say how a number is written where text was, as in quotes or 1_000, or text where a number was."""
    types = error.schema.get("type", ())
    number = "number" in types or "integer" in types
    if "pattern" in error.schema and isinstance(error.instance, int | float) and not number:
        return " (text: write it in quotes)"
    if not number or not isinstance(error.instance, str):
        return ""
    try:
        value = float(error.instance)
    except ValueError:
        return ""
    return f" (write {repr(value).removesuffix('.0')} without quotes)" if math.isfinite(value) else ""


def nearest(word: object, known: Iterable[str]) -> str:
    """`, did you mean …?` for a word that is close to a known one, else nothing."""
    close = difflib.get_close_matches(str(word), list(known), n=1)
    return f", did you mean {close[0]}?" if close else ""


def allowed(schema: Mapping) -> str:
    """What a part of the schema allows, in words."""
    if "x-allowed" in schema:
        return schema["x-allowed"]
    if "enum" in schema:
        return ", ".join(schema["enum"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(_allowed_type(kind, schema) for kind in types)


def _allowed_type(kind: str, schema: Mapping) -> str:
    if kind == "array":
        return f"a list of at least one entry, each {allowed(schema['items'])}"
    if kind == "object":
        return f"a mapping with the keys {', '.join(schema.get('properties', ['name', '…']))}"
    words = {"null": "null", "boolean": "true, false", "string": "text", "integer": "a whole number"}
    return words.get(kind, "a number") + (_bounds(schema) if kind in ("integer", "number") else "")


def _bounds(schema: Mapping) -> str:
    words = {
        "minimum": "from {}",
        "exclusiveMinimum": "above {}",
        "maximum": "to {}",
        "exclusiveMaximum": "below {}",
    }
    return "".join(f" {text.format(schema[key])}" for key, text in words.items() if key in schema)
