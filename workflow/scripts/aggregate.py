"""Stack the planned blocks into the study's tables and summarise them over seeds."""

from pathlib import Path

import actbench.jobs as jobs
from actbench import aggregation, config, parquet

jobs.start(snakemake.log[0])
specs = {entry["id"]: entry["spec"] for entry in snakemake.config["activations"]}
seeds = config.blocks(snakemake.config["seeds"], snakemake.config["seeds_per_job"])
blocks = []
for folder in (Path(path).parent for path in snakemake.input.blocks):
    activation, depth, block = folder.parts[-3], int(folder.parts[-2][1:]), folder.parts[-1]
    planned = seeds[block.removeprefix("seeds")]
    params = config.training_params(snakemake.config, specs[activation], depth, planned)
    blocks.append(aggregation.Block(folder, activation, depth, params))
tables = aggregation.collect(blocks)
tables |= aggregation.summarise(tables, **snakemake.params.section)
for name, files in {"activations": snakemake.input.curves, "properties": snakemake.input.properties}.items():
    order = ["activation", "x"] if name == "activations" else ["activation"]
    tables[name] = parquet.concat(map(parquet.read, files), order)

for name, table in tables.items():
    parquet.write(table, snakemake.output[name])
    csv = snakemake.output.get(f"{name}_csv")
    if csv is not None:
        parquet.write_csv(table, csv)
jobs.finish()
