"""Distributions of activations by layer, and their saturation."""

from actbench.report import collapse_sentences, sentences
from actbench.report.section import Section, Study


def context(study: Study) -> dict:
    """See `Section`."""
    distributions = study.tables["distributions"]
    return {
        "overflows": sentences.overflows(distributions, study.labels),
        "collapsed": collapse_sentences.collapsed(distributions, study.labels, study.examples),
    }


SECTION = Section(
    id="activations",
    title="Distributions",
    template="distributions.html",
    tables=("distributions",),
    figures=("saturation",),
    context=context,
)
