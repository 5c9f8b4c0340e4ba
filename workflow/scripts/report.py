"""Write the report, the resolved config, and what made the tables."""

import sys
from pathlib import Path

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.analysis import lineage
from actbench.report import page, section
from actbench.runtime import provenance
from actbench.storage import files, parquet, records, yaml_files

jobs.start(snakemake.log[0], snakemake.params.code)
inputs, output, config = snakemake.input, snakemake.output, snakemake.params.config
plans = {name: records.Plan(**plan) for name, plan in snakemake.params.plans.items()}
tables = {name: inputs[name] for name in snakemake.params.tables}
read = [*tables.values(), *inputs.csvs, inputs.cost]
made = {"aggregate": records.checked(inputs.aggregate, plans["aggregate"], read)}
for stage in ("figures", "histogram_figures"):
    made[stage] = records.checked(inputs[f"{stage}_made_by"], plans[stage], inputs[stage])
    made[stage].vouch([inputs.aggregate], "inputs")
timed = parquet.record(inputs.cost_of_activations)
plans["time_activations"].expect(inputs.cost_of_activations, timed["params"], timed["provenance"]["code"])

described, template = provenance.describe(snakemake.params.code, "cpu"), Path(inputs.page[0])
summarised = {stage: record.content for stage, record in made.items()} | {
    "time_activations": timed,
    "report": {"provenance": described, "seconds": provenance.seconds()},
}
made_by = lineage.gather(config, made["aggregate"].content["jobs"], summarised)
context = section.context(
    config,
    {name: parquet.read(path).to_pandas() for name, path in tables.items()},
    [*inputs.figures, *inputs.histogram_figures],
    inputs.csvs,
    made_by,
    {
        "training": parquet.read(inputs.cost).to_pandas(),
        "activations": parquet.read(inputs.cost_of_activations).to_pandas(),
    },
    template.parent,
)
files.write_text(yaml_files.dump(snakemake.config), output.config)
files.write_text(page.render(template, context), output.page)
read += [*inputs.figures, *inputs.histogram_figures, inputs.cost_of_activations]
plan = records.Plan(**snakemake.params.plan)
records.write(output.provenance, plan, read, output, described, provenance.seconds(), **made_by)
jobs.finish()
