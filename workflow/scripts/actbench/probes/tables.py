"""The tables of a probe: columns, order, planned rows, histograms."""

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from actbench.probes.probe import Probe
from actbench.storage import histograms, parquet, snapshots


def schema(probe: Probe) -> pa.Schema:
    """Columns of the table that the probe's job writes."""
    types = {"layer": "int16", probe.key: "int32" if probe.numbered else "string"}
    keys = {key: types.get(key, "string") for key in probe.keys}
    drawn = histograms.COLUMNS if probe.histogram else []
    return pa.schema([*parquet.KEYS, *parquet.fields(keys | dict(probe.columns)), *drawn])


def order(probe: Probe) -> list[str]:
    """Columns that tell its rows apart, and by which they are sorted."""
    return [*parquet.RUN, *probe.keys]


def planned(probe: Probe, runs: Iterable[Mapping], depth: int, epochs: Sequence[int] = ()) -> set[tuple]:
    """What must be there of a block, in the columns of `order`, less `key` where the probe numbers rows.

    A run is measured at the checkpoints of `snapshots.of_run`.

    Args:
        runs: rows of the block's table `runs`.
        depth: hidden layers.
        epochs: the config's `probe_epochs`.
    """
    places = probe.planned(depth)
    return {
        (*(run[key] for key in parquet.RUN), checkpoint, *place)
        for run in runs
        for checkpoint in snapshots.of_run(run, epochs)
        for place in places
    }


def histogram_rows(probe: Probe, table: pa.Table) -> pa.Table:
    """The histograms of its table as rows of the study's table of histograms."""
    n = table.num_rows
    named = table[probe.key] if probe.key else pa.array([probe.name] * n, pa.string())
    columns = {
        "source": pa.array([probe.histogram] * n, pa.string()),
        "epoch": pa.nulls(n, pa.int32()),
        "tensor": named.cast(pa.string()),
    }
    names = histograms.SCHEMA.names
    return pa.table(
        [columns[name] if name in columns else table[name] for name in names],
        schema=histograms.SCHEMA,
    )
