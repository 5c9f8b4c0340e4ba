"""Tabulate every activation function of the study, its derivative and what properties follow from them."""

import sys

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.activations import properties, registry
from actbench.runtime import provenance, seeds
from actbench.storage import parquet

log = jobs.start(snakemake.log[0], snakemake.params.code)
specs = snakemake.params.specs
curves, rows = [], []
for name, spec in specs.items():
    key = {"activation": name}
    with seeds.drawn_from(0):  # a user's own may draw when it is made
        activation = registry.create(spec)
    curves += [key | row for row in properties.curves(activation)]
    derived = properties.derive(activation)
    rows.append(key | registry.formulas(spec) | derived)
    if missing := properties.not_known(derived):
        log.warning("%s: not known: %s", name, ", ".join(missing))
described = provenance.describe(snakemake.params.code, "cpu")
record = {"params": specs, "provenance": described, "seconds": provenance.seconds()}
table = parquet.table(curves, properties.CURVES, ["activation", "x"])
parquet.write(table, snakemake.output.curves, record)
table = parquet.table(rows, properties.PROPERTIES, ["activation"])
parquet.write(table, snakemake.output.properties, record)
jobs.finish()
