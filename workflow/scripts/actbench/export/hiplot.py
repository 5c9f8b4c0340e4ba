"""A page of parallel coordinates over runs and epochs, made by HiPlot."""

from collections.abc import Mapping

import hiplot
import pandas as pd

from actbench.storage import files, parquet, records

MEASURES = ["train_loss", "train_accuracy", "val_loss", "val_accuracy", "test_accuracy"]


def run(job: object) -> None:
    """Write a study's page, as the job of its rule: `job` is the script's `snakemake`."""
    source, (output,) = job.input.history, job.output
    records.checked(job.input.made_by, records.Plan(**job.params.made_with), [source])
    files.write_text(page(parquet.read(source).to_pandas(), job.params.labels), output)
    print(f"Parallel coordinates: {output}", flush=True)


def page(history: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """HTML with one line for each run and epoch, the epochs of a run linked in HiPlot's XY plot.

    Args:
        history: the table of that name.
        labels: activation id to display text.

    A column that is empty throughout, or the same throughout, is left out: where every run diverged in its
    first epoch, all measures are. HiPlot shows text as HTML,
    so "<" becomes "‹".
    """
    measures = [column for column in MEASURES if history[column].notna().any()]
    keys = [key for key in parquet.RUN if history[key].nunique() > 1 or key == "activation"]
    experiment = hiplot.Experiment()
    for run, epochs in history.groupby(parquet.RUN, observed=True):
        before = None
        for row in epochs.sort_values("epoch").to_dict("records"):
            uid = "/".join(map(str, [*run, row["epoch"]]))
            values = {key: row[key] for key in [*keys, "epoch", *measures] if not pd.isna(row[key])}
            values["activation"] = labels[row["activation"]].replace("<", "‹")
            experiment.datapoints.append(hiplot.Datapoint(uid=uid, values=values, from_uid=before))
            before = uid
    accuracies = [c for c in ("val_accuracy", "test_accuracy", "train_accuracy") if c in measures]
    shown = [*accuracies, *measures, "epoch"][0]
    experiment.colorby = "activation"
    experiment.display_data(hiplot.Displays.XY).update({"axis_x": "epoch", "axis_y": shown})
    experiment.display_data(hiplot.Displays.PARALLEL_PLOT).update(
        {
            "order": [*keys, "epoch", *measures][::-1],  # HiPlot draws from right to left
            "hide": ["uid", "from_uid"],
        }
    )
    return experiment.to_html()
