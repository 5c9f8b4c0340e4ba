"""How the networks learned, epoch by epoch."""

from collections.abc import Mapping

from actbench.data import catalogue
from actbench.report import findings
from actbench.report.section import Section, Study


def context(study: Study) -> dict:
    """See `Section`."""
    config, tables = study.config, study.tables
    folds, epochs = config["evaluation"]["folds"] or 1, config["training"]["max_epochs"]
    finding = findings.learning(tables["runs"], tables["comparison"], epochs, folds)
    dead = tables.get("dead_neurons")
    dead = None if dead is None else dead[dead["depth"].isin(study.shown_depths)]
    return {
        "finding": finding,
        "judged": judged(config),
        "any_dead": dead is None or bool((dead["n_dead"] > 0).any()),
    }


def judged(config: Mapping) -> str:
    """The images whose accuracy by epoch is drawn: validation, test or training."""
    if catalogue.image_counts(config)["validation"]:
        return "validation"
    return "test" if config["training"]["test_each_epoch"] else "training"


SECTION = Section(
    id="learning",
    title="Learning",
    template="learning.html",
    tables=("runs", "comparison"),
    figures=("learning_curves",),
    optional=("dead_neurons",),
    context=context,
)
