"""The job that tabulates activation functions, their derivatives and what properties follow from them."""

from collections.abc import Callable

from actbench.activations import properties, registry
from actbench.runtime import provenance, seeds
from actbench.storage import parquet


def run(job: object, warn: Callable[..., None]) -> None:
    """Describe a study's activations as the job of its rule: `job` is the script's `snakemake`.

    `warn` is called as `logging.Logger.warning` with what is not known of an activation.
    """
    specs = job.params.specs
    curves, rows = [], []
    for name, spec in specs.items():
        key = {"activation": name}
        with seeds.drawn_from(0):  # a user's own may draw when it is made
            activation = registry.create(spec)
        curves += [key | row for row in properties.curves(activation)]
        derived = properties.derive(activation)
        rows.append(key | registry.formulas(spec) | derived)
        if missing := properties.not_known(derived):
            warn("%s: not known: %s", name, ", ".join(missing))
    described = provenance.describe(job.params.code, "cpu")
    record = {"params": specs, "provenance": described, "seconds": provenance.seconds()}
    table = parquet.table(curves, properties.CURVES, ["activation", "x"])
    parquet.write(table, job.output.curves, record)
    table = parquet.table(rows, properties.PROPERTIES, ["activation"])
    parquet.write(table, job.output.properties, record)
