"""The long tables behind figures, for a page that was mailed."""

from actbench.report import page
from actbench.report.section import Study

NAMES = (  # the first ones first, where there is no room for all
    "correlations",
    "edges",
    "predictions",
    "activations",
    "dead_neurons_by_layer",
    "gradients_by_layer",
    "distributions_by_layer",
    "history",
    "gradients",
)
PAGE = 9_500_000  # letters that a page may have
TEXT = 2_000_000  # of these for its tables and sentences
LETTERS = 3.5  # that a value of these tables takes at most, packed


def tables(study: Study) -> dict[str, str]:
    """Addresses of the tables that the page has room for, by name, compressed; rows of all settings."""
    return study.once(_made)


def left_out(study: Study) -> dict[str, int]:
    """How many values the others have, by name."""
    every = {**study.tables, **study.every}
    there = study.once(_made).keys() | study.csvs.keys()
    return {name: every[name].size for name in NAMES if name in every and name not in there}


def _made(study: Study) -> dict[str, str]:
    every = {**study.tables, **study.every}
    left = PAGE - TEXT - sum(map(len, (*study.figures.values(), *study.csvs.values())))
    found = {}
    for name in NAMES:
        if name in every and name not in study.csvs and every[name].size * LETTERS <= left:
            found[name] = page.compressed(every[name])
            left -= len(found[name])
    return found
