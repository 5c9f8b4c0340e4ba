"""Draw every figure of the report from the study's tables."""

import json

import actbench.jobs as jobs
import pyarrow.compute as pc
import safetensors
from actbench import figures, parquet

log = jobs.start(snakemake.log[0])
figures.use_style()
style = figures.Style(snakemake.params.labels)
depths = snakemake.params.depths
tables = {
    name: parquet.read(snakemake.input[name]).to_pandas()
    for name in ("runs", "history", "gradients", "distributions", "dead_neurons", "activations")
}
drawn = (pc.field("source") == "distribution") & (pc.field("tensor") == "activation")
histograms = parquet.read(snakemake.input.histograms).filter(drawn).to_pandas()
with safetensors.safe_open(snakemake.input.data, framework="numpy") as stored:
    classes = json.loads(stored.metadata()["actbench"])["classes"]
    images, labels = stored.get_tensor("images"), stored.get_tensor("labels")

figures.save(figures.accuracy(tables["runs"], depths, style, 1 / len(classes)), snakemake.output.accuracy)
figures.save(figures.learning_curves(tables["history"], depths, style), snakemake.output.learning_curves)
for tensor in ("weight", "preactivation"):
    drawn = figures.gradients(tables["gradients"], depths, style, tensor)
    figures.save(drawn, snakemake.output[f"gradients_{tensor}"])
figures.save(figures.dead_neurons(tables["dead_neurons"], depths, style), snakemake.output.dead_neurons)
figures.save(figures.saturation(tables["distributions"], depths, style), snakemake.output.saturation)
for depth, path in zip(depths, snakemake.output.distributions, strict=True):
    figures.save(figures.distributions(histograms, depth, style), path)
figures.save(figures.functions(tables["activations"], style), snakemake.output.functions)
figures.save(figures.images(images, labels, classes), snakemake.output.images)
jobs.finish()
