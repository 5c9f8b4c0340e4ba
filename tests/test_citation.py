"""CITATION.cff is one, and says the same as pyproject.toml and LICENSE."""

import json
import re
import tomllib

import jsonschema
import pytest
import yaml
from conftest import ROOT

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SCHEMA = ROOT / ".cff" / "cffconvert" / "schemas" / "1.2.0" / "schema.json"
LICENSE = (ROOT / "LICENSE").read_text()


def test_it_has_the_keys_that_the_format_requires():
    assert {"cff-version", "message", "title", "authors"} <= CITATION.keys()
    assert CITATION["cff-version"] == "1.2.0" and CITATION["type"] == "software"


@pytest.mark.skipif(
    not SCHEMA.is_file(), reason="make test fetches the schema, of cffconvert, into .cff/: it is not there"
)
def test_it_follows_the_published_schema():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.validate(CITATION, schema)
    with pytest.raises(jsonschema.ValidationError, match="authors"):
        jsonschema.validate({key: value for key, value in CITATION.items() if key != "authors"}, schema)


def test_every_value_is_text():
    """YAML takes a version of two numbers for one number."""
    lists = [*CITATION["keywords"], *(name for author in CITATION["authors"] for name in author.values())]
    single = [value for key, value in CITATION.items() if key not in ("authors", "keywords")]
    assert all(isinstance(value, str) and value for value in [*lists, *single])


def test_name_and_version_are_those_of_the_package():
    assert (CITATION["title"], CITATION["version"]) == (PROJECT["name"], PROJECT["version"])


def test_licence_and_authors_are_those_of_the_licence():
    assert CITATION["license"] == PROJECT["license"]
    assert LICENSE.startswith(f"{CITATION['license']} License\n")
    (holder,) = re.findall(r"^Copyright \(c\) \d{4} (.+)$", LICENSE, re.M)
    assert CITATION["authors"] == [{"name": holder}]
