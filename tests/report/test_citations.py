"""The sources of the activations: the registry's text and the BibTeX say the same."""

import re
import unicodedata

import pytest
from actbench.activations import registry
from actbench.report import citations
from conftest import ROOT

ENTRIES = citations.entries()
CITED = {name: entry.reference for name, entry in registry.REGISTRY.items() if "(" in entry.reference}


def keys(text):
    return re.findall(r"^@\w+\{(\w+),$", text, re.M)


def fields(key):
    return dict(re.findall(r"^  (\w+) = \{(.*?)\},$", ENTRIES[key], re.M | re.DOTALL))


def surnames(key):
    """As in the entry, without accents."""
    plain = re.sub(r'\{\\[\'"](\w)\}', r"\1", fields(key)["author"])
    return [author.split(",")[0] for author in re.split(r"\s+and\s+", plain)]


def test_every_activation_with_a_source_has_an_entry():
    assert CITED.keys() <= citations.ACTIVATIONS.keys() <= registry.REGISTRY.keys()
    assert registry.REGISTRY.keys() - citations.ACTIVATIONS.keys() == {"identity"}
    assert all(citations.ACTIVATIONS.values())


def test_every_entry_is_used_and_every_key_is_there():
    used = {key for found in citations.ACTIVATIONS.values() for key in found} | {*citations.METHOD}
    assert used == ENTRIES.keys()


def test_no_entry_is_missed_or_stands_twice():
    assert keys(citations.FILE.read_text()) == sorted(ENTRIES)


@pytest.mark.parametrize("name", CITED)
def test_the_registry_says_the_same(name):
    """Authors and year of the first source; every number of arXiv."""
    named, year = re.match(r"(.*?) \((\d{4})\)", CITED[name]).groups()
    first = citations.ACTIVATIONS[name][0]
    assert fields(first)["year"] == year
    plain = unicodedata.normalize("NFKD", named).encode("ascii", "ignore").decode()
    if plain.endswith(" et al."):
        assert surnames(first)[0] == plain.removesuffix(" et al.")
    else:
        assert surnames(first) == re.split(", | & ", plain)
    sources = "".join(ENTRIES[key] for key in citations.ACTIVATIONS[name])
    assert set(re.findall(r"\d{4}\.\d{4,5}", sources)) == set(re.findall(r"arXiv:([\d.]+\d)", CITED[name]))


@pytest.mark.parametrize("key", citations.METHOD)
def test_what_the_method_rests_on_is_named_where_it_is_explained(key):
    assert surnames(key)[0] in (ROOT / "docs/measurements.md").read_text()


@pytest.mark.parametrize("key", ENTRIES)
def test_an_entry_is_whole_and_safe_to_typeset(key):
    text = ENTRIES[key]
    assert {"author", "title", "year"} <= fields(key).keys()
    assert key == surnames(key)[0].lower() + fields(key)["year"]
    assert text.isascii()
    assert not re.search(r"(?<!\\)[&%$#_]", text)
    depth = 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert text.count(" = ") == len(fields(key))


def test_each_source_once_and_sorted():
    sources = {"clevert2016", "elfwing2018", "nair2010", "ramachandran2017"}
    found = keys(citations.of(["swish", "relu_autograd", "relu", "elu", "relu"]))
    assert found == sorted(sources | {*citations.METHOD})
    assert keys(citations.of(registry.REGISTRY)) == sorted(ENTRIES)


def test_an_own_activation_adds_nothing():
    method = citations.of([])
    assert keys(method) == sorted(citations.METHOD)
    assert citations.of(["mine", "identity"]) == method


def test_entries_are_apart_by_an_empty_line():
    text = citations.of(["gelu"])
    assert text.split("\n\n") == [*(ENTRIES[key] for key in keys(text)[:-1]), ENTRIES["sokar2023"] + "\n"]
