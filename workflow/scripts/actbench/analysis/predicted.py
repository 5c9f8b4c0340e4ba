"""What theory predicts beside what was measured at initialisation: the column `predicted`."""

from collections.abc import Iterator, Mapping

import pandas as pd
import pyarrow as pa

from actbench.storage import parquet

PREDICTED = pa.field("predicted", pa.float64())
# Measures of `distributions_by_layer` by signal, with the columns of `predictions` that predict them.
DISTRIBUTIONS = {
    ("preactivation", "std"): "preactivation_std",
    ("activation", "mean"): "activation_mean",
    ("activation", "std"): "activation_std",
    ("activation", "mean_cosine"): "mean_cosine",
}
DECAY = ("slope", "log10_first_last")
INIT = {"checkpoint": "init"}


def beside(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """The summaries by layer of which theory predicts something, with `predicted` as their last column.

    It is null where there is no prediction: after training, for other tensors and measures, or with a reason
    in `predictions`.

    Args:
        tables: these summaries, and those of `storage.theory_tables`.
    """
    predictions, expectations = (tables[name].to_pandas() for name in ("predictions", "expectations"))
    gradients = predictions[[*parquet.CELL, "layer"]].assign(
        **INIT, tensor="preactivation", measure="rms", predicted=10.0 ** predictions["log10_rms"]
    )
    found = {
        "gradients_by_layer": gradients,
        "distributions_by_layer": pd.concat(_distributions(predictions)),
        "decay": pd.concat(_decay(expectations)),
    }
    return {name: with_column(tables[name], frame) for name, frame in found.items()}


def with_column(table: pa.Table, found: pd.DataFrame) -> pa.Table:
    """The table with `predicted` of those rows of `found` that have its keys, its other columns."""
    keys = [name for name in found.columns if name != PREDICTED.name]
    plain = {key: str for key in keys if key not in ("depth", "layer")}
    rows = table.select(keys).to_pandas().astype(plain)
    joined = rows.merge(found.astype(plain), how="left", on=keys, validate="many_to_one")
    return table.append_column(PREDICTED, pa.array(joined[PREDICTED.name], pa.float64(), from_pandas=True))


def _distributions(predictions: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for (signal, measure), column in DISTRIBUTIONS.items():
        rows = predictions[[*parquet.CELL, "layer"]]
        yield rows.assign(**INIT, signal=signal, measure=measure, predicted=predictions[column])


def _decay(expectations: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for measure in DECAY:
        rows = expectations[parquet.CELL]
        yield rows.assign(**INIT, tensor="preactivation", measure=measure, predicted=expectations[measure])
