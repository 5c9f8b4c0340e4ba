"""How the study was made, in words."""

from actbench.report import layer_findings, recipe_sentences
from actbench.report.section import Section, Study


def context(study: Study) -> dict:
    """See `Section`."""
    config, folds = study.config, study.config["evaluation"]["folds"] or 1
    sizes = {
        "activation": len(study.labels),
        "depth": len(config["depths"]),
        "seed": len(config["seeds"]),
        "setting": len(config["settings"]),
        "fold": folds,
    }
    epochs = [recipe["training"]["max_epochs"] for recipe in config["settings"].values()]
    finding = layer_findings.method(sizes, study.images, study.examples, max(epochs))
    return {"finding": finding, "networks": recipe_sentences.networks(study.config["network"])}


SECTION = Section(id="method", title="Method", template="method.html", context=context)
