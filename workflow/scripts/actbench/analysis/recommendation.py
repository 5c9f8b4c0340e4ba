"""Which initialisation to use for an activation, from what theory predicts under each.

The table `recommended` has of the initialisation that is recommended gain (σ_w, relative to lecun's 1) and
σ_b of the deepest network's last hidden layer, the decay predicted of that network, the fixed point q, and
that of the images' first layer. Of decays whose training is expected or not, the closest to 0 is chosen; only
where there is none, of those that grow too much to tell. The edge of chaos beside it is what `critical` uses.
"""

from collections.abc import Mapping, Sequence

import pandas as pd
import pyarrow as pa

from actbench.storage import parquet

SIMPLEST = ("he", "lecun", "xavier", "orthogonal", "critical", "default")  # first
UNKNOWN = "its numbers are not known"
TIE = 0.1  # of log10 of the first layer's gradient over the last's
SCHEMA = pa.schema(
    [
        pa.field("activation", parquet.NAME, nullable=False),
        pa.field("depth", pa.int16(), nullable=False),
        ("initialisation", pa.string()),
        ("gain", pa.float64()),
        ("bias_std", pa.float64()),
        ("log10_first_last", pa.float64()),
        ("expected_to_train", pa.bool_()),
        ("q", pa.float64()),
        ("first_q", pa.float64()),
        ("stable", pa.bool_()),
        ("error", pa.float64()),
        ("edge_gain", pa.float64()),
        ("edge_bias_std", pa.float64()),
        ("edge_stable", pa.bool_()),
        ("reason", pa.string()),
    ]
)


def of(decays: Mapping[str, float | None]) -> str | None:
    """The initialisation whose predicted decay is closest to 0; None where none is predicted.

    Of those that are as close within `TIE`, the simplest.

    Args:
        decays: log10 of the first layer's gradient over the last's, by initialisation.

    >>> of({"he": -0.31, "lecun": -0.35, "critical": 0.28, "default": -4.0, "xavier": None})
    'he'
    """
    sizes = {name: abs(decay) for name, decay in decays.items() if not pd.isna(decay)}
    close = [name for name, size in sizes.items() if size <= min(sizes.values()) + TIE]
    return min(close, key=_place, default=None)


def table(tables: Mapping[str, pd.DataFrame], activations: Sequence[str]) -> list[dict]:
    """Rows of `SCHEMA`, one an activation, for the deepest networks.

    Args:
        tables: those of `storage.theory_tables`, whose settings are initialisations.
        activations: in their order.
    """
    depth = tables["expectations"]["depth"].max()
    expected = tables["expectations"].query("depth == @depth").set_index(["activation", "setting"])
    maps = tables["theory"].set_index(["activation", "setting"])
    first = tables["predictions"].query("depth == @depth and layer == 0").set_index(["activation", "setting"])
    return [
        _row(name, int(depth), expected.loc[name], maps.loc[name], first.loc[name]) for name in activations
    ]


def _row(
    activation: str, depth: int, expected: pd.DataFrame, maps: pd.DataFrame, first: pd.DataFrame
) -> dict:
    row = dict.fromkeys(SCHEMA.names) | {"activation": activation, "depth": depth}
    edges = maps[["edge_weight_std", "edge_bias_std", "edge_stable"]].iloc[0]
    row |= dict(zip(("edge_gain", "edge_bias_std", "edge_stable"), map(_plain, edges), strict=True))
    known = expected[expected["expected_to_train"].notna()]
    chosen = of(known["log10_first_last"].to_dict()) or of(expected["log10_first_last"].to_dict())
    if chosen is None:
        return row | {"reason": next(iter(expected["reason"].mode()), UNKNOWN)}
    row |= {name: _plain(expected.loc[chosen, name]) for name in ("log10_first_last", "expected_to_train")}
    row |= {name: _plain(maps.loc[chosen, name]) for name in ("bias_std", "q", "stable", "error", "reason")}
    gain, first_q = _plain(maps.loc[chosen, "weight_std"]), _plain(first.loc[chosen, "q"])
    return row | {"initialisation": chosen, "gain": gain, "first_q": first_q}


def _place(name: str) -> int:
    return SIMPLEST.index(name) if name in SIMPLEST else len(SIMPLEST)


def _plain(value: object) -> object:
    """A value of a frame as JSON takes it; None where there is none."""
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
