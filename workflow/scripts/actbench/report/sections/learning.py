"""How the networks learned, epoch by epoch."""

from collections.abc import Mapping

from actbench.data import catalogue
from actbench.figures import order
from actbench.report import findings, lead
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
        "led": led(study),
        "judged": judged(config),
        "any_dead": dead is None or bool((dead["n_dead"] > 0).any()),
    }


def led(study: Study) -> str:
    """From which epoch on the first in the ranking leads the baseline, depth by depth."""
    if not {"history", "over_depths"} <= study.tables.keys():
        return ""
    baseline = study.config["report"]["baseline"]
    first = order.ranked(study.comparison, study.tables["over_depths"])[0]
    if first == baseline:
        return ""
    cells = study.comparison[study.comparison["activation"].isin([first, baseline])]
    apart = set(cells.loc[cells["runs_disagree"], "depth"])
    found = lead.by_depth(study.tables["history"], study.tables["runs"], first, baseline)
    found = {depth: found[depth] for depth in study.config["depths"] if depth in found and depth not in apart}
    others = [depth for depth in study.config["depths"] if depth not in found]
    return lead.over_depths(found, study.labels[first], study.labels[baseline], others)


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
    optional=("dead_neurons", "history", "over_depths"),
    context=context,
)
