"""Write one page with two studies side by side."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, snakemake.scriptdir)  # this checkout's package, from its source
sys.pycache_prefix = "/dev/null"
from actbench.runtime import jobs

jobs.begin()
from actbench.figures import drawing, results
from actbench.report import page, side_by_side
from actbench.storage import files

jobs.start(snakemake.log[0], snakemake.params.code)
inputs = snakemake.input
parts = zip(inputs.provenance, inputs.config, inputs.runs, inputs.comparison, strict=True)
studies = [side_by_side.read(*paths) for paths in parts]
drawing.use_style()
rows = side_by_side.cells(*studies)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "compared.svg"
    drawing.save(results.two_studies(rows, [study.name for study in studies], studies[0].labels), path)
    figure = page.data_uri(path)
template = Path(inputs.page[0])
context = side_by_side.context(*studies, rows, figure, template.parent)
files.write_text(page.render(template, context), snakemake.output[0])
jobs.finish()
