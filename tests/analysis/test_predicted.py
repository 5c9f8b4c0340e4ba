"""Predictions beside measurements: each in its row, and null in all others."""

import math

import pandas as pd
import pyarrow as pa
import pytest
from actbench.analysis import aggregation, predicted, statistics
from actbench.storage import parquet, theory_tables

CELL = {"activation": "tanh", "depth": 1, "setting": "default"}
LAYER = dict.fromkeys(theory_tables.PREDICTIONS.names[4:])


def by_layer(keys, places):
    """A summary of these rows, given as checkpoint, `keys` and measure."""
    summary = {"n": 2, "mean": 1.0, "std": 0.1, "ci_low": 0.9, "ci_high": 1.1}
    names = ["checkpoint", *keys, "measure"]
    found = [CELL | dict(zip(names, place, strict=True)) | summary for place in places]
    return parquet.table(found, statistics.by_layer_schema(keys), [*parquet.CELL, *names])


def tables(measures=("mean", "std", "mean_cosine", "kurtosis")):
    layers = [
        {
            "layer": 0,
            "log10_rms": -2.0,
            "preactivation_std": 0.5,
            "activation_mean": 0.1,
            "activation_std": 0.4,
        }
        | {"mean_cosine": 0.7, "width": 16},
        {"layer": 1, "log10_rms": -1.0, "preactivation_std": 0.3, "width": 10},
    ]
    expected = {"slope": 1.0, "log10_first_last": -1.0, "expected_to_train": True, "reason": None}
    tensors = [
        (c, n, t, m)
        for c in ("init", "trained")
        for n in (0, 1)
        for t in ("weight", "preactivation")
        for m in ("rms", "l2_norm")
    ]
    signals = [
        (c, n, s, m)
        for c in ("init", "trained")
        for n in (0, 1)
        for s in ("preactivation", "activation")[: 2 - n]
        for m in measures
    ]
    decays = [
        (c, t, m)
        for c in ("init", "trained")
        for t in ("bias", "preactivation")
        for m in ("slope", "log10_first_last")
    ]
    return {
        "predictions": parquet.table(
            [CELL | LAYER | row for row in layers], theory_tables.PREDICTIONS, ["layer"]
        ),
        "expectations": parquet.table([CELL | expected], theory_tables.EXPECTATIONS, parquet.CELL),
        "gradients_by_layer": by_layer(["layer", "tensor"], tensors),
        "distributions_by_layer": by_layer(["layer", "signal"], signals),
        "decay": by_layer(["tensor"], decays),
    }


def known(table, *names):
    frame = table.to_pandas()
    frame = frame[frame["predicted"].notna()]
    assert set(frame["checkpoint"]) <= {"init"}
    return dict(zip(frame[list(names)].itertuples(index=False, name=None), frame["predicted"], strict=True))


def test_each_prediction_stands_in_its_row_and_nowhere_else():
    given = tables()
    found = predicted.beside(given)
    assert found.keys() == {"gradients_by_layer", "distributions_by_layer", "decay"}
    for name, table in found.items():
        assert table.schema.names == [*given[name].schema.names, "predicted"]
        assert table.schema.field("predicted").type == pa.float64()
        assert table.drop_columns("predicted").equals(given[name]), name
    assert known(found["gradients_by_layer"], "layer", "tensor", "measure") == pytest.approx(
        {(0, "preactivation", "rms"): 0.01, (1, "preactivation", "rms"): 0.1}
    )
    assert known(found["distributions_by_layer"], "layer", "signal", "measure") == {
        (0, "preactivation", "std"): 0.5,
        (1, "preactivation", "std"): 0.3,
        (0, "activation", "mean"): 0.1,
        (0, "activation", "std"): 0.4,
        (0, "activation", "mean_cosine"): 0.7,
    }
    assert known(found["decay"], "tensor", "measure") == {
        ("preactivation", "slope"): 1.0,
        ("preactivation", "log10_first_last"): -1.0,
    }


def test_a_measure_that_is_not_there_is_not_joined():
    found = predicted.beside(tables(("mean", "kurtosis")))
    assert list(known(found["distributions_by_layer"], "signal", "measure")) == [("activation", "mean")]


def test_other_cells_have_none():
    given = tables()
    other = given["expectations"].to_pandas().assign(setting="critical")
    given["expectations"] = pa.Table.from_pandas(other, theory_tables.EXPECTATIONS)
    assert known(predicted.beside(given)["decay"], "measure") == {}


def test_what_is_too_small_for_a_number_is_zero_and_what_is_not_predicted_is_null():
    given = tables()
    frame = given["predictions"].to_pandas()
    given["predictions"] = pa.Table.from_pandas(
        frame.assign(log10_rms=[-500.0, math.nan]), theory_tables.PREDICTIONS
    )
    found = predicted.beside(given)["gradients_by_layer"].to_pandas()
    chosen = found.query("checkpoint == 'init' and tensor == 'preactivation' and measure == 'rms'")
    assert chosen["predicted"].iloc[0] == 0 and pd.isna(chosen["predicted"].iloc[1])


def test_tables_of_theory_are_ours_to_remove():
    assert {f"{name}.parquet" for name in theory_tables.SCHEMAS} <= set(aggregation.TABLES)
