"""Draw the report's figures of runs and layers from the study's tables."""

import sys
from pathlib import Path

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.data import prepared
from actbench.errors import DamagedError
from actbench.figures import drawing, results
from actbench.runtime import provenance
from actbench.storage import parquet, records

jobs.start(snakemake.log[0], snakemake.params.code)
paths = {name: snakemake.input[name] for name in snakemake.params.tables}
planned = records.Plan(**snakemake.params.made_with)
made = records.checked(snakemake.input.made_by, planned, paths.values())
tables = {name: parquet.read(path).to_pandas() for name, path in paths.items()}
data = prepared.read(snakemake.input.data, snakemake.params.prepared_by)
if made.content["jobs"]["data"] != [data.digest]:
    raise DamagedError(snakemake.input.data, "its images are not those of the study's tables")
drawing.use_style()
style = drawing.Style(snakemake.params.labels, snakemake.params.summarised)
depths, shown = snakemake.params.depths, snakemake.params.shown_depths
chance = 1 / len(data.classes)
drawn = {
    "overview": results.overview(tables["comparison"], depths, style, chance),
    "accuracy": results.accuracy(tables["runs"], tables["comparison"], depths, style, chance),
    "learning_curves": results.learning_curves(tables["history"], shown, style),
    "gradients_weight": results.gradients(tables["gradients"], shown, style, "weight"),
    "gradients_preactivation": results.gradients(tables["gradients"], shown, style, "preactivation"),
    "dead_neurons": results.dead_neurons(tables["dead_neurons"], shown, style),
    "saturation": results.saturation(tables["distributions"], shown, style),
    "functions": results.functions(tables["activations"], style),
    "images": results.images(data.images, data.labels, data.classes),
}
for name, figure in drawn.items():
    path = Path(snakemake.output[name])
    drawing.save(figure, path, path.with_suffix(".pdf"))
records.write(
    snakemake.output.made_by,
    records.Plan(**snakemake.params.plan),
    [snakemake.input.made_by, snakemake.input.data],
    snakemake.output,
    provenance.describe(snakemake.params.code, "cpu"),
    provenance.seconds(),
)
jobs.finish()
