"""The long tables behind the figures of learning and gradients, so that a page that was mailed has them."""

from actbench.report import page
from actbench.report.section import Study

NAMES = ("history", "gradients")
LARGEST = 1_200_000  # letters of an address


def tables(study: Study) -> dict[str, str]:
    """Addresses of the tables that are not too large, by name, compressed; with the rows of all settings."""
    return {name: address for name, address in study.once(_made).items() if len(address) <= LARGEST}


def left_out(study: Study) -> list[str]:
    """The names of those that are."""
    return [name for name, address in study.once(_made).items() if len(address) > LARGEST]


def _made(study: Study) -> dict[str, str]:
    every = {**study.tables, **study.every}
    return {name: page.compressed(every[name]) for name in NAMES if name in every}
