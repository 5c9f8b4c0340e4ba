"""The job that draws the figures of histograms, one for each depth."""

from pathlib import Path

import pyarrow.compute as pc

from actbench.figures import drawing, histogram_figures, svg
from actbench.runtime import provenance
from actbench.storage import files, parquet, records


def run(job: object) -> None:
    """Draw a study's histograms, of one setting, as the job of its rule: `job` is the script's `snakemake`.

    Figures of depths that are shown no more are removed.
    """
    params, output = job.params, job.output
    sources = [job.input.histograms, job.input.gradients, job.input.runs]
    records.checked(job.input.made_by, records.Plan(**params.made_with), sources)
    drawing.use_style()
    style = drawing.Style(params.labels, every=sorted(params.all_labels))
    shown = pc.field("setting") == params.setting
    histograms, gradients, runs = (parquet.read(path).filter(shown) for path in sources)
    rms, trained = (
        histogram_figures.sizes(gradients.to_pandas()),
        histogram_figures.who_trained(runs.to_pandas()),
    )
    source, tensor = pc.field("source"), pc.field("tensor")
    chosen = {
        "distributions": (source == "distribution") & (tensor == "activation"),
        "gradient_histograms": (source == "gradient") & (tensor == "weight"),
        "epoch_histograms": source.isin(["weight_epoch", "gradient_epoch"]),
    }
    for name in params.drawn:
        rows, draw = histograms.filter(chosen[name]).to_pandas(), getattr(histogram_figures, name)
        rows = rows.merge(trained, how="left")
        if name == "gradient_histograms":
            rows = rows.merge(rms, how="left")
        for depth, path in zip(params.shown_depths, output[name], strict=True):
            drawing.save(draw(rows, depth, style), path, Path(path).with_suffix(".pdf"))
    files.write_json(svg.inlined_files(output, params.all_labels), output.inlined)
    files.remove_others(Path(output.pdf[0]).parent, [f"{name}_d*.*" for name in chosen], output)
    plan, described = records.Plan(**params.plan), provenance.describe(params.code, "cpu")
    records.write(output.made_by, plan, [job.input.made_by], output, described, provenance.seconds())
