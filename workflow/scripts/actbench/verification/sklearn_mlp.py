"""scikit-learn's own MLPClassifier on the data of a study: an independent oracle for our networks."""

import warnings
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from actbench.data import prepared, splits
from actbench.runtime import provenance
from actbench.storage import parquet

ALPHA = 1e-4  # the published default; scikit-learn divides the penalty by the batch size
SCHEMA = pa.schema(
    [
        pa.field("activation", pa.string(), nullable=False),
        pa.field("seed", pa.int32(), nullable=False),
        pa.field("epochs_run", pa.int32(), nullable=False),
        ("train_loss", pa.float64()),
        ("train_accuracy", pa.float64()),
        ("test_accuracy", pa.float64()),
    ]
)


def run(job: object) -> None:
    """Fit and score as the job of its rule: `job` is the script's `snakemake`."""
    rows = fit(job.input.data, job.params.block)
    record = {
        "params": job.params.block,
        "provenance": provenance.describe(job.params.code, "cpu"),
        "seconds": provenance.seconds(),
    }
    parquet.write(table(rows), job.output[0], record)


def fit(images: str | Path, params: Mapping) -> list[dict]:
    """Train one MLPClassifier a seed for exactly `max_epochs` and score its last weights.

    Args:
        images: the prepared data set.
        params: of our own training job, see `grid.training_params`; of them, activation (relu, tanh),
            evaluation, normalisation, hidden sizes, seeds, and Adam's step size, batch size and epochs
            are used.

    Returns:
        Rows of `SCHEMA`; `train_loss` is the last epoch's, with the penalty, in nats.
    """
    data = splits.split(prepared.read(images), params["evaluation"], params["normalisation"])
    x, y = data.train.x.numpy(), data.train.y.numpy()
    rows = []
    for seed in params["seeds"]:
        classifier = _classifier(params, seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is fixed on purpose
            classifier.fit(x, y)
        rows.append(
            {
                "activation": params["activation"]["name"],
                "seed": seed,
                "epochs_run": classifier.n_iter_,
                "train_loss": classifier.loss_,
                "train_accuracy": classifier.score(x, y),
                "test_accuracy": classifier.score(data.test.x.numpy(), data.test.y.numpy()),
            }
        )
    return rows


def table(rows: list[dict]) -> pa.Table:
    """Rows as a table of `SCHEMA`."""
    return parquet.table(rows, SCHEMA, ["activation", "seed"])


def _classifier(params: Mapping, seed: int) -> MLPClassifier:
    training = params["training"]
    return MLPClassifier(
        hidden_layer_sizes=tuple(params["hidden_sizes"]),
        activation=params["activation"]["name"],
        solver="adam",
        alpha=ALPHA,
        batch_size=training["batch_size"],
        learning_rate_init=training["learning_rate"],
        max_iter=training["max_epochs"],
        n_iter_no_change=training["max_epochs"],
        tol=0.0,
        random_state=seed,
    )
