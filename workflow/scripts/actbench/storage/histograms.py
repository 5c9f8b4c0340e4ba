"""Histograms as rows: two ends and counts."""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from actbench.storage import parquet

if TYPE_CHECKING:
    from torch import Tensor

COLUMNS = [
    pa.field("low", pa.float64()),
    pa.field("high", pa.float64()),
    pa.field("counts", pa.list_(pa.int32())),
]
KEYS = {"source": "string", "checkpoint": "string?", "epoch": "int32?", "layer": "int16", "tensor": "string"}
SCHEMA = pa.schema([*parquet.KEYS, *parquet.fields(KEYS), *COLUMNS])
ORDER = [*parquet.RUN, *KEYS]


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
