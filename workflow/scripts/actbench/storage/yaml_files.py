"""YAML 1.2 as its core schema reads it: 1e-3 is a number; 2:4, 1_000, no, on and 2024-01-01 are text."""

import re
from pathlib import Path

import yaml

from actbench.errors import UnreadableError, UserError

# YAML 1.2.2, section 10.3.2, and YAML 1.1's merge key: tag, plain text that gets it, its first characters.
CORE = [
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", list("-+.")),
    ("merge", r"<<", ["<"]),
]
MOST_VALUES = 1_000_000
MOST_DIGITS = 4300  # Python refuses to read longer whole numbers


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the types of YAML 1.2; a key that stands twice in a mapping is an error."""

    yaml_implicit_resolvers = {}  # noqa: RUF012, PyYAML's own way
    yaml_constructors = {}  # noqa: RUF012

    def compose_mapping_node(self, anchor):
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key_node, _ in node.value:
            if isinstance(key_node, yaml.ScalarNode):
                key = key_node.value if key_node.tag.endswith(":merge") else self.construct_object(key_node)
                if key in seen:
                    words = f"{key!r} stands twice in the same mapping; every key is allowed once"
                    raise yaml.constructor.ConstructorError(None, None, words, key_node.start_mark)
                seen.add(key)
        return node

    def get_single_node(self):
        node = super().get_single_node()
        if node is not None and _size(node, {}) > MOST_VALUES:
            words = f"more than {MOST_VALUES:,} values, written or repeated by aliases, are too many"
            raise yaml.constructor.ConstructorError(None, None, words, node.start_mark)
        return node

    def whole_number(self, node):
        text = self._scalar(node, "int")
        if len(text) > MOST_DIGITS:
            words = f"a number of more than {MOST_DIGITS} digits is too long"
            raise yaml.constructor.ConstructorError(None, None, words, node.start_mark)
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))

    def number(self, node):
        text = self._scalar(node, "float", "int").lower()
        return float(text.replace(".inf", "inf").replace(".nan", "nan"))

    def nothing(self, node):
        self._scalar(node, "null")

    def truth(self, node):
        return self._scalar(node, "bool").lower() == "true"

    def mapping(self, node):
        return self.construct_mapping(node, deep=True)

    def sequence(self, node):
        return self.construct_sequence(node, deep=True)

    def _scalar(self, node, *kinds):
        """The text of a scalar, checked, since with `!!int` any text may follow."""
        text = self.construct_scalar(node)
        if not any(re.fullmatch(pattern, text) for kind, pattern, _ in CORE if kind in kinds):
            words = f"{text!r} is not what {node.tag.replace('tag:yaml.org,2002:', '!!')} allows"
            raise yaml.constructor.ConstructorError(None, None, words, node.start_mark)
        return text


def _size(node: yaml.Node, sizes: dict[int, int]) -> int:
    """How many values a node comes to, those of aliases each time; of one inside of itself, once."""
    if id(node) not in sizes:
        sizes[id(node)] = 1
        inner = () if isinstance(node, yaml.ScalarNode) else node.value
        parts = (part for entry in inner for part in (entry if isinstance(entry, tuple) else (entry,)))
        sizes[id(node)] += sum(_size(part, sizes) for part in parts)
    return sizes[id(node)]


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper; quotes text that YAML 1.1 or 1.2 would take for something else."""


for _kind, _pattern, _first in CORE:
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_pattern})\Z"), _first)
for _kind, _constructor in {
    "null": _Loader.nothing,
    "bool": _Loader.truth,
    "int": _Loader.whole_number,
    "float": _Loader.number,
    "str": _Loader.construct_yaml_str,
    "map": _Loader.mapping,
    "seq": _Loader.sequence,
}.items():
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _constructor)
_Loader.add_constructor(None, _Loader.construct_undefined)


def parse(text: str, name: str) -> object:
    """The value of a YAML text, which messages call `name`.

    Raises:
        UserError: names the line, and what is wrong there.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506, a SafeLoader
    except yaml.MarkedYAMLError as error:
        problem = " ".join(str(error.problem).split())
        raise UserError(f"{name}, line {error.problem_mark.line + 1}: {problem}.") from error
    except yaml.reader.ReaderError as error:
        raise UserError(f"{name} has the character {chr(error.character)!r}, which YAML forbids.") from error
    except RecursionError as error:
        raise UserError(f"{name} has lists or mappings too deep inside of one another.") from error


def read(path: str | Path) -> dict:
    """The keys and values of a YAML file; none if it is empty.

    Raises:
        UserError: names the file and, where there is one, the line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableError(path, error) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not text in UTF-8.") from error
    value = parse(text, str(path))
    if not isinstance(value, dict | None):
        raise UserError(f"{path} is a {type(value).__name__}; allowed: keys with values (key: value).")
    return value or {}


def dump(value: object) -> str:
    """A value as YAML that readers of YAML 1.1 and 1.2 give back alike, keys in their order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
