"""A block's config.json: what its networks were trained with, and which files that training wrote."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from actbench.errors import DamagedError
from actbench.storage import files

NAME = "config.json"
MODEL = "model.safetensors"
WRITTEN = (MODEL, "runs.parquet", "history.parquet", "histograms.parquet", "cost.parquet")
KEYS = {"chosen", "data", "evaluated", "files", "params", "provenance", "seconds", "sizes"}


def write(
    folder: str | Path,
    params: Mapping,
    sizes: list[int],
    data: str,
    provenance: Mapping,
    evaluated: str = "",
    seconds: float = 0.0,
    chosen: str | None = None,
    initial: list[Mapping] | None = None,
) -> None:
    """Write config.json as the last file of a training job, with the SHA-256 of the others.

    Args:
        folder: `results/{study}/runs/{activation}/d{depth}/{setting}/seeds{block}`; holds the files of
            `WRITTEN`.
        params: all that the numbers depend on, see `grid.training_params`.
        sizes: n_inputs, the hidden widths, n_classes.
        data: SHA-256 of the images, see `prepared`.
        provenance: see `provenance.describe`.
        evaluated: SHA-256 of the images that tested, see `splits.evaluated`.
        seconds: wall time of the job.
        chosen: SHA-256 of the chosen.json that learning rates were read from, see `choices`.
        initial: of each fold what its weights were drawn with beside the seed, if anything, see
            `family.Recipe`.
    """
    written = {name: files.digest(Path(folder, name)) for name in WRITTEN}
    content = {
        "chosen": chosen,
        "data": data,
        "evaluated": evaluated,
        "files": written,
        "params": params,
        "provenance": provenance,
        "seconds": seconds,
        "sizes": sizes,
    }
    if initial:
        content["initial"] = initial
    files.write_json(content, Path(folder, NAME))


def read(folder: str | Path, used: Iterable[str] = ()) -> dict:
    """Read config.json, and check that the files `used` are those which the same job wrote.

    Raises:
        DamagedError: config.json or one of the files is not what it was, or is of another job.
    """
    path = Path(folder, NAME)
    content = files.read_json(path)
    lacking = KEYS - content.keys()
    if lacking:
        raise DamagedError(path, f"it lacks {', '.join(sorted(lacking))}")
    for key in ("files", "params", "provenance"):
        if not isinstance(content[key], dict):
            raise DamagedError(path, f"its {key} are no JSON object")
    for name in used:
        file = Path(folder, name)
        if files.digest(file) != content["files"].get(name):
            raise DamagedError(file, f"it is not the file that {path} was written with")
    return content
