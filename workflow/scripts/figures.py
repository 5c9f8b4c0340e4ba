"""Draw every figure of the report from the study's tables."""

import actbench.jobs as jobs
import pyarrow.compute as pc
from actbench import figures, files, parquet, prepared, provenance

log = jobs.start(snakemake.log[0])
figures.use_style()
style = figures.Style(snakemake.params.labels, snakemake.params.summarised)
depths, shown = snakemake.params.depths, snakemake.params.shown_depths
tables = {
    name: parquet.read(snakemake.input[name]).to_pandas()
    for name in ("runs", "history", "gradients", "distributions", "dead_neurons", "activations")
}
histograms = parquet.read(snakemake.input.histograms)
source, tensor = pc.field("source"), pc.field("tensor")
by_layer = {
    "distributions": histograms.filter((source == "distribution") & (tensor == "activation")).to_pandas(),
    "gradient_histograms": histograms.filter((source == "gradient") & (tensor == "weight")).to_pandas(),
    "epoch_histograms": histograms.filter(source.isin(["weight_epoch", "gradient_epoch"])).to_pandas(),
}
data = prepared.read(snakemake.input.data)

figures.save(
    figures.accuracy(tables["runs"], depths, style, 1 / len(data.classes)), snakemake.output.accuracy
)
figures.save(figures.learning_curves(tables["history"], shown, style), snakemake.output.learning_curves)
for tensor in ("weight", "preactivation"):
    drawn = figures.gradients(tables["gradients"], shown, style, tensor)
    figures.save(drawn, snakemake.output[f"gradients_{tensor}"])
figures.save(figures.dead_neurons(tables["dead_neurons"], shown, style), snakemake.output.dead_neurons)
figures.save(figures.saturation(tables["distributions"], shown, style), snakemake.output.saturation)
for name, rows in by_layer.items():
    if name in snakemake.output.keys():  # noqa: SIM118, a Namedlist
        for depth, path in zip(shown, snakemake.output[name], strict=True):
            figures.save(getattr(figures, name)(rows, depth, style), path)
figures.save(figures.functions(tables["activations"], style), snakemake.output.functions)
figures.save(figures.images(data.images, data.labels, data.classes), snakemake.output.images)
files.write_json(provenance.describe(snakemake.params.code, "cpu"), snakemake.output.made_by)
jobs.finish()
