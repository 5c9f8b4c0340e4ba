"""The job of theory: what is predicted of a study's networks, from the prepared images, without training."""

import torch

from actbench.data import prepared
from actbench.runtime import provenance
from actbench.storage import parquet, theory_tables
from actbench.theory.expectation import LIMIT
from actbench.training import theory_rows


def run(job: object) -> None:
    """Write the tables of `theory_tables` as the job of its rule: `job` is the script's `snakemake`.

    The record of each says which images it is of, and the limit of the decay with which training is expected.
    """
    torch.set_num_threads(1)  # whatever --set-threads says: more would change last bits
    params, images = job.params.theory, prepared.read(job.input.data, job.params.prepared_by)
    rows = theory_rows.of_study(params, images)
    described = provenance.describe(job.params.code, "cpu")
    record = {"data": images.digest, "limit": LIMIT, "params": params, "provenance": described}
    record["seconds"] = provenance.seconds()
    for name, schema in theory_tables.SCHEMAS.items():
        table = parquet.table(rows[name], schema, theory_tables.ORDER[name])
        parquet.write(table, job.output[name], record)
