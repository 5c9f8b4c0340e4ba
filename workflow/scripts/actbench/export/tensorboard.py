"""TensorBoard's event files from a study's tables."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from torch.utils.tensorboard import SummaryWriter

from actbench.storage import files, parquet, records

SCALARS = {
    "train_loss": "loss/training",
    "val_loss": "loss/validation",
    "train_accuracy": "accuracy/training",
    "val_accuracy": "accuracy/validation",
    "test_accuracy": "accuracy/test",
}
FILE = "events.out.tfevents.0.actbench"  # TensorBoard takes any name with tfevents; its own holds the host's
HISTOGRAMS = {"weight_epoch": "weights", "gradient_epoch": "gradients"}


def run(job: object) -> None:
    """Write a study's event files, as the job of its rule: `job` is the script's `snakemake`."""
    sources, (output,) = job.input, job.output
    read = [sources.history, sources.histograms]
    records.checked(sources.made_by, records.Plan(**job.params.made_with), read)
    history = parquet.read(sources.history).to_pandas()
    by_epoch = pc.field("source").isin(list(HISTOGRAMS))
    histograms = parquet.read(sources.histograms).filter(by_epoch).to_pandas()
    with files.atomic_folder(output) as folder:
        write(folder, history, histograms)
    print(f"See them with: tensorboard --logdir {output}", flush=True)


def write(folder: str | Path, history: pd.DataFrame, histograms: pd.DataFrame) -> None:
    """Write one folder of events a run, named `{activation}-d{depth}-{setting}-seed{seed}-fold{fold}`.

    Args:
        folder: is created.
        history: the table of that name; its columns become the scalars of `SCALARS`.
        histograms: the rows with source `weight_epoch` or `gradient_epoch`, which become
            `weights/layer{l}` and `gradients/layer{l}`.

    The step is the epoch, and so is the time in seconds, since results know no times.
    """
    drawn = dict(iter(histograms.groupby(parquet.RUN, observed=True)))
    for keys, epochs in history.groupby(parquet.RUN, observed=True):
        place = Path(folder) / name(*keys)
        with SummaryWriter(place) as writer:
            for row in epochs.to_dict("records"):
                _scalars(writer, row)
            for row in drawn[keys].to_dict("records") if keys in drawn else ():
                _histogram(writer, row)
        (written,) = place.iterdir()
        written.rename(place / FILE)


def name(activation: str, depth: int, setting: str, seed: int, fold: int) -> str:
    """The folder of one run."""
    return f"{activation}-d{depth}-{setting}-seed{seed}-fold{fold}"


def _scalars(writer: SummaryWriter, row: Mapping) -> None:
    for column, tag in SCALARS.items():
        if not pd.isna(row[column]):
            writer.add_scalar(tag, row[column], row["epoch"], walltime=float(row["epoch"]))


def _histogram(writer: SummaryWriter, row: Mapping) -> None:
    """One stored histogram; its sums, which TensorBoard does not draw, are those of the bins' middles."""
    if row["counts"] is None:
        return
    edges = np.linspace(row["low"], row["high"], len(row["counts"]) + 1)
    middles, counts = (edges[1:] + edges[:-1]) / 2, np.asarray(row["counts"], dtype=float)
    writer.add_histogram_raw(
        f"{HISTOGRAMS[row['source']]}/layer{row['layer']}",
        min=row["low"],
        max=row["high"],
        num=int(counts.sum()),
        sum=float(counts @ middles),
        sum_squares=float(counts @ middles**2),
        bucket_limits=edges[1:].tolist(),
        bucket_counts=counts.tolist(),
        global_step=int(row["epoch"]),
        walltime=float(row["epoch"]),
    )
