"""What the scripts of probes share: run over a block's networks, collect rows, write one table."""

from collections.abc import Mapping
from pathlib import Path

import torch

from actbench.data import prepared, splits
from actbench.errors import DamagedError
from actbench.networks import checkpoints, modes
from actbench.probes import tables
from actbench.probes.probe import Probe
from actbench.runtime import provenance
from actbench.storage import manifest, parquet, snapshots


def run_job(probe: Probe, job: object) -> None:
    """Run a probe as the job of its rule: `job` is the script's `snakemake`."""
    planned = {entry["id"]: entry["spec"] for entry in job.config["activations"]}
    activation, params = planned[job.wildcards.activation], job.params
    run(
        probe,
        Path(job.input.model).parent,
        job.input.data,
        job.output[0],
        params.section,
        activation,
        params.code,
    )


def run(
    probe: Probe,
    folder: str | Path,
    data: str | Path,
    output: str | Path,
    params: Mapping,
    activation: Mapping,
    code: Mapping[str, str],
) -> None:
    """Measure every network of a block at all of its checkpoints and write the rows.

    Of a diverged run the last weights are not worth a number: see `snapshots.of_run`.

    Args:
        probe: what is measured.
        folder: the block's folder.
        data: the prepared data set.
        output: the Parquet file; its record says what was measured, how and by which code.
        params: the probe's section of the config.
        activation: the planned spec, see `activations.create`; nothing is made of what the folder names.
        code: see `provenance.describe`.

    Raises:
        DamagedError: the weights or scores are not those of one training, or it used other images.
        UserError: they are those of another activation than planned, or other code ran than planned.
    """
    torch.set_num_threads(1)  # whatever --set-threads says: more would change last bits
    torch.set_deterministic_debug_mode("error")
    stored = checkpoints.Stored(folder, activation)
    config = manifest.read(folder, ["runs.parquet"])
    trained_with = config["params"]
    epochs = trained_with.get("probe_epochs", [])
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
            for checkpoint in snapshots.of_run(run, epochs):
                network = stored.network(run["seed"], fold, checkpoint)
                with modes.drawing(network):
                    rows += [
                        keys | {"checkpoint": checkpoint} | row
                        for row in probe.measure(network, split, params)
                    ]
    table = parquet.table(rows, tables.schema(probe), tables.order(probe))
    record = {
        "model": config["files"][manifest.MODEL],
        "params": params,
        "provenance": provenance.describe(code, "cpu"),
        "seconds": provenance.seconds(),
    }
    parquet.write(table, output, record)
