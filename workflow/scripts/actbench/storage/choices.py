"""A search's chosen.json: the learning rates that it chose, and what they were chosen with."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from actbench.errors import DamagedError, UserError
from actbench.storage import files

NAME = "chosen.json"
TRIALS = "trials.parquet"
COST = "cost.parquet"
KEYS = {"data", "files", "params", "provenance", "rates", "seconds"}
SEARCHED = {"keep": "best", "test_each_epoch": False, "histograms": False}  # training of a search
RATE = {"at_edge", "epochs_spent", "fold", "learning_rate", "n_trained", "n_trials", "score"}


def search_params(params: Mapping) -> dict:
    """All that the numbers of a search depend on: the params of a block that it is for, less the seeds.

    Its networks train for the epochs of `tuning`, and nothing is stored of them but their scores, so that
    `probe_epochs` count for none.

    Args:
        params: see `grid.training_params`.
    """
    searched = {"max_epochs": params["tuning"]["max_epochs"], **SEARCHED}
    found = {key: value for key, value in params.items() if key not in ("seeds", "probe_epochs")}
    return found | {"training": params["training"] | searched}


def write(
    folder: str | Path,
    rates: Sequence[Mapping],
    params: Mapping,
    data: str,
    provenance: Mapping,
    seconds: float,
) -> None:
    """Write chosen.json as the last file of a search, with the SHA-256 of the others.

    Args:
        folder: `results/{study}/tuning/{activation}/d{depth}/{setting}`; holds `TRIALS` and `COST`.
        rates: a mapping with the keys `RATE` for each fold, see `tuning.choose`.
        params: all that the numbers depend on, see `search_params`.
        data: SHA-256 of the images, see `prepared`.
        provenance: see `provenance.describe`.
        seconds: wall time of the job.
    """
    content = {
        "data": data,
        "files": {name: files.digest(Path(folder, name)) for name in (TRIALS, COST)},
        "params": params,
        "provenance": provenance,
        "rates": list(rates),
        "seconds": seconds,
    }
    files.write_json(content, Path(folder, NAME))


def read(path: str | Path, used: Iterable[str] = ()) -> dict:
    """Read chosen.json, and check that the files `used` are those which the same search wrote.

    Raises:
        DamagedError: chosen.json or one of the files is not what it was, or is of another search.
    """
    content = files.read_json(path)
    lacking = KEYS - content.keys()
    if lacking:
        raise DamagedError(path, f"it lacks {', '.join(sorted(lacking))}")
    params, rates = content["params"], content["rates"]
    try:
        planned = params["evaluation"]["folds"] or 1, set(params["tuning"]["learning_rate"])
        chosen = [(set(rate), rate["fold"], rate["learning_rate"] in planned[1]) for rate in rates]
    except (KeyError, TypeError) as error:
        raise DamagedError(path, "its rates or params are not those of a search") from error
    if chosen != [(RATE, fold, True) for fold in range(planned[0])]:
        raise DamagedError(path, "its rates are not one of the candidates for each fold")
    for name in used:
        file = Path(path).with_name(name)
        if files.digest(file) != content["files"].get(name):
            raise DamagedError(file, f"it is not the file that {path} was written with")
    return content


def rates(path: str | Path, params: Mapping, data: str, code: Mapping[str, str]) -> list[float]:
    """The chosen learning rate of each fold, for networks that are to be trained with it.

    Args:
        path: of chosen.json.
        params: what it must have been chosen with, see `search_params`.
        data: SHA-256 of the images.
        code: digests of the code that trains, see `provenance.named`; what the search ran of it is compared.

    Raises:
        UserError: it was chosen with other params, or by other code.
        DamagedError: it is not what was written, or was chosen by other images.
    """
    found = read(path)
    was, ran = found["params"], found["provenance"]["code"]
    changed = [key for key in sorted({*params, *was}) if params.get(key) != was.get(key)]
    changed += [name for name, digest in ran.items() if code.get(name, digest) != digest]
    if changed:
        raise UserError(
            f"{path} was chosen with another {changed[0]} than is planned. Snakemake has no record of that "
            f"and took it for up to date: delete {Path(path).parent} and run again."
        )
    if found["data"] != data:
        raise DamagedError(path, "its rates were chosen by other images than are trained on")
    return [rate["learning_rate"] for rate in found["rates"]]
