"""Stack the planned blocks into the study's tables and summarise them over seeds."""

from pathlib import Path

from actbench import aggregation, config, logs, parquet

logs.start(snakemake.log[0])
specs = {entry["id"]: entry["spec"] for entry in snakemake.config["activations"]}
seeds = config.blocks(snakemake.config["seeds"], snakemake.config["seeds_per_job"])
blocks = [
    aggregation.Block(
        Path(snakemake.params.runs, activation, f"d{depth}", f"seeds{block}"),
        activation,
        depth,
        config.training_params(snakemake.config, spec, depth, seeds[block]),
    )
    for activation, spec in specs.items()
    for depth in snakemake.config["depths"]
    for block in seeds
]
tables = aggregation.collect(blocks)
tables |= aggregation.summarise(tables, **snakemake.params.section)
for name, files in {"activations": snakemake.input.curves, "properties": snakemake.input.properties}.items():
    order = ["activation", "x"] if name == "activations" else ["activation"]
    tables[name] = parquet.concat(map(parquet.read, files), order)

for name, table in tables.items():
    parquet.write(table, snakemake.output[name])
    if f"{name}_csv" in snakemake.output.keys():
        parquet.write_csv(table, snakemake.output[f"{name}_csv"])
