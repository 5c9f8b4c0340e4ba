"""Draw the report's figures of histograms, one for each depth, from the study's histograms."""

import sys
from pathlib import Path

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
import pyarrow.compute as pc
from actbench.figures import drawing, histogram_figures
from actbench.runtime import provenance
from actbench.storage import files, parquet, records

jobs.start(snakemake.log[0], snakemake.params.code)
sources = [snakemake.input.histograms, snakemake.input.gradients]
records.checked(snakemake.input.made_by, records.Plan(**snakemake.params.made_with), sources)
drawing.use_style()
style = drawing.Style(snakemake.params.labels)
histograms = parquet.read(snakemake.input.histograms)
rms = histogram_figures.sizes(parquet.read(snakemake.input.gradients).to_pandas())
source, tensor = pc.field("source"), pc.field("tensor")
chosen = {
    "distributions": (source == "distribution") & (tensor == "activation"),
    "gradient_histograms": (source == "gradient") & (tensor == "weight"),
    "epoch_histograms": source.isin(["weight_epoch", "gradient_epoch"]),
}
for name in snakemake.params.drawn:
    rows, draw = histograms.filter(chosen[name]).to_pandas(), getattr(histogram_figures, name)
    if name == "gradient_histograms":
        rows = rows.merge(rms, how="left")
    for depth, path in zip(snakemake.params.shown_depths, snakemake.output[name], strict=True):
        drawing.save(draw(rows, depth, style), path, Path(path).with_suffix(".pdf"))
folder = Path(snakemake.output.pdf[0]).parent
files.remove_others(folder, [f"{name}_d*.*" for name in chosen], snakemake.output)
records.write(
    snakemake.output.made_by,
    records.Plan(**snakemake.params.plan),
    [snakemake.input.made_by],
    snakemake.output,
    provenance.describe(snakemake.params.code, "cpu"),
    provenance.seconds(),
)
jobs.finish()
