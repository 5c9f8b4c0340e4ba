"""What a study's tables were made by, gathered from the records of all its jobs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from actbench.data import catalogue
from actbench.storage import choices, files, manifest, parquet


def of_jobs(
    folders: Iterable[str | Path],
    measured: Mapping[str, Iterable[str | Path]],
    chosen: Iterable[str | Path] = (),
) -> dict:
    """What the jobs of a study say of themselves.

    Args:
        folders: of every block.
        measured: by stage, the tables that its jobs wrote.
        chosen: what each search for a learning rate wrote, see `choices`.

    Returns:
        `data` and `evaluated`, the digests of the images that were trained and tested on; `stages`, by stage
        its distinct descriptions (see `provenance.describe`), each with its number of jobs; `seconds`, by
        stage the sum over its jobs.
    """
    records = {"train": [manifest.read(folder) for folder in folders]}
    if searches := [choices.read(path) for path in chosen]:
        records["tune"] = searches
    records |= {stage: [parquet.record(path) for path in paths] for stage, paths in measured.items()}
    return {
        "data": sorted({found["data"] for found in records["train"]}),
        "evaluated": sorted({found["evaluated"] for found in records["train"]}),
        "stages": {stage: _distinct([r["provenance"] for r in found]) for stage, found in records.items()},
        "seconds": {stage: sum(r["seconds"] for r in found) for stage, found in records.items()},
    }


def gather(
    config: Mapping, jobs: Mapping, summarised: Mapping[str, Mapping], own_data: Mapping | None = None
) -> dict:
    """What provenance.json says of a study as a whole.

    Args:
        config: the resolved config as a user could write it, less what never changes the study.
        jobs: see `of_jobs`.
        summarised: by stage, `provenance` and `seconds` of the one job that worked on all of it.
        own_data: what is known of own data, see `own.facts`.

    Returns:
        `study`; `config`, its SHA-256; `data`, the name, source checksums (or `own_data`) and digests of the
        images; `stages`, as in `of_jobs`, and `seconds`; `mixed`, see `differences`.
    """
    stages = jobs["stages"] | {
        stage: _distinct([record["provenance"]]) for stage, record in summarised.items()
    }
    if own_data is None:
        source = {"dataset": config["dataset"], "source_md5": catalogue.of(config).checksums}
    else:
        source = {"dataset": config["dataset"]["name"], "own_data": own_data}
    return {
        "study": config["study"],
        "config": files.digest_of(config),
        "data": {
            **source,
            "sha256": jobs["data"],
            "evaluated": jobs["evaluated"],
        },
        "stages": stages,
        "stage_seconds": jobs["seconds"] | {stage: r["seconds"] for stage, r in summarised.items()},
        "mixed": differences(stages),
    }


def differences(stages: Mapping[str, Iterable[Mapping]]) -> dict[str, list[str]]:
    """What is not the same in all jobs of a study, whose code has been compared with the plan.

    Returns:
        `torch`: its versions, if several; `device`: what networks were trained on, if several.
    """
    torches = {record["versions"]["torch"] for found in stages.values() for record in found}
    devices = {record["device"] for record in stages["train"]}
    return {
        "torch": sorted(map(str, torches)) if len(torches) > 1 else [],
        "device": sorted(devices) if len(devices) > 1 else [],
    }


def _distinct(records: Iterable[Mapping]) -> list[dict]:
    """Equal descriptions once, with their number, most frequent first."""
    by_digest = {files.digest_of(record): record for record in records}
    counts = Counter(map(files.digest_of, records))
    return [dict(by_digest[key]) | {"jobs": n} for key, n in counts.most_common()]
