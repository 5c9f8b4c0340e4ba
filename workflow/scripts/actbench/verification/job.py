"""The job of the comparison with published numbers: measure, write the page, the table and their record."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from actbench.data import prepared
from actbench.errors import UserError
from actbench.report import page
from actbench.report import published as published_page
from actbench.runtime import provenance
from actbench.storage import files, manifest, parquet, records
from actbench.verification import checkpoint_files, checks, outcome, published


def run(job: object) -> None:
    """Measure what others published, as the job of its rule: `job` is the script's `snakemake`."""
    plan, output = records.Plan(**job.params.plan), job.output
    checks.prepare_torch(job.threads)
    extent, references = plan.params["extent"], plan.params["trained"]
    images = prepared.read(job.input.data, job.params.prepared_by)
    comparisons = checks.quick(images)
    if planned := plan.params.get("checkpoints"):
        folder = job.config["verify_checkpoints"]
        if checkpoint_files.digests(folder) != planned:
            raise UserError(f"{folder} was changed after this run began: run again.")
        comparisons += checks.trained_checkpoints(images, folder)
    if references:
        comparisons += checks.full(**{name: _stacked(paths, plan) for name, paths in references.items()})
    rows = [comparison.row() for comparison in comparisons]

    template = Path(job.input.page[0])
    described = provenance.describe(job.params.code, "cpu")
    skipped = outcome.skipped(plan.params)
    context = published_page.context(rows, published.SHORT_NAMES, extent, skipped, output.figures)
    context |= {"described": described, "csv": output.csv}
    context |= {"css": page.stylesheet(template.parent), "script": page.script(template.parent)}
    files.write_text(page.render(template, context), output.page)
    files.write_text(pd.DataFrame(rows).to_csv(index=False), output.csv)
    inputs = [job.input.data, *(path for paths in references.values() for path in paths)]
    records.write(output.record, plan, inputs, output, described, provenance.seconds())


def _stacked(paths: Mapping[str, Mapping], plan: records.Plan) -> pd.DataFrame:
    """Rows of several files, which must be those of the planned trainings.

    Args:
        paths: a file's path and the params that it must have been made with.
        plan: whose code the files must have been made with.
    """
    for path, params in paths.items():
        ours = Path(path).name == "runs.parquet"
        made = manifest.read(Path(path).parent, ["runs.parquet"]) if ours else parquet.record(path)
        records.Plan(params, plan.code).expect(path, made["params"], made["provenance"]["code"])
    return pd.concat([parquet.read(path).to_pandas() for path in paths])
