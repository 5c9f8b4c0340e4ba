"""Measure what others published, and put both side by side."""

from pathlib import Path

import actbench.jobs as jobs
import pandas as pd
from actbench import files, manifest, page, parquet, provenance, verification

jobs.start(snakemake.log[0])


def stacked(paths):
    """Rows of several files; where a training wrote them, they must be its own."""
    for path in map(Path, paths):
        if path.name == "runs.parquet":
            manifest.read(path.parent, [path.name])
    return pd.concat([parquet.read(path).to_pandas() for path in paths])


verification.prepare_torch(snakemake.threads)
comparisons = verification.quick(snakemake.input.data)
if snakemake.params.extent == "full":
    trained = {name: stacked(snakemake.input[name]) for name in ("runs", "mlp_runs", "oracle")}
    comparisons += verification.full(**trained)
rows = [comparison.row() for comparison in comparisons]

template = Path(snakemake.input.page[0])
described = provenance.describe(snakemake.params.code, "cpu")
context = verification.context(rows, snakemake.params.extent, described, page.stylesheet(template.parent))
files.write_text(page.render(template, context), snakemake.output.page)
files.write_text(pd.DataFrame(rows).to_csv(index=False), snakemake.output.csv)
jobs.finish()
