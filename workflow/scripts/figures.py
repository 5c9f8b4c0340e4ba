"""Draw the report's figures of runs and layers from the study's tables."""

from pathlib import Path

import actbench.jobs as jobs
from actbench import drawing, figures, files, parquet, prepared, provenance

jobs.start(snakemake.log[0])
drawing.use_style()
style = drawing.Style(snakemake.params.labels, snakemake.params.summarised)
depths, shown = snakemake.params.depths, snakemake.params.shown_depths
tables = {name: parquet.read(snakemake.input[name]).to_pandas() for name in snakemake.params.tables}
data = prepared.read(snakemake.input.data)
chance = 1 / len(data.classes)
drawn = {
    "overview": figures.overview(tables["comparison"], depths, style, chance),
    "accuracy": figures.accuracy(tables["runs"], tables["comparison"], depths, style, chance),
    "learning_curves": figures.learning_curves(tables["history"], shown, style),
    "gradients_weight": figures.gradients(tables["gradients"], shown, style, "weight"),
    "gradients_preactivation": figures.gradients(tables["gradients"], shown, style, "preactivation"),
    "dead_neurons": figures.dead_neurons(tables["dead_neurons"], shown, style),
    "saturation": figures.saturation(tables["distributions"], shown, style),
    "functions": figures.functions(tables["activations"], style),
    "images": figures.images(data.images, data.labels, data.classes),
}
for name, figure in drawn.items():
    path = Path(snakemake.output[name])
    drawing.save(figure, path, path.with_suffix(".pdf"))
files.write_json(provenance.describe(snakemake.params.code, "cpu"), snakemake.output.made_by)
jobs.finish()
