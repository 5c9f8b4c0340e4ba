"""Tabulate one activation function, its derivative and the properties that follow from them."""

import actbench.jobs as jobs
from actbench import activations, parquet, properties, provenance

jobs.start(snakemake.log[0])
spec = snakemake.params.spec
activation = activations.create(spec)
key = {"activation": snakemake.wildcards.activation}
curves = [key | row for row in properties.curves(activation)]
record = {"params": spec, "provenance": provenance.describe(snakemake.params.code, "cpu")}
table = parquet.table(curves, properties.CURVES, ["activation", "x"])
parquet.write(table, snakemake.output.curves, record)
row = key | activations.formulas(spec) | properties.derive(activation)
table = parquet.table([row], properties.PROPERTIES, ["activation"])
parquet.write(table, snakemake.output.properties, record)
jobs.finish()
