"""Measure what others published, and put both side by side."""

import sys
from pathlib import Path

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
import pandas as pd
from actbench.data import prepared
from actbench.report import page
from actbench.runtime import provenance
from actbench.storage import files, manifest, parquet, records
from actbench.verification import checks

jobs.start(snakemake.log[0], snakemake.params.code)


plan = records.Plan(**snakemake.params.plan)


def stacked(paths):
    """Rows of several files, which must be those of the planned trainings."""
    for path, params in paths.items():
        ours = Path(path).name == "runs.parquet"
        made = manifest.read(Path(path).parent, ["runs.parquet"]) if ours else parquet.record(path)
        records.Plan(params, plan.code).expect(path, made["params"], made["provenance"]["code"])
    return pd.concat([parquet.read(path).to_pandas() for path in paths])


checks.prepare_torch(snakemake.threads)
extent, references = plan.params["extent"], plan.params["trained"]
comparisons = checks.quick(prepared.read(snakemake.input.data, snakemake.params.prepared_by))
if references:
    comparisons += checks.full(**{name: stacked(paths) for name, paths in references.items()})
rows = [comparison.row() for comparison in comparisons]

template = Path(snakemake.input.page[0])
described = provenance.describe(snakemake.params.code, "cpu")
context = checks.context(rows, extent, described, page.stylesheet(template.parent))
files.write_text(page.render(template, context), snakemake.output.page)
files.write_text(pd.DataFrame(rows).to_csv(index=False), snakemake.output.csv)
inputs = [snakemake.input.data, *(path for paths in references.values() for path in paths)]
records.write(snakemake.output.record, plan, inputs, snakemake.output, described, provenance.seconds())
jobs.finish()
