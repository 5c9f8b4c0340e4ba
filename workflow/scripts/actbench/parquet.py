"""Reading tables, and writing them so that the same rows give the same bytes."""

import contextlib
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

from actbench import files
from actbench.errors import DamagedError

ACTIVATION = pa.dictionary(pa.int32(), pa.string())
KEYS = [
    pa.field("activation", ACTIVATION, nullable=False),
    pa.field("depth", pa.int16(), nullable=False),
    pa.field("seed", pa.int32(), nullable=False),
    pa.field("fold", pa.int16(), nullable=False),
]
RUN = [field.name for field in KEYS]
RECORD = b"actbench"


def table(rows: Iterable[Mapping], schema: pa.Schema, sort_by: list[str]) -> pa.Table:
    """Turn rows into an Arrow table of exactly `schema`, sorted by `sort_by`.

    A number that is not finite becomes null. Rows travel as JSON lines, because every other way from
    Python objects into Arrow imports pandas, which costs each of a study's many short jobs half a second.

    Raises:
        ValueError: a row has a column that the schema lacks, lacks one that the schema has, or has null
            where the schema allows none.
    """
    rows = list(rows)
    for row in rows:
        if row.keys() != set(schema.names):
            raise ValueError(f"columns {sorted(row.keys() ^ set(schema.names))} differ from the schema")
    if not rows:
        return schema.empty_table()
    lines = "\n".join(json.dumps({key: _finite(row[key]) for key in schema.names}) for row in rows)
    options = pa.json.ParseOptions(explicit_schema=_nullable(schema), unexpected_field_behavior="error")
    blocks = pa.json.ReadOptions(block_size=len(lines) + 1)
    read_back = pa.json.read_json(io.BytesIO(lines.encode()), blocks, options)
    return ordered(read_back, sort_by).cast(schema)


def ordered(unsorted: pa.Table, sort_by: list[str]) -> pa.Table:
    """Sort by columns, text alphabetically; dictionaries come out in the order of their first use."""
    schema = unsorted.schema
    plain = unsorted.cast(_plain(schema))
    plain = plain.sort_by([(name, "ascending") for name in sort_by])
    return plain.combine_chunks().cast(schema)


def concat(tables: Iterable[pa.Table], sort_by: list[str]) -> pa.Table:
    """Stack tables of one schema and sort the rows."""
    return ordered(pa.concat_tables(tables).unify_dictionaries(), sort_by)


def write(content: pa.Table, path: str | Path, record: Mapping | None = None) -> None:
    """Write a table to Parquet, whole or not at all, after reading the file back once.

    Args:
        content: the table.
        path: the file; its pages carry checksums.
        record: what the numbers were made from, a JSON object for the file's metadata; see `record`.
    """
    if record is not None:
        content = content.replace_schema_metadata({RECORD: json.dumps(record, sort_keys=True)})
    with files.atomic(path) as temporary:
        pa.parquet.write_table(content, temporary, compression="zstd", write_page_checksum=True)
        if read(temporary).num_rows != content.num_rows:
            raise OSError(f"{path}: the written table could not be read back whole")


def write_csv(content: pa.Table, path: str | Path) -> None:
    """Write a table as CSV with a header; null is an empty field."""
    with files.atomic(path) as temporary:
        pa.csv.write_csv(content.cast(_plain(content.schema)), temporary)


def read(path: str | Path) -> pa.Table:
    """Read a Parquet file, without its record; `.to_pandas()` gives a data frame.

    Raises:
        DamagedError: it is cut, empty, changed or no Parquet file at all.
    """
    with _opened(path) as stored:
        return stored.read().replace_schema_metadata(None)


def record(path: str | Path) -> dict:
    """The record that a table was written with.

    Raises:
        DamagedError: the file cannot be read, or has none.
    """
    with _opened(path) as stored:
        found = (stored.schema_arrow.metadata or {}).get(RECORD)
    if found is None:
        raise DamagedError(path, "it does not say what it was made from")
    return json.loads(found)


@contextlib.contextmanager
def _opened(path: str | Path) -> Iterator[pa.parquet.ParquetFile]:
    """Unlike pyarrow.parquet.read_table, this does not import pandas."""
    try:
        with pa.parquet.ParquetFile(path, page_checksum_verification=True) as stored:
            yield stored
    except (OSError, pa.ArrowException, ValueError) as error:
        raise DamagedError(path, error) from error


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _nullable(schema: pa.Schema) -> pa.Schema:
    """The plain schema without its promises on nulls, which the final cast checks."""
    return pa.schema(field.with_nullable(True) for field in _plain(schema))


def _plain(schema: pa.Schema) -> pa.Schema:
    """The schema with dictionary columns as the values they stand for: these sort and convert simply."""
    return pa.schema(
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in schema
    )
