"""Stack the planned blocks into the study's tables and summarise them over seeds."""

from pathlib import Path

import actbench.jobs as jobs
from actbench import aggregation, config, files, lineage, parquet, provenance

jobs.start(snakemake.log[0])
specs = {entry["id"]: entry["spec"] for entry in snakemake.config["activations"]}
seeds = config.blocks(snakemake.config["seeds"], snakemake.config["seeds_per_job"])
blocks = []
for folder in (Path(path).parent for path in snakemake.input.blocks):
    activation, depth, block = folder.parts[-3], int(folder.parts[-2][1:]), folder.parts[-1]
    planned = seeds[block.removeprefix("seeds")]
    params = config.training_params(snakemake.config, specs[activation], depth, planned)
    probes = {name.removeprefix("probe_"): snakemake.config[name] for name in config.PROBES}
    blocks.append(aggregation.Block(folder, activation, depth, params, probes))
tables = aggregation.collect(blocks)
tables |= aggregation.summarise(tables, **snakemake.params.section)
for name, path, order in (
    ("activations", snakemake.input.curves, ["activation", "x"]),
    ("properties", snakemake.input.properties, ["activation"]),
):
    tables[name] = aggregation.described(path, specs, order)

for name, table in tables.items():
    parquet.write(table, snakemake.output[name])
    csv = snakemake.output.get(f"{name}_csv")
    if csv is not None:
        parquet.write_csv(table, csv)
folders = [block.folder for block in blocks]
measured = {
    name: [folder / f"{name.removeprefix('probe_')}.parquet" for folder in folders] for name in config.PROBES
}
measured["describe_activations"] = [snakemake.input.properties]
files.write_json(lineage.of_jobs(folders, measured), snakemake.output.jobs)
files.write_json(provenance.describe(snakemake.params.code, "cpu"), snakemake.output.made_by)
jobs.finish()
