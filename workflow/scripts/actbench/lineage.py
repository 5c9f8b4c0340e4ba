"""What a study's tables were made by, gathered from the records of all its jobs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from actbench import catalogue, files, manifest, parquet


def gather(
    config: Mapping,
    folders: Iterable[str | Path],
    measured: Mapping[str, Iterable[str | Path]],
    report: Mapping,
) -> dict:
    """The content of provenance.json.

    Args:
        config: the resolved config, less what never changes the study.
        folders: of every block.
        measured: by stage, the tables that its jobs wrote.
        report: the description of the job that gathers.

    Returns:
        `study`; `config`, its SHA-256; `data`, the name, source checksums and digests of the images;
        `stages`, by stage its distinct descriptions (see `provenance.describe`), each with its number of
        jobs; `mixed`, see `differences`.
    """
    manifests = [manifest.read(folder) for folder in folders]
    records = {"train": [found["provenance"] for found in manifests]}
    records |= {stage: [parquet.record(p)["provenance"] for p in paths] for stage, paths in measured.items()}
    records["report"] = [report]
    return {
        "study": config["study"],
        "config": files.digest_of(config),
        "data": {
            "dataset": config["dataset"],
            "source_md5": catalogue.DATASETS[config["dataset"]].checksums,
            "sha256": sorted({found["data"] for found in manifests}),
        },
        "stages": {stage: _distinct(found) for stage, found in records.items()},
        "mixed": differences(records),
    }


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
