"""How the networks learned, epoch by epoch."""

from collections.abc import Mapping

from actbench.data import catalogue
from actbench.report.section import Section, Study


def context(study: Study) -> dict:
    """See `Section`."""
    return {"judged": judged(study.config)}


def judged(config: Mapping) -> str:
    """The images whose accuracy by epoch is drawn: validation, test or training."""
    if catalogue.image_counts(config)["validation"]:
        return "validation"
    return "test" if config["training"]["test_each_epoch"] else "training"


SECTION = Section(
    id="learning",
    title="Learning",
    template="learning.html",
    figures=("learning_curves",),
    context=context,
)
