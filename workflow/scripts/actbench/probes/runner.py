"""What the three probe scripts share: run over a block's networks, collect rows, write one table."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import torch

from actbench.data import prepared, splits
from actbench.data.subsets import Data
from actbench.errors import DamagedError
from actbench.networks import checkpoints, mlp
from actbench.runtime import provenance
from actbench.storage import manifest, parquet

ORDER = [*parquet.RUN, "checkpoint", "layer"]


def run(
    folder: str | Path,
    data: str | Path,
    schema: pa.Schema,
    measure: Callable[[mlp.MLP, Data], list[dict]],
    output: str | Path,
    params: Mapping,
    activation: Mapping,
    code: Mapping[str, str],
    sort_by: list[str] | None = None,
) -> None:
    """Measure every network of a block at both checkpoints and write the rows.

    A diverged run is measured at initialisation only: it has no weights worth a number.

    Args:
        folder: the block's folder.
        data: the prepared data set.
        schema: of the rows.
        measure: gives rows without keys and checkpoint.
        output: the Parquet file; its record says what was measured, how and by which code.
        params: the probe's section of the config.
        activation: the planned spec, see `activations.create`; nothing is made of what the folder names.
        code: see `provenance.describe`.
        sort_by: columns after activation, depth, seed, fold, checkpoint and layer.

    Raises:
        DamagedError: the weights or scores are not those of one training, or it used other images.
        UserError: they are those of another activation than planned, or other code ran than planned.
    """
    torch.set_num_threads(1)  # whatever --set-threads says: more would change last bits
    torch.set_deterministic_debug_mode("error")
    stored = checkpoints.Stored(folder, activation)
    config = manifest.read(folder, ["runs.parquet"])
    trained_with = config["params"]
    runs = parquet.read(Path(folder) / "runs.parquet").to_pylist()
    images = prepared.read(data)
    if images.digest != config["data"]:
        raise DamagedError(
            Path(folder, manifest.NAME), f"its networks were trained on other images than {data}"
        )
    rows = []
    for fold in sorted({run["fold"] for run in runs}):
        split = splits.split(images, trained_with["evaluation"], trained_with["normalisation"], fold)
        for run in (run for run in runs if run["fold"] == fold):
            keys = {key: run[key] for key in parquet.RUN}
            for checkpoint in checkpoints.CHECKPOINTS if run["status"] == "ok" else ("init",):
                network = stored.network(run["seed"], fold, checkpoint)
                with mlp.drawing(network):
                    rows += [keys | {"checkpoint": checkpoint} | row for row in measure(network, split)]
    table = parquet.table(rows, schema, [*ORDER, *(sort_by or [])])
    record = {
        "model": config["files"][manifest.MODEL],
        "params": params,
        "provenance": provenance.describe(code, "cpu"),
        "seconds": provenance.seconds(),
    }
    parquet.write(table, output, record)
