"""YAML 1.2's core schema, one reader for every config, and a writer whose files other readers read alike."""

import math

import pytest
import yaml
from actbench.errors import UserError
from actbench.storage import yaml_files

pytestmark = pytest.mark.fault(
    "text that YAML 1.1 takes for numbers",
    "sexagesimal, octal and binary numbers, underscores, dates, yes and no, in files and on the command line",
    "read by YAML 1.2, or one sentence",
)

# https://yaml.org/spec/1.2.2/#103-core-schema, and examples 10.8 and 10.9 there.
CORE = {
    "null": None,
    "Null": None,
    "~": None,
    "": None,
    "true": True,
    "True": True,
    "FALSE": False,
    "0": 0,
    "-19": -19,
    "+12": 12,
    "010": 10,
    "0o7": 7,
    "0o17": 15,
    "0x3A": 58,
    "0.": 0.0,
    "-0.0": -0.0,
    ".5": 0.5,
    "+12e03": 12000.0,
    "-2E+05": -200000.0,
    "1e-3": 0.001,
    "1E5": 100000.0,
    "5.0e-7": 5e-7,
    ".inf": math.inf,
    "-.Inf": -math.inf,
    "+.INF": math.inf,
}
# What YAML 1.1 reads as minutes, octal or binary numbers, truth values, dates and keys of its own.
TEXT = [
    *("2:4", "1:20", "190:20:30", "190:20:30.15", "0:0"),
    *("1_000", "1__0", "0x_1", "3.1_4", "0b101", "08:00", "0o8", "0xg", "-0x1", "1e", "e3", ".", "+"),
    *("yes", "no", "on", "off", "y", "n", "Yes", "NO", "On", "OFF", "tRUE", "nULL"),
    *("2024-01-01", "2024-13-45", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43"),
    *("=", "inf", "nan", "Infinity", ".iNF", "1.2.3"),
]


def loaded(text):
    return yaml_files.parse(text, "x")


@pytest.mark.parametrize("text", CORE)
def test_the_core_schema(text):
    assert repr(loaded(text)) == repr(loaded(f"a: {text}")["a"]) == repr(CORE[text])


def test_not_a_number():
    assert all(math.isnan(loaded(text)) for text in (".nan", ".NaN", ".NAN"))


@pytest.mark.parametrize("text", TEXT)
def test_all_else_is_text(text):
    assert loaded(f"a: {text}") == {"a": text}


@pytest.mark.parametrize("text", ["2:4", "1:20:30", "on", "2024-01-01", "1_000"])
def test_in_flow_lists_and_as_keys_too(text):
    assert loaded(f"[{text}, {text}]") == [text, text]
    assert loaded(f"? {text}\n: 1") == {text: 1}


@pytest.mark.parametrize("text", ["1", "1e-3", "true", "null", "0x1"])
def test_quoted_and_tagged_text_is_text(text):
    assert loaded(f"['{text}', \"{text}\", !!str {text}]") == [text] * 3


def test_anchors_and_merge_keys():
    text = (
        "base: &base {a: 1, b: 2}\nnested: {deep: &deep {<<: *base, b: 3}}\nlast: {<<: [*deep, {c: 4}], a: 5}"
    )
    assert loaded(text)["last"] == {"a": 5, "b": 3, "c": 4}
    assert loaded("{a: &x [1, 2], b: *x}") == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2", "x, line 4: 'c' stands twice in the same mapping; every key is allowed once."),
        ("{a: 1, 'a': 2}", "x, line 1: 'a' stands twice"),
        ("{1: a, 0x1: b}", "x, line 1: 1 stands twice"),
        ("{<<: {a: 1}, <<: {b: 1}}", "x, line 1: '<<' stands twice"),
        ("- {<<: 3}", "x, line 1: expected a mapping or list of mappings for merging"),
        ("a: [1", "x, line 1: expected ',' or ']'"),
        ("\n- *a", "x, line 2: found undefined alias 'a'."),
        ("&a [*a]", "x, line 1: found unconstructable recursive node."),
        ("? [1]\n: 2", "x, line 1: found unhashable key."),
        ("!!int abc", "x, line 1: 'abc' is not what !!int allows."),
        ("!!float 1_0", "x, line 1: '1_0' is not what !!float allows."),
        ("!!bool yes", "x, line 1: 'yes' is not what !!bool allows."),
        ("!!null 1", "x, line 1: '1' is not what !!null allows."),
        ("!!int [1]", "x, line 1: expected a scalar node"),
        ("!!timestamp 2024-01-01", "x, line 1: could not determine a constructor for the tag"),
        ("!!set {a}", "x, line 1: could not determine a constructor for the tag"),
        ("!!python/tuple [1]", "x, line 1: could not determine a constructor for the tag"),
        ("!!python/object/apply:os.getcwd []", "x, line 1: could not determine a constructor for the tag"),
        ("9" * 4301, "x, line 1: a number of more than 4300 digits is too long."),
        ("a\x07", "x has the character '\\x07', which YAML forbids."),
        ("[" * 3000, "x has lists or mappings too deep inside of one another."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(text, words):
    with pytest.raises(UserError) as caught:
        loaded(text)
    assert str(caught.value).startswith(words)
    assert str(caught.value).isprintable() and str(caught.value).endswith(".")


def bomb(values, levels, kind="[{}]"):
    """Aliases of aliases: `values` to the power of `levels` in a few lines."""
    inner = {"[{}]": "{}", "{{{}}}": "k{n}: {}"}[kind]
    lines = ["a0: &a0 [x]"]
    for level in range(1, levels + 1):
        items = ", ".join(inner.format(f"*a{level - 1}", n=n) for n in range(values))
        lines.append(f"a{level}: &a{level} {kind.format(items)}")
    return "\n".join(lines)


@pytest.mark.fault(
    "aliases of aliases",
    "lists and mappings that come to 10^7 to 10^60 values in a few lines; and ordinary anchors",
    "one sentence at once; the ordinary are read",
)
@pytest.mark.parametrize(
    "text",
    [bomb(9, 11), bomb(2, 200), bomb(10, 7), bomb(9, 11, "{{{}}}"), "? " + bomb(9, 11).replace("\n", "\n  ")],
)
def test_aliases_of_aliases(text):
    words = "more than 1,000,000 values, written or repeated by aliases, are too many"
    with pytest.raises(UserError, match=f"^x, line 1: {words}"):
        loaded(text)


@pytest.mark.parametrize("text", [bomb(9, 3), bomb(2, 9), bomb(3, 5, "{{{}}}")])
def test_ordinary_aliases(text):
    assert repr(loaded(text)) == repr(yaml.safe_load(text))


def test_files(tmp_path):
    path = tmp_path / "a.yaml"
    for content in (b"", b"# nothing\n", b"\xef\xbb\xbf{}"):
        path.write_bytes(content)
        assert yaml_files.read(path) == {}
    path.write_bytes("a: [1e-3, 2:4, \N{GREEK SMALL LETTER ALPHA}]\r\n".encode())
    assert yaml_files.read(path) == {"a": [0.001, "2:4", "\N{GREEK SMALL LETTER ALPHA}"]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"- 1", "a.yaml is a list; allowed: keys with values (key: value)."),
        (b"a", "a.yaml is a str; allowed: keys with values"),
        (b"a: \xff", "a.yaml is not text in UTF-8."),
        (b"a: 1\na: 2", "a.yaml, line 2: 'a' stands twice"),
    ],
)
def test_files_that_are_no_config(tmp_path, content, words):
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(UserError) as caught:
        yaml_files.read(tmp_path / "a.yaml")
    assert words in str(caught.value)
    with pytest.raises(UserError, match=r"b\.yaml cannot be read: No such file"):
        yaml_files.read(tmp_path / "b.yaml")


VALUES = [*TEXT, *CORE, *CORE.values(), "it's", "a: b", "# a", "<<", "a\nb", "\u202e", 1e-300, 1e22, 10**30]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_is_written_is_read_back_alike_by_every_reader(value):
    """PyYAML by itself reads YAML 1.1; `compare` and the benchmarks read with it."""
    text = yaml_files.dump({"z": value, "a": [value]})
    for found in (loaded(text), yaml.safe_load(text)):
        assert repr(found) == repr({"z": value, "a": [value]})
