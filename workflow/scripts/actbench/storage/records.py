"""A stage's record of what it made, and from what; whoever reads one of its files compares both.

A record is a JSON file with a checksum of its own. It holds the params and the code that the files were made
with, of this stage and of those before it, and the SHA-256 of every file that was read and written. Tables of
single jobs hold the same in their metadata (`parquet.record`), a block's files in config.json (`manifest`).
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from actbench.errors import DamagedError, UserError
from actbench.storage import files

KEYS = {"code", "files", "inputs", "params", "provenance", "seconds"}


@dataclass(frozen=True)
class Plan:
    """What a stage's files must have been made with, as the config and the code are now.

    Args:
        params: those that can change its files.
        code: digests of all code that its files depend on, see `provenance.named`.
    """

    params: Mapping
    code: Mapping[str, str]

    def expect(self, path: str | Path, params: Mapping, code: Mapping[str, str]) -> None:
        """Compare a file's own account of itself with the plan.

        Raises:
            UserError: they differ.
        """
        problems = self.differences(path, params, code)
        if problems:
            more = f" ({len(problems) - 1} more differences)" if len(problems) > 1 else ""
            raise UserError(
                f"{problems[0]}{more}. Snakemake has no record of that and took it for up to date: run once "
                "with --forceall."
            )

    def differences(
        self, path: str | Path, params: Mapping, code: Mapping[str, str], verb="made"
    ) -> list[str]:
        """Say in what a file's own account of itself differs from the plan, a phrase each."""
        found, planned = flat(params), flat(self.params)
        problems = [
            f"{path} was {verb} with {key} {found.get(key)!r} instead of {planned.get(key)!r}"
            for key in sorted({*found, *planned})
            if found.get(key) != planned.get(key)
        ]
        changed = sorted(name for name, digest in code.items() if self.code.get(name) != digest)
        if changed:
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            problems.append(f"{path} was {verb} by another version of {changed[0]}{more}")
        return problems


@dataclass(frozen=True)
class Record:
    """What a stage says of the files that it made."""

    path: Path
    content: Mapping

    def expect(self, plan: Plan) -> None:
        """Compare params and code with what they would be now.

        Raises:
            UserError: they differ.
        """
        plan.expect(self.path, self.content["params"], self.content["code"])

    def verify(self, paths: Iterable[str | Path], key: str = "files") -> None:
        """Compare files with those that the stage wrote, or with `inputs`, those that it read.

        Raises:
            DamagedError: one is another file.
            UnreadableError: one cannot be read.
        """
        for path in paths:
            if files.digest(path) != self.content[key].get(self.name(path)):
                raise DamagedError(path, f"it is not the file that {self.path} was written with")

    def paths(self, key: str = "files") -> list[Path]:
        """Where the files that the stage wrote, or read, lie now."""
        return [Path(os.path.normpath(self.path.parent / name)) for name in self.content[key]]

    def name(self, path: str | Path) -> str:
        return _name(path, self.path)


def checked(path: str | Path, plan: Plan, paths: Iterable[str | Path]) -> Record:
    """Read a stage's record, and compare it with the plan, and files of the stage with it.

    Raises:
        UserError: the stage had other params or code, or a file is not the one that it wrote.
    """
    found = read(path)
    found.expect(plan)
    found.verify(paths)
    return found


def read(path: str | Path) -> Record:
    """Read a stage's record.

    Raises:
        DamagedError: it is not what was written.
    """
    content = files.read_json(path)
    lacking = KEYS - content.keys()
    if lacking:
        raise DamagedError(path, f"it lacks {', '.join(sorted(lacking))}")
    return Record(Path(path), content)


def write(
    path: str | Path,
    plan: Plan,
    inputs: Iterable[str | Path],
    outputs: Iterable[str | Path],
    provenance: Mapping,
    seconds: float,
    **more: object,
) -> None:
    """Write the record of a stage, as its last file.

    Args:
        path: `results/{study}/made_by/{stage}.json`, or a file beside those whose digests it holds.
        plan: what the files were made with.
        inputs: what was read: data, or the records of the stages that wrote it.
        outputs: what was written.
        provenance: see `provenance.describe`.
        seconds: wall time.
        more: further content.
    """
    content = {
        "code": plan.code,
        "files": {_name(file, path): files.digest(file) for file in outputs if Path(file) != Path(path)},
        "inputs": {_name(file, path): files.digest(file) for file in inputs},
        "params": plan.params,
        "provenance": provenance,
        "seconds": seconds,
    }
    files.write_json(more | content, path)


def flat(params: Mapping, prefix: str = "") -> dict:
    """Keys of mappings inside mappings with dots: training.learning_rate."""
    found = {}
    for key, value in params.items():
        inner = isinstance(value, Mapping) and value
        found |= flat(value, f"{prefix}{key}.") if inner else {f"{prefix}{key}": value}
    return found


def _name(path: str | Path, record: str | Path) -> str:
    """A file's name in a record: its path from there, so that a study's folder can be copied as a whole."""
    return Path(os.path.relpath(path, Path(record).parent)).as_posix()
