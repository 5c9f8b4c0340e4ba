"""Which initialisation is recommended: the closest decay, of ties the simplest."""

import pandas as pd
import pytest
from actbench.analysis import recommendation
from actbench.storage import parquet


@pytest.mark.parametrize(
    ("decays", "expected"),
    [
        ({"he": -2.0, "critical": -0.5, "default": -4.0}, "critical"),
        ({"he": -0.6, "critical": 0.5, "lecun": -0.55}, "he"),  # within 0.1, on either side of 0
        ({"he": -0.61, "critical": 0.5, "lecun": -0.55}, "lecun"),
        ({"default": 0.0, "orthogonal": -0.05}, "orthogonal"),
        ({"he": 3.0, "default": -1.0}, "default"),
        ({"he": None, "xavier": float("nan"), "default": -9.0}, "default"),
        ({"he": None, "lecun": float("nan")}, None),
        ({}, None),
    ],
)
def test_the_closest_to_zero_and_of_ties_the_simplest(decays, expected):
    assert recommendation.of(decays) == expected


def test_a_row_is_of_the_deepest_networks():
    place = {"activation": "tanh", "reason": None}
    decays = {(2, "he"): -0.1, (8, "he"): -3.0, (2, "critical"): -2.0, (8, "critical"): -0.5}
    expectations = [
        place | {"depth": depth, "setting": kind, "log10_first_last": decay, "expected_to_train": decay > -1}
        for (depth, kind), decay in decays.items()
    ]
    edge = {"edge_weight_std": 1.3, "edge_bias_std": 0.2, "edge_stable": True, "error": 1e-8}
    maps = [
        place | edge | {"setting": kind, "weight_std": gain, "bias_std": 0.2, "q": q, "stable": True}
        for kind, gain, q in (("he", 1.4, 0.6), ("critical", 1.3, 0.5))
    ]
    first = [
        {"activation": "tanh", "depth": depth, "setting": kind, "layer": layer, "q": depth + layer}
        for depth, kind in decays
        for layer in (0, 1)
    ]
    tables = {"expectations": expectations, "theory": maps, "predictions": first}
    tables = {name: pd.DataFrame(rows) for name, rows in tables.items()}
    (row,) = recommendation.table(tables, ["tanh"])
    assert row == {
        "activation": "tanh",
        "depth": 8,
        "initialisation": "critical",
        "gain": 1.3,
        "bias_std": 0.2,
        "log10_first_last": -0.5,
        "expected_to_train": True,
        "q": 0.5,
        "first_q": 8,
        "stable": True,
        "error": 1e-8,
        "edge_gain": 1.3,
        "edge_bias_std": 0.2,
        "edge_stable": True,
        "reason": None,
    }
    assert parquet.table([row], recommendation.SCHEMA, ["activation"]).num_rows == 1


def test_without_a_prediction_there_is_a_reason():
    place = {"activation": "step", "depth": 2, "layer": 0, "q": None, "log10_first_last": None}
    words = {"default": "it jumps", "critical": "no edge", "he": "it jumps"}
    frame = pd.DataFrame([place | {"setting": kind, "reason": reason} for kind, reason in words.items()])
    frame = frame.assign(expected_to_train=None)
    columns = ("weight_std", "bias_std", "stable", "error", "edge_weight_std", "edge_bias_std", "edge_stable")
    maps = frame.assign(**dict.fromkeys(columns))
    (row,) = recommendation.table({"expectations": frame, "theory": maps, "predictions": frame}, ["step"])
    assert (row["initialisation"], row["reason"], row["edge_gain"]) == (None, "it jumps", None)


@pytest.mark.parametrize(
    ("decays", "expected"),
    [({"he": 1.5, "default": -2.0}, "default"), ({"he": 1.5, "default": 4.0}, "he"), ({"he": None}, None)],
)
def test_what_is_not_known_is_recommended_only_where_all_is(decays, expected):
    place = {"activation": "mine", "depth": 2, "layer": 0, "q": None, "reason": None}
    rows = [
        place | {"setting": kind, "log10_first_last": decay, "expected_to_train": known(decay)}
        for kind, decay in decays.items()
    ]
    frame = pd.DataFrame(rows)
    columns = ("weight_std", "bias_std", "stable", "error", "edge_weight_std", "edge_bias_std", "edge_stable")
    maps = frame.assign(**dict.fromkeys(columns))
    (row,) = recommendation.table({"expectations": frame, "theory": maps, "predictions": frame}, ["mine"])
    assert row["initialisation"] == expected and row["expected_to_train"] in (True, None)
    assert row["reason"] == (recommendation.UNKNOWN if expected is None else None)


def known(decay):
    return None if decay is None or decay > 1 else True
