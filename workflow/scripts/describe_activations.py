"""Tabulate every activation function of the study, its derivative and what properties follow from them."""

import actbench.jobs as jobs
from actbench import activations, parquet, properties, provenance

log = jobs.start(snakemake.log[0])
specs = snakemake.params.specs
curves, rows = [], []
for name, spec in specs.items():
    activation, key = activations.create(spec), {"activation": name}
    curves += [key | row for row in properties.curves(activation)]
    derived = properties.derive(activation)
    rows.append(key | activations.formulas(spec) | derived)
    if missing := properties.not_known(derived):
        log.warning("%s: not known: %s", name, ", ".join(missing))
record = {"params": specs, "provenance": provenance.describe(snakemake.params.code, "cpu")}
table = parquet.table(curves, properties.CURVES, ["activation", "x"])
parquet.write(table, snakemake.output.curves, record)
table = parquet.table(rows, properties.PROPERTIES, ["activation"])
parquet.write(table, snakemake.output.properties, record)
jobs.finish()
