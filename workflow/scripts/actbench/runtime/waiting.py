"""What is said to who waits for a study: how far it is, how long it will take, and what came out so far."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

STAGES = ("data", "tune", "train", "probe", "report")
MORE = 2  # running jobs that are named
_ACCURACY = re.compile(r": test accuracy ([\d.]+)(?:–([\d.]+))? %")


class Left(NamedTuple):
    """Seconds until all is done, and whether they are of all stages, so that it cannot be more."""

    seconds: float
    whole: bool


class Progress(NamedTuple):
    """What progress.txt says: how many blocks were to be trained, since when, a line for each done."""

    n_blocks: int
    started: float
    lines: list[str]


def stage(rule: str) -> str:
    """The stage that a rule's jobs are counted in.

    >>> stage("probe_gradients"), stage("aggregate")
    ('probe', 'report')
    """
    if rule.startswith("prepare_"):
        return "data"
    if rule.startswith("probe_"):
        return "probe"
    return rule if rule in STAGES else "report"


def left(
    measured: Mapping[str, tuple[float, float]], remaining: Mapping[str, float], speed: float
) -> Left | None:
    """How long what remains will take, from what was measured; None until something was.

    Args:
        measured: of each rule, the seconds that its finished jobs took, each for itself, and their work.
        remaining: of each rule, the work of the jobs that are not done; its unit is that of `measured`.
        speed: how many of these seconds pass in one second, as jobs run side by side.

    >>> left({"train": (60.0, 3)}, {"train": 4, "probe_gradients": 0}, 2.0)
    Left(seconds=40.0, whole=True)
    """
    rates = {rule: seconds / work for rule, (seconds, work) in measured.items() if work > 0}
    remaining = {rule: work for rule, work in remaining.items() if work > 0}
    if speed <= 0 or (remaining and not rates.keys() & remaining.keys()):
        return None
    seconds = sum(rates[rule] * work for rule, work in remaining.items() if rule in rates)
    return Left(seconds / speed, remaining.keys() <= rates.keys())


def duration(seconds: float) -> str:
    """A length of time as it is said, to no more digits than it is known.

    >>> duration(0.2), duration(89), duration(200), duration(5399), duration(9000), duration(300_000)
    ('1 s', '89 s', '3 min', '90 min', '2.5 h', '3.5 days')
    """
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86_400:.1f} days"


def time_left(found: Left | None) -> str:
    """A `Left` in words; nothing where nothing was measured, or nothing is left.

    >>> time_left(Left(200.0, True)), time_left(Left(200.0, False)), time_left(None)
    ('about 3 min left', 'more than 3 min left', '')
    """
    if found is None or found == Left(0, True):
        return ""
    return f"{'about' if found.whole else 'more than'} {duration(found.seconds)} left"


def accuracy(lines: Iterable[str]) -> str:
    """The range of the test accuracies that progress.txt has so far; nothing where it has none.

    >>> accuracy(["relu, depth 2, seeds 0-4: test accuracy 95.7–98.3 %, 5 of 5 trained"])
    'test accuracy 95.7–98.3 %'
    """
    found = [match.groups() for match in map(_ACCURACY.search, lines) if match]
    values = sorted({float(value) for pair in found for value in pair if value})
    return (
        f"test accuracy {'–'.join(f'{value:.1f}' for value in values[:: len(values) - 1 or 1])} %"
        if values
        else ""
    )


def some(titles: Iterable[str]) -> str:
    """The first titles, and how many more there are.

    >>> some(["train relu", "train tanh", "train elu"])
    'train relu; train tanh; 1 more'
    """
    titles = list(titles)
    more = [f"{len(titles) - MORE} more"] if len(titles) > MORE else []
    return "; ".join(titles[:MORE] + more)


def line(counts: Mapping[str, tuple[int, int]], running: Iterable[str], found: Left | None, seen: str) -> str:
    """The line at the bottom of a terminal.

    Args:
        counts: of each stage, how many jobs are done, and of how many.
        running: titles of jobs.
        found: time left.
        seen: the accuracy so far.

    >>> line({"train": (3, 36)}, ["train relu, depth 2"], Left(70.0, True), "")
    'train 3/36 | about 70 s left | train relu, depth 2'
    """
    done = ", ".join(f"{name} {n}/{total}" for name, (n, total) in counts.items())
    return " | ".join(part for part in (done, time_left(found), seen, some(running)) if part)


def read(path: str | Path) -> Progress | None:
    """Read progress.txt; None where there is none, or it cannot be used."""
    try:
        head, *lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
        total, started = head.split()
        return Progress(int(total), float(started), lines)
    except (OSError, ValueError):
        return None
