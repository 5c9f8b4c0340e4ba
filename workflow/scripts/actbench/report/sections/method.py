"""How the study was made, in words."""

from actbench.report import recipe_sentences
from actbench.report.section import Section, Study


def context(study: Study) -> dict:
    """See `Section`."""
    return {"networks": recipe_sentences.networks(study.config["network"])}


SECTION = Section(id="method", title="Method", template="method.html", context=context)
