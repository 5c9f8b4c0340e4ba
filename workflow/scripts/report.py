"""Write the report, the resolved config, and what made the tables."""

from pathlib import Path

import actbench.jobs as jobs
import yaml
from actbench import files, lineage, page, parquet, provenance, report, report_tables

jobs.start(snakemake.log[0])
made_by = lineage.gather(
    snakemake.params.config,
    files.read_json(snakemake.input.jobs),
    {Path(path).stem: files.read_json(path) for path in snakemake.input.made_by}
    | {"report": provenance.describe(snakemake.params.code, "cpu")},
)
jobs_run = {Path(path).stem for path in snakemake.input.cost}
template = Path(snakemake.input.page[0])
context = report.context(
    snakemake.params.config,
    {name: parquet.read(snakemake.input[name]).to_pandas() for name in snakemake.params.tables},
    snakemake.input.figures,
    snakemake.input.csvs,
    made_by,
    report_tables.timings(Path(snakemake.output.provenance).parent / "timings", jobs_run),
    {
        "training": parquet.concat(map(parquet.read, snakemake.input.cost), parquet.RUN).to_pandas(),
        "activations": parquet.read(snakemake.input.cost_of_activations).to_pandas(),
    },
    template.parent,
)
resolved = yaml.safe_dump(snakemake.config, sort_keys=False, allow_unicode=True)
files.write_text(resolved, snakemake.output.config)
files.write_json(made_by, snakemake.output.provenance)
files.write_text(page.render(template, context), snakemake.output.page)
jobs.finish()
