"""How long a study will take, from how long a step of training takes, before anything has run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from actbench.data import catalogue
from actbench.study import grid, status

WORTH = 12  # jobs that train, from which the measurement costs little beside them
# Seconds beside steps, as in the default study on 2 cores of a shared Intel Xeon (n = 1).
START = 0.6  # of each job
PROBE = 0.5  # of each probe
PAGE = 30.0  # tables, figures and report, which nothing else runs beside


class Load(NamedTuple):
    """What a job does: its rule, the work of one network's step (see `status.of_network`), how many steps."""

    rule: str
    work: float = 0.0
    steps: float = 0.0


def load(config: Mapping, rule: str, depth: int = 0, setting: str = "", n_networks: int = 1) -> Load:
    """The steps of a job's networks, if none stops early; a look at an image costs a third of a step's.

    Args:
        config: the resolved one.
        rule, depth, setting, n_networks: of the job; of a search its networks are counted here.
    """
    if rule not in ("tune", "train"):
        return Load(rule)
    recipe = config["settings"][setting]
    epochs = recipe["tuning" if rule == "tune" else "training"]["max_epochs"]
    if rule == "tune":
        n_networks = len(recipe["tuning"]["learning_rate"]) * recipe["tuning"]["seeds"]
    counts = catalogue.image_counts(config)
    batches = counts["training"] // recipe["training"]["batch_size"]
    looks = 1 + counts["validation"] / (3 * counts["training"])
    folds = config["evaluation"]["folds"] or 1
    return Load(
        rule, status.of_network(config, depth, setting), n_networks * folds * epochs * batches * looks
    )


def of_step(work: float, measured: Sequence[tuple[float, float]]) -> float:
    """Seconds of a step of some work, on the line through the measured ones.

    Args:
        measured: work and seconds, of one network or two; by one, seconds are proportional to work.

    >>> of_step(3.0, [(1.0, 0.5), (5.0, 0.9)]), of_step(3.0, [(1.0, 0.5)])
    (0.7, 1.5)
    """
    (low, first), (high, last) = min(measured), max(measured)
    if low == high:
        return first * work / low
    return max(first + (last - first) * (work - low) / (high - low), 0.0)


def seconds(loads: Iterable[Load], measured: Sequence[tuple[float, float]], at_once: float) -> float:
    """How long jobs take that run side by side.

    Args:
        loads: of the jobs.
        measured: see `of_step`.
        at_once: how many run at a time.
    """
    loads = list(loads)
    steps = sum(own.steps * of_step(own.work, measured) for own in loads if own.steps)
    others = sum(START + PROBE * own.rule.startswith("probe_") for own in loads)
    page = PAGE * any(own.rule == "figures" for own in loads)
    return (steps + others) / at_once + page


def asked(config: Mapping) -> list[dict]:
    """The networks to measure (`measure_speed.py`): those of the least and the most work of the reference."""
    setting = grid.reference(config)
    depths = sorted(config["depths"], key=lambda depth: status.of_network(config, depth, setting))
    dataset = catalogue.of(config)
    return [
        {
            "params": grid.training_params(grid.with_setting(config, setting), {}, depth, []),
            "n_pixels": dataset.n_pixels,
            "n_classes": len(dataset.classes),
            "n_networks": max(map(len, grid.blocks(config["seeds"], config["seeds_per_job"]).values())),
        }
        for depth in dict.fromkeys([depths[0], depths[-1]])
    ]


def measured(config: Mapping, found: Sequence[float]) -> list[tuple[float, float]]:
    """Work and seconds of the networks of `asked`."""
    setting = grid.reference(config)
    works = sorted(status.of_network(config, depth, setting) for depth in config["depths"])
    return list(zip(dict.fromkeys([works[0], works[-1]]), found, strict=False))
