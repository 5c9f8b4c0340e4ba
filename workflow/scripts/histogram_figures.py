"""Draw the report's figures of histograms, one for each depth, from the study's histograms."""

from pathlib import Path

import actbench.jobs as jobs
import pyarrow.compute as pc
from actbench import drawing, files, histogram_figures, parquet, provenance

jobs.start(snakemake.log[0])
drawing.use_style()
style = drawing.Style(snakemake.params.labels)
histograms = parquet.read(snakemake.input.histograms)
source, tensor = pc.field("source"), pc.field("tensor")
chosen = {
    "distributions": (source == "distribution") & (tensor == "activation"),
    "gradient_histograms": (source == "gradient") & (tensor == "weight"),
    "epoch_histograms": source.isin(["weight_epoch", "gradient_epoch"]),
}
for name in snakemake.params.drawn:
    rows, draw = histograms.filter(chosen[name]).to_pandas(), getattr(histogram_figures, name)
    for depth, path in zip(snakemake.params.shown_depths, snakemake.output[name], strict=True):
        drawing.save(draw(rows, depth, style), path, Path(path).with_suffix(".pdf"))
files.write_json(provenance.describe(snakemake.params.code, "cpu"), snakemake.output.made_by)
jobs.finish()
