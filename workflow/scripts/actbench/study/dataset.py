"""The `dataset` of a config: the name of a built-in one, or a mapping that names a file of own data."""

from collections.abc import Mapping
from pathlib import Path

from actbench.data import catalogue
from actbench.errors import UserError
from actbench.study import messages

SUFFIXES = (".npz", ".csv", ".parquet")
IMAGES, OTHERS = "standard", "per_pixel"  # how own data are normalised where nothing is said


def resolve(given: str | Mapping) -> dict:
    """The keys `dataset`, a name, and for own data `own_data`, see `own.facts`.

    Raises:
        UserError: the name is that of a built-in data set, or the file is not what it should be.
    """
    if isinstance(given, str):
        return {"dataset": given}
    name, file, label = given["name"], given["file"], given.get("label")
    if name in catalogue.DATASETS:
        raise UserError(f"dataset.name is {name}, a built-in data set; allowed: a name of your own.")
    suffix = Path(file).suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(f"dataset.file is {messages.shown(file)}; allowed: a file {' or '.join(SUFFIXES)}.")
    if (suffix == ".npz") != (label is None):
        of_a_table = "the column of labels of a .csv or .parquet"
        allowed = f"null, since a .npz has the array y, or {of_a_table}" if suffix == ".npz" else of_a_table
        raise UserError(f"dataset.label is {messages.shown(label)}; allowed: {allowed}.")
    from actbench.data import own  # numpy is for own data only

    return {"dataset": name, "own_data": own.facts(file, label)}


def normalisation(config: Mapping) -> str:
    """How the examples of a resolved config are normalised where nothing is said, by what they are."""
    if "own_data" not in config:
        return config["normalisation"]
    return IMAGES if catalogue.of(config).are_images else OTHERS


def written(config: Mapping) -> str | dict:
    """The dataset of a resolved config as a user could write it."""
    if "own_data" not in config:
        return config["dataset"]
    own = {key: config["own_data"][key] for key in ("file", "label")}
    return {"name": config["dataset"]} | own
