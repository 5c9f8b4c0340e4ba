"""Tabulate one activation function, its derivative and the properties that follow from them."""

import actbench.jobs as jobs
from actbench import activations, parquet, properties

jobs.start(snakemake.log[0])
spec = snakemake.params.spec
activation = activations.create(spec)
key = {"activation": snakemake.wildcards.activation}
curves = [key | row for row in properties.curves(activation)]
parquet.write(parquet.table(curves, properties.CURVES, ["activation", "x"]), snakemake.output.curves)
row = key | activations.formulas(spec) | properties.derive(activation)
parquet.write(parquet.table([row], properties.PROPERTIES, ["activation"]), snakemake.output.properties)
jobs.finish()
