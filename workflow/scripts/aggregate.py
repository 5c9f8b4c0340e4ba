"""Stack the planned blocks into the study's tables and summarise them over seeds."""

import sys
from pathlib import Path

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.analysis import aggregation, lineage
from actbench.runtime import provenance
from actbench.storage import files, manifest, parquet, records
from actbench.study import config

jobs.start(snakemake.log[0], snakemake.params.code)
plan = records.Plan(**snakemake.params.plan)
specs = {entry["id"]: entry["spec"] for entry in snakemake.config["activations"]}
seeds = config.blocks(snakemake.config["seeds"], snakemake.config["seeds_per_job"])
blocks = []
for folder in (Path(path).parent for path in snakemake.input.blocks):
    activation, depth, block = folder.parts[-3], int(folder.parts[-2][1:]), folder.parts[-1]
    planned = seeds[block.removeprefix("seeds")]
    params = config.training_params(snakemake.config, specs[activation], depth, planned)
    probes = {name.removeprefix("probe_"): snakemake.config[name] for name in config.PROBES}
    blocks.append(aggregation.Block(folder, activation, depth, params, probes))
tables = aggregation.collect(blocks, plan.code)
tables |= aggregation.summarise(tables, **snakemake.params.section)
for name, path, order in (
    ("activations", snakemake.input.curves, ["activation", "x"]),
    ("properties", snakemake.input.properties, ["activation"]),
):
    tables[name] = aggregation.described(path, specs, order, plan.code)

parquet.write(tables.pop("cost"), snakemake.output.cost)
for name, table in tables.items():
    parquet.write(table, snakemake.output[name])
    csv = snakemake.output.get(f"{name}_csv")
    if csv is not None:
        parquet.write_csv(table, csv)
files.remove_others(Path(snakemake.output.runs).parent, aggregation.TABLES, snakemake.output)
folders = [block.folder for block in blocks]
measured = {
    name: [folder / f"{name.removeprefix('probe_')}.parquet" for folder in folders] for name in config.PROBES
}
measured["describe_activations"] = [snakemake.input.properties]
jobs_done = lineage.of_jobs(folders, measured)
described = provenance.describe(snakemake.params.code, "cpu")
inputs = [folder / manifest.NAME for folder in folders]
records.write(
    snakemake.output.made_by, plan, inputs, snakemake.output, described, provenance.seconds(), jobs=jobs_done
)
jobs.finish()
