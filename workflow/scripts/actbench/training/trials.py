"""The tables of a search for a learning rate, a row a network; nothing here imports torch."""

import math
from collections.abc import Mapping, Sequence

import pyarrow as pa

from actbench.storage import parquet

DIGITS = 12  # to which means are compared: what is equal in whole images must not differ by rounding
PLACE = [
    *parquet.CELL_KEYS,
    pa.field("fold", pa.int16(), nullable=False),
    pa.field("learning_rate", pa.float64(), nullable=False),
    pa.field("seed", pa.int32(), nullable=False),
]
TRIAL = [entry.name for entry in PLACE]
TRIALS = pa.schema(
    [
        *PLACE,
        pa.field("status", pa.string(), nullable=False),
        pa.field("epochs_run", pa.int32(), nullable=False),
        ("best_epoch", pa.int32()),
        ("val_loss", pa.float64()),
        ("val_accuracy", pa.float64()),
        pa.field("score", pa.float64(), nullable=False),
    ]
)
SPENT = [  # on training one network
    pa.field("seconds", pa.float64(), nullable=False),
    pa.field("n_images", pa.int64(), nullable=False),
    pa.field("flops", pa.int64(), nullable=False),
]
COST = pa.schema(
    [
        *PLACE,
        pa.field("epochs_run", pa.int32(), nullable=False),
        *SPENT,
    ]
)


def mean_score(trials: Sequence[Mapping]) -> float:
    """The mean score of one candidate's trials, to `DIGITS` digits."""
    return round(math.fsum(trial["score"] for trial in trials) / len(trials), DIGITS)
