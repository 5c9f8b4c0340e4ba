"""Columns, planned rows and histograms of probes' tables."""

import pyarrow as pa
import pytest
from actbench.probes import tables
from actbench.probes.probe import Probe
from actbench.storage import histograms

RUN = {"activation": "relu", "depth": 2, "setting": "default", "seed": 3, "fold": 0}


def probe(**given):
    common = {"name": "size", "title": "Size", "description": "sizes", "section": {}}
    return Probe(**common, **{"columns": {"n": "int32", "size": "float64"}, "layers": "hidden"} | given)


def test_columns_are_keys_then_the_probes_own_then_histograms():
    drawn = probe(key="tensor", layers={"weight": "all"}, histogram="size")
    schema = tables.schema(drawn)
    own = ["checkpoint", "layer", "tensor", "n", "size", "low", "high", "counts"]
    assert schema.names == [*RUN, *own]
    assert not schema.field("n").nullable and schema.field("size").nullable
    assert schema.field("tensor").type == pa.string()
    assert tables.schema(probe(key="unit")).field("unit").type == pa.int32()


def test_rows_of_the_network_as_a_whole_have_no_layer():
    by_image = probe(layers="network", key="image")
    assert tables.schema(by_image).names == [*RUN, "checkpoint", "image", "n", "size"]
    assert tables.schema(by_image).field("image").type == pa.int32()
    assert tables.order(by_image) == [*RUN, "checkpoint", "image"] and by_image.summary_keys == []
    assert (by_image.summary, probe().summary) == ("size_over_seeds", "size_by_layer")
    assert tables.order(probe(layers="network")) == [*RUN, "checkpoint"]


def test_null_is_allowed_where_the_type_says_so():
    schema = tables.schema(probe(columns={"n": "int32?", "m": "int32"}))
    assert schema.field("n").nullable and not schema.field("m").nullable


@pytest.mark.parametrize(
    ("given", "places"),
    [
        ({}, {(0,), (1,)}),
        ({"layers": "all"}, {(0,), (1,), (2,)}),
        ({"key": "unit"}, {(0,), (1,)}),
        ({"layers": "network"}, {()}),
        ({"layers": "network", "key": "image"}, {()}),
        (
            {"key": "signal", "layers": {"z": "all", "h": "hidden"}},
            {(0, "z"), (1, "z"), (2, "z"), (0, "h"), (1, "h")},
        ),
    ],
)
def test_planned_rows(given, places):
    trained, diverged = RUN | {"status": "ok"}, RUN | {"seed": 4, "status": "diverged"}
    found = tables.planned(probe(**given), [trained, diverged], depth=2)
    keys = [(*RUN.values(), "init"), (*RUN.values(), "trained"), ("relu", 2, "default", 4, 0, "init")]
    assert found == {(*key, *place) for key in keys for place in places}


def test_planned_rows_after_epochs():
    """As far as each run came."""
    ended = {"ok": 5, "diverged": 2}
    runs = [RUN | {"seed": n, "status": how, "epochs_run": ended[how]} for n, how in enumerate(ended)]
    found = tables.planned(probe(), runs, depth=1, epochs=[1, 2, 5, 6])
    places = sorted((key[3], key[5]) for key in found)
    assert places == [
        *((0, name) for name in ("epoch1", "epoch2", "epoch5", "init", "trained")),
        *((1, name) for name in ("epoch1", "init")),
    ]


@pytest.mark.parametrize(("key", "value"), [("tensor", "weight"), ("unit", 7), ("", None)])
def test_histograms_become_rows_of_the_table_of_histograms(key, value):
    drawn = probe(key=key, layers={"weight": "all"} if key == "tensor" else "all", histogram="size")
    row = RUN | {
        "checkpoint": "init",
        "layer": 1,
        "n": 2,
        "size": 0.5,
        "low": 0.0,
        "high": 1.0,
        "counts": [2],
    }
    table = pa.Table.from_pylist([row | ({key: value} if key else {})], schema=tables.schema(drawn))
    (found,) = tables.histogram_rows(drawn, table).to_pylist()
    assert list(found) == histograms.SCHEMA.names
    assert (found["source"], found["tensor"], found["epoch"]) == ("size", str(value or "size"), None)
    assert (found["seed"], found["layer"], found["counts"]) == (3, 1, [2])
