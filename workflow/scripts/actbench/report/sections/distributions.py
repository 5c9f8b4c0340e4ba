"""Distributions of activations by layer, and their saturation."""

from actbench.figures import shown
from actbench.report import collapse_sentences, findings, layer_findings, sentences
from actbench.report.section import Section, Study


def context(study: Study) -> dict:
    """See `Section`."""
    distributions = study.tables["distributions"]
    finding = layer_findings.distributions(distributions, study.labels)
    drawn = distributions["depth"].isin(study.shown_depths) & (distributions["saturated_fraction"] > 0)
    drawn &= distributions["activation"].isin(shown.activations(study.config))
    return {
        "finding": finding,
        "placed": findings.placed(finding, study.config["settings"]),
        "any_saturated": bool(drawn.any()),
        "overflows": sentences.overflows(distributions, study.labels),
        "collapsed": collapse_sentences.collapsed(distributions, study.labels, study.examples),
    }


SECTION = Section(
    id="activations",
    title="Distributions",
    template="distributions.html",
    tables=("distributions",),
    optional=("distributions_by_layer",),
    figures=("saturation",),
    context=context,
)
