"""Write one page with two studies side by side."""

import tempfile
from pathlib import Path

import actbench.jobs as jobs
import yaml
from actbench import drawing, figures, files, page, parquet, side_by_side

jobs.start(snakemake.log[0])
studies = [
    side_by_side.Study(
        yaml.safe_load(Path(config).read_text(encoding="utf-8")),
        parquet.read(runs).to_pandas(),
        parquet.read(comparison).to_pandas(),
        files.read_json(provenance),
    )
    for config, provenance, runs, comparison in zip(
        snakemake.input.config,
        snakemake.input.provenance,
        snakemake.input.runs,
        snakemake.input.comparison,
        strict=True,
    )
]
drawing.use_style()
rows = side_by_side.cells(*studies)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "compared.svg"
    drawing.save(figures.two_studies(rows, [study.name for study in studies], studies[0].labels), path)
    figure = page.data_uri(path)
template = Path(snakemake.input.page[0])
context = side_by_side.context(*studies, rows, figure, template.parent)
files.write_text(page.render(template, context), snakemake.output[0])
jobs.finish()
