"""The probes of a network that somebody else trained, from its state dict and the data of a study.

With cross-validation these are the subsets of fold 0.
"""

from collections.abc import Mapping

import pyarrow as pa
import torch
from torch.nn import functional

from actbench.data import prepared, splits
from actbench.data.subsets import Data, Subset
from actbench.errors import UserError
from actbench.networks import modes, statedicts
from actbench.networks.family import Network
from actbench.probes import dead_neurons, distributions, gradients
from actbench.probes.probe import Probe
from actbench.runtime import provenance
from actbench.storage import files, histograms, parquet

PROBES = (gradients.PROBE, distributions.PROBE, dead_neurons.PROBE)


def run(job: object) -> None:
    """Measure it as the job of its rule: `job` is the script's `snakemake`.

    Each table's record says what the network is by the shapes of its weights, and what it scores.

    Raises:
        UserError: the file is not the one that was planned with, or is no network that can be measured.
    """
    torch.set_num_threads(1)  # whatever --set-threads says: more would change last bits
    torch.set_deterministic_debug_mode("error")
    params, path = job.params.checkpoint, job.config["checkpoint"]
    if files.digest(path) != params["digest"]:
        raise UserError(f"{path} was changed after this run began: run again.")
    images = prepared.read(job.input.data, job.params.prepared_by)
    data = splits.split(images, params["evaluation"], params["normalisation"])
    n_inputs = data.train.x.shape[1]
    network, shape = statedicts.network(
        statedicts.read(path), path, params["activation"], n_inputs, data.n_classes
    )
    record = {
        "data": images.digest,
        "network": {"sizes": list(shape.sizes), "norm": shape.norm, "bias": shape.bias},
        "params": params,
        "provenance": provenance.describe(job.params.code, "cpu"),
        "scores": scores(network, data),
        "seconds": provenance.seconds(),
    }
    for probe in PROBES:
        with modes.drawing(network):
            rows = probe.measure(network, data, params[probe.rule])
        parquet.write(table(probe, rows), job.output[probe.name], record)


def scores(network: Network, data: Data) -> dict[str, dict[str, float]]:
    """Images, accuracy and mean cross-entropy of each subset that has images."""
    subsets = {"training": data.train, "validation": data.validation, "test": data.test}
    return {name: _score(network, subset) for name, subset in subsets.items() if len(subset.y)}


def table(probe: Probe, rows: list[Mapping]) -> pa.Table:
    """Rows of a probe of one network as a table: layer, the probe's key and columns, and any histogram."""
    keys = {"layer": "int16"} | ({probe.key: "string"} if probe.key else {})
    drawn = histograms.COLUMNS if probe.histogram else []
    return parquet.table(rows, pa.schema([*parquet.fields(keys | dict(probe.columns)), *drawn]), list(keys))


def _score(network: Network, subset: Subset) -> dict[str, float]:
    with modes.frozen(network):
        logits = torch.cat([network(x) for x in subset.x.split(dead_neurons.BATCH)]).double()
    return {
        "n": len(subset.y),
        "accuracy": (logits.argmax(dim=1) == subset.y).double().mean().item(),
        "loss": functional.cross_entropy(logits, subset.y).item(),
    }
