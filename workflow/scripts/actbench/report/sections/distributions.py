"""Distributions of activations by layer, and their saturation."""

from actbench.report import sentences
from actbench.report.section import Section, Study


def context(study: Study) -> dict:
    """See `Section`."""
    return {"overflows": sentences.overflows(study.tables["distributions"], study.labels)}


SECTION = Section(
    id="activations",
    title="Distributions",
    template="distributions.html",
    tables=("distributions",),
    figures=("saturation",),
    context=context,
)
