"""A page of parallel coordinates over runs, made by HiPlot."""

from collections.abc import Mapping

import hiplot
import pandas as pd

from actbench.storage import files, parquet, records

# Axes from left to right: a column of the table `runs`, what HiPlot calls it, and in which unit.
AXES = {
    "depth": "hidden layers",  # first, since HiPlot cuts long texts at the left edge
    "activation": "activation",
    "setting": "setting",
    "fold": "fold",
    "seed": "seed",
    "learning_rate": "learning rate",
    "epochs_run": "epochs",
    "best_epoch": "best epoch",
    "train_loss": "training loss",
    "val_loss": "validation loss",
    "train_accuracy": "training accuracy, %",
    "val_accuracy": "validation accuracy, %",
    "trained": "trained",
    "test_accuracy": "test accuracy, %",
}
ALWAYS = ("activation", "test_accuracy")
# Axes that the picture leaves out until they are asked for, so that labels have room; the table has them.
MORE = ("seed", "epochs_run", "best_epoch", "train_loss", "val_loss", "train_accuracy", "val_accuracy")
UIDS = ["uid", "from_uid"]
LOGARITHMIC = ("learning_rate", "train_loss", "val_loss")


def run(job: object) -> None:
    """Write a study's page, as the job of its rule: `job` is the script's `snakemake`."""
    source, (output,) = job.input.runs, job.output
    records.checked(job.input.made_by, records.Plan(**job.params.made_with), [source])
    runs = parquet.read(source).to_pandas()
    files.write_text(page(runs, job.params.labels, job.params.colours), output)
    print(f"Parallel coordinates: {output}", flush=True)


def page(runs: pd.DataFrame, labels: Mapping[str, str], colours: Mapping[str, str]) -> str:
    """HTML with one line for each run, in the colour of its activation, test accuracy at the right.

    Args:
        runs: the table of that name.
        labels: activation id to display text.
        colours: activation id to `#rrggbb`.

    A column that is the same throughout, or empty, is left out; the axes of `MORE` are there on request.
    HiPlot shows text as HTML, so "<" becomes "‹".
    """
    shown = [
        column
        for column in AXES
        if runs[column].notna().any() and (column in ALWAYS or runs[column].nunique(dropna=False) > 1)
    ]
    texts = {key: label.replace("<", "‹") for key, label in labels.items()}
    experiment = hiplot.Experiment()
    for row in runs.sort_values(parquet.RUN).to_dict("records"):
        values = {AXES[column]: _shown(column, row[column]) for column in shown if not pd.isna(row[column])}
        values[AXES["activation"]] = texts[row["activation"]]
        uid = "/".join(str(row[key]) for key in parquet.RUN)
        experiment.datapoints.append(hiplot.Datapoint(uid=uid, values=values))
    experiment.colorby = AXES["activation"]
    types = {AXES[c]: hiplot.ValueType.NUMERIC_LOG for c in LOGARITHMIC if c in shown and (runs[c] > 0).any()}
    for name, kind in types.items():
        experiment.parameters_definition[name].type = kind
    experiment.parameters_definition[AXES["activation"]].type = hiplot.ValueType.CATEGORICAL
    experiment.parameters_definition[AXES["activation"]].colors = {
        texts[key]: _rgb(colours[key]) for key in runs["activation"].unique()
    }
    axes, more = [AXES[column] for column in shown], [AXES[column] for column in MORE if column in shown]
    across = next((AXES[c] for c in ("depth", "learning_rate", "seed") if c in shown), axes[0])
    experiment.display_data(hiplot.Displays.XY).update({"axis_x": across, "axis_y": axes[-1]})
    experiment.display_data(hiplot.Displays.PARALLEL_PLOT).update(
        {"order": axes[::-1], "hide": [*UIDS, *more]}  # HiPlot draws from right to left
    )
    experiment.display_data(hiplot.Displays.TABLE).update({"order": axes, "hide": UIDS})
    return experiment.to_html()


def _shown(column: str, value: object) -> object:
    """As a reader would have it: percentages, and words for yes and no."""
    if column.endswith("_accuracy"):
        return round(100 * value, 3)
    if column.endswith("_loss"):
        return float(f"{value:.4g}")
    return {True: "yes", False: "no"}[value] if column == "trained" else value


def _rgb(colour: str) -> str:
    """`rgb(0, 114, 178)` for `#0072b2`; HiPlot takes no other and draws black."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return f"rgb({red}, {green}, {blue})"
