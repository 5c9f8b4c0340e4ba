"""What the three probe scripts share: run over a block's networks, collect rows, write one table."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import torch

from actbench import files, networks, parquet, splits

ORDER = [*parquet.RUN, "checkpoint", "layer"]


def run(
    folder: str | Path,
    data: str | Path,
    threads: int,
    schema: pa.Schema,
    measure: Callable[[networks.MLP, splits.Data], list[dict]],
    output: str | Path,
    sort_by: list[str] | None = None,
) -> None:
    """Measure every network of a block at both checkpoints and write the rows.

    A diverged run is measured at initialisation only: it has no weights worth a number.

    Args:
        folder: the block's folder.
        data: the prepared data set.
        threads: for torch.
        schema: of the rows.
        measure: gives rows without keys and checkpoint.
        output: the Parquet file.
        sort_by: columns after activation, depth, seed, fold, checkpoint and layer.
    """
    torch.set_num_threads(threads)
    torch.set_deterministic_debug_mode("error")
    params = files.read_json(Path(folder) / "config.json")["params"]
    runs = parquet.read(Path(folder) / "runs.parquet").to_pylist()
    rows = []
    for fold in sorted({run["fold"] for run in runs}):
        loaded = splits.load(data, params["evaluation"], params["normalisation"], fold)
        for run in (run for run in runs if run["fold"] == fold):
            keys = {key: run[key] for key in parquet.RUN}
            for checkpoint in networks.CHECKPOINTS if run["status"] == "ok" else ("init",):
                network = networks.load(folder, run["seed"], fold, checkpoint)
                rows += [keys | {"checkpoint": checkpoint} | row for row in measure(network, loaded)]
    parquet.write(parquet.table(rows, schema, [*ORDER, *(sort_by or [])]), output)
