"""What every probe must keep to, and how specs are read."""

import dataclasses
import subprocess
import sys

import jsonschema
import pytest
import torch
from actbench.errors import UserError
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.probes import registry, tables
from actbench.runtime import imports, seeds
from actbench.storage import parquet
from conftest import MEASURED, SCHEMA

NAMES = list(registry.specs())


@pytest.fixture
def network(spec):
    return mlp.build(Recipe([4, 6, 5, 4], spec("relu")), seeds.generator(0, "weights"))


def section(name, **given):
    return {key: part["default"] for key, part in registry.specs()[name].section.items()} | given


def measured(name, network, toy):
    given = {"images": 32} if "images" in registry.specs()[name].section else {}
    return registry.load(name).measure(network, toy, section(name, **given))


def test_the_three_probes_are_found():
    assert {"gradients", "distributions", "dead_neurons"} <= set(NAMES)


def test_reading_specs_imports_nothing_heavy():
    told = (
        "from actbench.probes import registry; registry.specs(); import sys; "
        "print([name for name in ('torch', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", told], cwd=imports.SCRIPTS, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_the_spec_that_is_read_is_that_of_the_module(name):
    assert dataclasses.replace(registry.load(name), measure=None) == registry.specs()[name]


@pytest.mark.parametrize("name", NAMES)
def test_defaults_of_a_section_fit_its_schema(name):
    probe = registry.specs()[name]
    part = SCHEMA["properties"][probe.rule]
    jsonschema.Draft202012Validator(part).validate(section(name))
    assert part["description"] == probe.description
    assert all(of_key["description"] for of_key in part["properties"].values())


@pytest.mark.parametrize("name", NAMES)
def test_a_probe_measures_what_its_spec_says(name, network, toy):
    probe, rows = registry.specs()[name], measured(name, network, toy)
    table = parquet.table([MEASURED | row for row in rows], tables.schema(probe), tables.order(probe))
    found = [tuple(row.values()) for row in table.select(tables.order(probe)).to_pylist()]
    planned = tables.planned(probe, [MEASURED | {"status": "diverged"}], depth=2)
    assert {row[: len(next(iter(planned)))] for row in found} == planned
    assert len(set(found)) == len(found)
    assert set(probe.summarised) <= set(probe.columns)


@pytest.mark.parametrize("name", NAMES)
def test_a_probe_leaves_the_network_as_it_was_and_says_the_same_again(name, network, toy):
    before = {key: value.clone() for key, value in network.state_dict().items()}
    rows = measured(name, network, toy)
    assert measured(name, network, toy) == rows
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert network.training and all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PROBE = make()", "PROBE is computed; allowed: Probe"),
        ("PROBE = Probe(name='bias', title=TITLE)", "PROBE is computed"),
        ("PROBE = Probe(name='bias')", "PROBE is computed"),
        ("PROBE: Probe = 7", "PROBE is computed"),
        ("x = 1\nPROBE = (", r"bias\.py:2 is no Python: "),
        (
            "PROBE = Probe(name='other', title='', description='', section={}, columns={}, layers='all')",
            "has the name 'other'; allowed: that of its module, 'bias'",
        ),
    ],
)
def test_a_spec_that_cannot_be_read_is_refused(tmp_path, text, words):
    (tmp_path / "bias.py").write_text(text)
    with pytest.raises(UserError, match=words):
        registry.specs(tmp_path)


OPTIONAL = {name for name, probe in registry.specs().items() if probe.optional}


def test_optional_probes_are_off_until_they_are_enabled():
    assert "jacobian" in OPTIONAL
    assert registry.enabled({}).keys() == set(NAMES) - OPTIONAL
    assert registry.enabled({"probe_jacobian": {"enabled": False}}).keys() == set(NAMES) - OPTIONAL
    assert registry.enabled({"probe_jacobian": {"enabled": True}})["jacobian"] == registry.specs()["jacobian"]


@pytest.mark.parametrize("name", NAMES)
def test_optional_probes_have_the_key_enabled_and_others_have_not(name):
    keys = SCHEMA["properties"][f"probe_{name}"]["properties"]
    assert ("enabled" in keys) == (name in OPTIONAL)
    assert name not in OPTIONAL or (keys["enabled"]["type"], keys["enabled"]["default"]) == ("boolean", False)


def test_copies_of_editors_are_no_probes(tmp_path):
    (tmp_path / "._bias.py").write_bytes(b"\x00\x05")
    (tmp_path / ".#bias.py").write_text("PROBE = (")
    assert registry.specs(tmp_path) == {}


def test_sections_stand_before_that_of_the_report():
    keys = list(SCHEMA["properties"])
    start = keys.index("report") - len(NAMES)
    assert keys[start : start + len(NAMES)] == [f"probe_{name}" for name in NAMES]
