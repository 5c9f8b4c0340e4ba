"""How far a study is, from its files alone: it may run elsewhere, be done, or never have been started."""

import itertools
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from actbench.data import catalogue
from actbench.runtime import waiting
from actbench.study import grid

LAYER = 8_000  # what a layer costs an image beside its products: as much as so many of them
TAIL = 500  # bytes at the end of a log that have its last line
_SPENT = re.compile(rb"CPU seconds: imports ([\d.]+), work ([\d.]+)")


class Job(NamedTuple):
    """A planned job: its rule, the file that it writes last, its log, its name, its work (see `work`)."""

    rule: str
    output: str
    log: str
    title: str
    work: float = 1.0


def work(config: Mapping, rule: str, depth: int = 0, setting: str = "", n_networks: int = 1) -> float:
    """How long a job takes in comparison with others of its rule: images and epochs are the same for all.

    Args:
        config: the resolved one.
        rule, depth, setting, n_networks: of the job; without a setting, its work is 1.
    """
    if not setting:
        return 1.0
    recipe, of_one = config["settings"][setting], of_network(config, depth, setting)
    section = {"tune": "tuning", "train": "training"}.get(rule)
    return n_networks * of_one * (recipe[section]["max_epochs"] if section else 1)


def of_network(config: Mapping, depth: int, setting: str) -> float:
    """The work of one image through one network."""
    hidden = config["settings"][setting]["network"]["hidden_sizes"]
    widths = [catalogue.of(config).n_pixels, *dict(zip(config["depths"], hidden, strict=True))[depth]]
    return sum(LAYER + one * other for one, other in itertools.pairwise(widths))


def title(
    config: Mapping,
    rule: str,
    activation: str = "",
    depth: int | str = "",
    setting: str = "",
    block: str = "",
    **_,
) -> str:
    """What people read of a job: its rule and its wildcards.

    >>> title({"settings": {"default": {}}}, "train", "relu", 2, "default", "0-4")
    'train relu, depth 2, seeds 0-4'
    """
    named = setting if grid.is_named(config) else ""
    parts = [f"{rule} {activation}".strip(), depth and f"depth {depth}", named, block and f"seeds {block}"]
    return ", ".join(part for part in parts if part)


def planned(config: Mapping, files: Mapping[str, tuple[str, str]]) -> list[Job]:
    """All jobs of a study's report.

    Args:
        config: the resolved one.
        files: of each rule, the file that its jobs write last and their log, with wildcards of the grid.
    """
    blocks = grid.blocks(config["seeds"], config["seeds_per_job"])
    tuned = [name for name, recipe in config["settings"].items() if grid.tuned(recipe)]
    found = []
    for rule, (output, log) in files.items():
        if "{activation}" not in output:
            found.append(Job(rule, output, log, rule))
            continue
        settings = tuned if rule == "tune" else config["settings"]
        for entry, depth, setting in itertools.product(config["activations"], config["depths"], settings):
            for block, seeds in blocks.items() if "{block}" in output else [("", [0])]:
                names = {"activation": entry["id"], "depth": depth, "setting": setting, "block": block}
                spent = work(config, rule, depth, setting, len(seeds))
                paths = output.format(**names), log.format(**names)
                found.append(Job(rule, *paths, title(config, rule, **names), spent))
    return found


def told(
    study: str,
    jobs: Sequence[Job],
    progress: str | Path,
    locks: str | Path,
    now: float,
) -> str:
    """What `snakemake status` says of a study, in lines.

    Whether files that are there fit the config is not looked at, as `snakemake -n` does.

    Args:
        study: its name.
        jobs: all that are planned for its report.
        progress: its progress.txt.
        locks: the folder where a Snakemake that runs notes which files it makes.
        now: the time, in seconds.
    """
    missing = [job for job in jobs if not Path(job.output).exists()]
    counts = counted(jobs, missing)
    found, written = waiting.read(progress), _newest(jobs)
    runs = _locked(locks, {job.output for job in jobs})
    if runs:
        said = (
            "runs, or was killed"
            if written is None
            else f"runs (last sign {waiting.duration(now - written)} ago)"
        )
    elif not missing:
        said = "is complete"
    elif written is None and len(missing) == len(jobs):
        said = "has not been started"
    else:
        said = "is not complete, and does not run"
    lines = [f"Study {study} {said}"]
    wide = max(len(f"{total}") for _, total in counts.values())
    lines += [f"  {name:<6} {n:>{wide}} of {total:>{wide}}" for name, (n, total) in counts.items()]
    started = found.started if found else now
    logs = {job: _modified(job.log) for job in missing}
    recent = [job for job in missing if (logs[job] or 0) >= started]
    failed = [job for job in recent if b"Error" in _tail(job.log)]
    running = [job.title for job in recent if job not in failed]
    if runs and running:
        lines.append(f"Running: {waiting.some(running)}")
    if failed:
        lines.append(f"Failed: {waiting.some(job.title for job in failed)}")
    if runs and found and (left := waiting.time_left(_left(jobs, missing, found.started, now))):
        lines.append(f"Time: {left}")
    if found and (seen := waiting.accuracy(found.lines)):
        lines.append(f"So far: {seen}" if runs else f"The last run: {seen}")
    return "\n".join(lines)


def counted(jobs: Iterable[Job], missing: Iterable[Job]) -> dict[str, tuple[int, int]]:
    """Of each stage that has jobs, how many are done, and of how many."""
    planned = Counter(waiting.stage(job.rule) for job in jobs)
    open_ = Counter(waiting.stage(job.rule) for job in missing)
    return {name: (planned[name] - open_[name], planned[name]) for name in waiting.STAGES if planned[name]}


def _left(jobs: Sequence[Job], missing: Sequence[Job], started: float, now: float) -> waiting.Left | None:
    """Time left, by the CPU seconds in the logs of jobs that have ended since the start."""
    measured: dict[str, tuple[float, float]] = {}
    open_ = set(missing)
    for job in jobs:
        if (
            job in open_
            or (_modified(job.log) or 0) < started
            or not (spent := _SPENT.search(_tail(job.log)))
        ):
            continue
        seconds, done = measured.get(job.rule, (0.0, 0.0))
        measured[job.rule] = (seconds + sum(map(float, spent.groups())), done + job.work)
    remaining = Counter()
    for job in missing:
        remaining[job.rule] += job.work
    total = sum(seconds for seconds, _ in measured.values())
    return waiting.left(measured, remaining, total / (now - started)) if now > started else None


def _locked(folder: str | Path, outputs: set[str]) -> bool:
    """Whether a Snakemake has noted that it makes one of these files; a killed one leaves that, too."""
    with suppress(OSError):
        for path in Path(folder).glob("*output.lock"):
            if not outputs.isdisjoint(path.read_text(encoding="utf-8", errors="replace").splitlines()):
                return True
    return False


def _newest(jobs: Iterable[Job]) -> float | None:
    return max((time for job in jobs if (time := _modified(job.log)) is not None), default=None)


def _modified(path: str) -> float | None:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return None


def _tail(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            stream.seek(max(os.fstat(stream.fileno()).st_size - TAIL, 0))
            return stream.read()
    except OSError:
        return b""
