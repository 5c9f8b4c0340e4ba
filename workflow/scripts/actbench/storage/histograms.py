"""Histograms as rows: two ends and counts."""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from actbench.storage import parquet

if TYPE_CHECKING:
    from torch import Tensor

SCHEMA = pa.schema(
    [
        *parquet.KEYS,
        pa.field("source", pa.string(), nullable=False),
        ("checkpoint", pa.string()),
        ("epoch", pa.int32()),
        pa.field("layer", pa.int16(), nullable=False),
        pa.field("tensor", pa.string(), nullable=False),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("counts", pa.list_(pa.int32())),
    ]
)


def histogram(values: "Tensor", bins: int) -> dict:
    """`low`, `high` and `counts` of equal bins between the smallest and the largest finite value.

    Where all values are the same, the bins span half a unit on either side of it. Without any finite
    value, all three are None.
    """
    numbers = values.detach().double().cpu().numpy()
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return {"low": None, "high": None, "counts": None}
    counts, edges = np.histogram(finite, bins=bins)
    return {"low": float(edges[0]), "high": float(edges[-1]), "counts": counts.tolist()}
