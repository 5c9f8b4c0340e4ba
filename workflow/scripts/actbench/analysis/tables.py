"""A finished study's tables, for notebooks and scripts."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from actbench.errors import UserError
from actbench.storage import parquet, records


def of_setting(tables: Mapping[str, pd.DataFrame], setting: str) -> dict[str, pd.DataFrame]:
    """Tables with the rows of one setting; those that have no settings as they are."""
    return {
        name: table[table["setting"] == setting].reset_index(drop=True) if "setting" in table else table
        for name, table in tables.items()
    }


def read(study: str, folder: str | Path = ".", setting: str | None = None) -> dict[str, pd.DataFrame]:
    """The tables of a finished study by name, each compared with the record that was written with it.

    Args:
        study: its name, as in config.yaml.
        folder: where the study ran, which holds `results`.
        setting: the one whose rows are wanted; None for all.

    Raises:
        UserError: there is no such study or setting, it is not finished, or an earlier version made it.
        DamagedError: a table is not the one that was written.

    >>> tables = read("digits")
    >>> len(tables["runs"].query("activation == 'relu' and depth == 1"))
    2
    """
    results = Path(folder, "results", study)
    record = results / "made_by" / "aggregate.json"
    if not record.is_file():
        raise UserError(f"{results} holds no finished study: {record} is missing.")
    found = records.read(record)
    paths = sorted(
        path for path in found.paths() if path.suffix == ".parquet" and path.parent.name == "tables"
    )
    found.verify(paths)
    tables = {path.stem: parquet.read(path).to_pandas() for path in paths}
    if not set(parquet.RUN) <= set(tables["runs"].columns):
        raise UserError(
            f"{results} was made by an earlier version of actbench: delete it and run the study again."
        )
    if setting is None:
        return tables
    known = tables["settings"].sort_values("position")["setting"].tolist()
    if setting not in known:
        raise UserError(f"setting is {setting!r}; allowed for the study {study}: {', '.join(known)}.")
    return of_setting(tables, setting)
