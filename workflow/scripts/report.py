"""Write the report and the resolved config."""

from pathlib import Path

import actbench.jobs as jobs
import yaml
from actbench import files, page, parquet, report

jobs.start(snakemake.log[0])
names = ["runs", "comparison", "dead_neurons", "properties"]
if snakemake.params.config["evaluation"]["folds"]:
    names.append("cross_validation")
template = Path(snakemake.input.page[0])
context = report.context(
    snakemake.params.config,
    {name: parquet.read(snakemake.input[name]).to_pandas() for name in names},
    snakemake.input.figures,
    snakemake.input.csv,
    snakemake.input.configs,
    snakemake.input.timings,
    template.parent,
)
files.write_text(page.render(template, context), snakemake.output.page)
resolved = yaml.safe_dump(snakemake.config, sort_keys=False, allow_unicode=True)
files.write_text(resolved, snakemake.output.config)
jobs.finish()
