"""The table of a study's settings: what each of them overrides."""

import json
from collections.abc import Mapping

import pyarrow as pa

from actbench.storage import parquet

SETTINGS = pa.schema(
    [
        pa.field("setting", parquet.NAME, nullable=False),
        pa.field("position", pa.int16(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("overrides", pa.string(), nullable=False),
    ]
)


def table(settings: Mapping[str, Mapping]) -> pa.Table:
    """One row a setting: its position, its label, and as JSON the keys of the config that it overrides.

    Args:
        settings: `label` and `overrides` by name, see `settings.resolve`; the first, at position 0, is the
            reference.
    """
    rows = [
        {
            "setting": name,
            "position": position,
            "label": setting["label"],
            "overrides": json.dumps(setting["overrides"], sort_keys=True),
        }
        for position, (name, setting) in enumerate(settings.items())
    ]
    return parquet.table(rows, SETTINGS, ["setting"])
