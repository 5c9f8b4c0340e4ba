"""What a study's tables were made by, gathered from the records of all its jobs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from actbench import catalogue, files, manifest, parquet, provenance
from actbench.errors import UserError


def of_jobs(folders: Iterable[str | Path], measured: Mapping[str, Iterable[str | Path]]) -> dict:
    """What the jobs of a study say of themselves.

    Args:
        folders: of every block.
        measured: by stage, the tables that its jobs wrote.

    Returns:
        `data`, the digests of the images that were trained on; `stages`, by stage its distinct descriptions
        (see `provenance.describe`), each with its number of jobs.
    """
    manifests = [manifest.read(folder) for folder in folders]
    records = {"train": [found["provenance"] for found in manifests]}
    records |= {stage: [parquet.record(p)["provenance"] for p in paths] for stage, paths in measured.items()}
    return {
        "data": sorted({found["data"] for found in manifests}),
        "stages": {stage: _distinct(found) for stage, found in records.items()},
    }


def gather(config: Mapping, jobs: Mapping, summarised: Mapping[str, Mapping]) -> dict:
    """The content of provenance.json.

    Args:
        config: the resolved config, less what never changes the study.
        jobs: see `of_jobs`.
        summarised: by stage, the description of the one job that worked on all of it.

    Returns:
        `study`; `config`, its SHA-256; `data`, the name, source checksums and digests of the images;
        `stages`, as in `of_jobs`; `mixed`, see `differences`.
    """
    stages = jobs["stages"] | {stage: _distinct([described]) for stage, described in summarised.items()}
    return {
        "study": config["study"],
        "config": files.digest_of(config),
        "data": {
            "dataset": config["dataset"],
            "source_md5": catalogue.DATASETS[config["dataset"]].checksums,
            "sha256": jobs["data"],
        },
        "stages": stages,
        "mixed": differences(stages),
    }


def check(path: str | Path, config: Mapping, scripts: str | Path) -> None:
    """Compare the config and the code that a study was made with, as its provenance.json says, with today's.

    Args:
        path: provenance.json.
        config: as for `gather`.
        scripts: the folder of the scripts; other files are looked for from the working directory.

    Raises:
        UserError: they differ; the sentence says in what, and what to do.
    """
    recorded = files.read_json(path)
    different = [] if recorded.get("config") == files.digest_of(config) else ["other settings"]
    made_by = {
        name: content
        for records in recorded.get("stages", {}).values()
        for record in records
        for name, content in record["code"].items()
    }
    changed = sorted(name for name, content in made_by.items() if _version(name, scripts) != content)
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        different.append(f"another version of {changed[0]}{more}")
    if different:
        raise UserError(
            f"it was made with {' and with '.join(different)}, and without its records (.snakemake) "
            "Snakemake cannot see what must run again. Copy that folder too, or run once with --forcerun "
            "aggregate, which compares every result with the plan, or with --forceall."
        )


def differences(records: Mapping[str, Iterable[Mapping]]) -> dict[str, list[str]]:
    """What is not the same in all jobs of a study.

    Returns:
        `code`: files of which there is more than one version; `torch`: its versions, if several; `device`:
        what networks were trained on, if several.
    """
    versions: dict[str, set] = {}
    torches = set()
    for record in (record for found in records.values() for record in found):
        for name, content in record["code"].items():
            versions.setdefault(name, set()).add(content)
        torches.add(record["versions"]["torch"])
    devices = {record["device"] for record in records["train"]}
    return {
        "code": sorted(name for name, found in versions.items() if len(found) > 1),
        "torch": sorted(map(str, torches)) if len(torches) > 1 else [],
        "device": sorted(devices) if len(devices) > 1 else [],
    }


def _distinct(records: Iterable[Mapping]) -> list[dict]:
    """Equal descriptions once, with their number, most frequent first."""
    by_digest = {files.digest_of(record): record for record in records}
    counts = Counter(map(files.digest_of, records))
    return [dict(by_digest[key]) | {"jobs": n} for key, n in counts.most_common()]


def _version(name: str, scripts: str | Path) -> str | None:
    """Digest of a file as it is now, None if it is gone."""
    found = [path for path in (Path(scripts, name), Path(name)) if path.is_file()]
    return provenance.file_version(found[0]) if found else None
