"""Reading tables, and writing them so that the same rows give the same bytes.

Each file holds the SHA-256 of its own bytes, taken with zeros in its place, under `sha256` in its metadata:
the checksums of Parquet cover its pages only, and not the footer that says where and what they are.
"""

import contextlib
import hashlib
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

from actbench.errors import DamagedError
from actbench.storage import files

if TYPE_CHECKING:
    import pandas as pd

NAME = pa.dictionary(pa.int32(), pa.string())
CELL_KEYS = [
    pa.field("activation", NAME, nullable=False),
    pa.field("depth", pa.int16(), nullable=False),
    pa.field("setting", NAME, nullable=False),
]
KEYS = [
    *CELL_KEYS,
    pa.field("seed", pa.int32(), nullable=False),
    pa.field("fold", pa.int16(), nullable=False),
]
CELL = [field.name for field in CELL_KEYS]
RUN = [field.name for field in KEYS]
PIECE = 100_000  # rows that are sorted at a time
RECORD, SEAL = b"actbench", b"sha256"
UNSEALED = b"sha256:" + b"0" * 64
SEALED = re.compile(rb"sha256:([0-9a-f]{64})")


def fields(columns: Mapping[str, str]) -> list[pa.Field]:
    """Arrow fields of columns given by name and Arrow's name of the type, `{"n_dead": "int32"}`.

    Numbers with a decimal point may be null, since what is not finite is stored so; others only where
    their type ends in `?`.
    """
    return [
        pa.field(
            name, pa.type_for_alias(kind.removesuffix("?")), kind.startswith("float") or kind.endswith("?")
        )
        for name, kind in columns.items()
    ]


def table(rows: Iterable[Mapping], schema: pa.Schema, sort_by: list[str]) -> pa.Table:
    """Turn rows into an Arrow table of exactly `schema`, sorted by `sort_by`, null last.

    A number that is not finite becomes null. Rows are sorted here and travel as JSON lines, since other ways
    from Python objects into a sorted Arrow table import pandas or pyarrow.compute, which costs each of a
    study's many short jobs half or a tenth of a second.

    Raises:
        ValueError: a row has a column that the schema lacks, lacks one that the schema has, or has null
            where the schema allows none.
    """
    rows = list(rows)
    for row in rows:
        _check_names(row, schema)
    if not rows:
        return schema.empty_table()
    rows.sort(key=lambda row: [(row[name] is None, row[name]) for name in sort_by])
    return _checked(_columns(rows, schema), schema)


def of_frame(frame: "pd.DataFrame", schema: pa.Schema, sort_by: list[str]) -> pa.Table:
    """The same of a data frame's rows, for jobs that have imported pandas anyway.

    Raises:
        ValueError: see `table`.
    """
    _check_names(frame, schema)
    columns, plain = [], _plain(schema)
    for field in plain:
        values = frame[field.name]
        if pa.types.is_floating(field.type):
            values = values.astype(float)
            values = values.where(values.abs() < math.inf)
        elif pa.types.is_string(field.type):  # categories, too
            values = values.astype(object)
        columns.append(pa.array(values, field.type, from_pandas=True))
    return ordered(_checked(columns, plain).cast(schema), sort_by)


def _check_names(columns: Iterable[str], schema: pa.Schema) -> None:
    different = set(columns) ^ set(schema.names)
    if different:
        raise ValueError(f"columns {sorted(different)} differ from the schema")


def _checked(columns: Sequence[pa.Array], schema: pa.Schema) -> pa.Table:
    for field, column in zip(schema, columns, strict=True):
        if column.null_count and not field.nullable:
            raise ValueError(f"the column {field.name} has null, which the schema does not allow")
    return pa.Table.from_arrays(columns, schema=schema)


def _columns(rows: list[Mapping], schema: pa.Schema) -> list[pa.Array]:
    """A column a field, of its type; entries of dictionaries in the order of their first use."""
    kinds = {field.name: field.type for field in schema}
    entries = {name: {} for name, kind in kinds.items() if pa.types.is_dictionary(kind)}
    numbered = [dict(row) for row in rows]
    for row in numbered:
        for name, value in row.items():
            if name not in entries:
                row[name] = _finite(value)
            elif value is not None:
                row[name] = entries[name].setdefault(value, len(entries[name]))
    plain = {name: kind.index_type if name in entries else kind for name, kind in kinds.items()}
    columns = _read_json(numbered, plain)
    for name, found in entries.items():
        values = _read_json([{name: entry} for entry in found], {name: kinds[name].value_type})[name]
        columns[name] = pa.DictionaryArray.from_arrays(columns[name], values)
    return [columns[name] for name in kinds]


def _read_json(rows: list[Mapping], kinds: Mapping[str, pa.DataType]) -> dict[str, pa.Array]:
    if not rows:
        return {name: pa.nulls(0, kind) for name, kind in kinds.items()}
    lines = "\n".join(map(json.dumps, rows))
    options = pa.json.ParseOptions(
        explicit_schema=pa.schema(kinds.items()), unexpected_field_behavior="error"
    )
    blocks = pa.json.ReadOptions(block_size=len(lines) + 1)
    found = pa.json.read_json(io.BytesIO(lines.encode()), blocks, options)
    return {name: found[name].combine_chunks() for name in kinds}


def ordered(unsorted: pa.Table, sort_by: list[str]) -> pa.Table:
    """Sort by columns, text alphabetically; dictionaries come out in the order of their first use."""
    schema, plain = unsorted.schema, _plain(unsorted.schema)
    keys = {name: unsorted[name].cast(plain.field(name).type) for name in sort_by}
    keys = pa.table(keys | {"": pa.array(range(len(unsorted)), pa.int64())})
    rows = keys.sort_by([(name, "ascending") for name in sort_by])[""].combine_chunks()
    del keys
    # Column by column and piece by piece: as text a copy of the whole table takes gigabytes for thousands of
    # networks, and lists that are taken at once take twice the room of what comes out.
    pieces = [rows.slice(start, PIECE) for start in range(0, max(1, len(rows)), PIECE)]
    columns = []
    for field in plain:
        column = unsorted[field.name].cast(field.type).combine_chunks()
        taken = pa.chunked_array([column.take(piece) for piece in pieces])
        columns.append(taken.cast(schema.field(field.name).type))
    return pa.table(columns, schema).unify_dictionaries()


def concat(tables: Iterable[pa.Table], sort_by: list[str]) -> pa.Table:
    """Stack tables of one schema and sort the rows."""
    return ordered(pa.concat_tables(tables).unify_dictionaries(), sort_by)


def write(content: pa.Table, path: str | Path, record: Mapping | None = None) -> None:
    """Write a table to Parquet, whole or not at all, after reading the file back once.

    Args:
        content: the table.
        path: the file.
        record: what the numbers were made from, a JSON object for the file's metadata; see `record`.
    """
    described = {} if record is None else {RECORD: json.dumps(record, sort_keys=True)}
    content = content.replace_schema_metadata(described | {SEAL: UNSEALED})
    with files.atomic(path) as temporary:
        pa.parquet.write_table(content, temporary, compression="zstd", write_page_checksum=True)
        _seal(temporary)
        if read(temporary).num_rows != content.num_rows:
            raise OSError(f"{path}: the written table could not be read back whole")


def write_csv(content: pa.Table, path: str | Path, hidden: Iterable[str] = ()) -> None:
    """`to_csv` without the columns `hidden`, to a path; whole or not at all."""
    with files.atomic(path) as temporary:
        to_csv(content.select([name for name in content.column_names if name not in hidden]), temporary)


def to_csv(content: pa.Table, file: str | Path | BinaryIO) -> None:
    """Write a table as CSV with a header, to a path or an open file; null is an empty field."""
    pa.csv.write_csv(content.cast(_plain(content.schema)), file)


def read(path: str | Path) -> pa.Table:
    """Read a Parquet file of ours, without its record; `.to_pandas()` gives a data frame.

    Raises:
        DamagedError: it is cut, empty, changed in any bit, or none of ours.
    """
    return read_with_record(path)[0]


def record(path: str | Path) -> dict:
    """The record that a table was written with.

    Raises:
        DamagedError: the file cannot be read, or has none.
    """
    with _opened(path) as stored:  # the pages are checked, and not decoded
        found = _record_of(stored)
    if found is None:
        raise DamagedError(path, "it does not say what it was made from")
    return found


def read_with_record(path: str | Path) -> tuple[pa.Table, dict | None]:
    """Both at once; the record is None if the file was written without one."""
    with _opened(path) as stored:
        return stored.read().replace_schema_metadata(None), _record_of(stored)


def check(content: bytes, path: str | Path) -> None:
    """Compare the bytes of a file with the checksum that they hold.

    Raises:
        DamagedError: they differ, or there is none.
    """
    place = _place_of_seal(content)
    if place is None:
        raise DamagedError(path, "it is no table of actbench, or not all of one")
    start, end = place
    if _digest(content, start) != content[start:end]:
        raise DamagedError(path, "its content is not what its checksum was taken of")


@contextlib.contextmanager
def _opened(path: str | Path) -> Iterator[pa.parquet.ParquetFile]:
    """A file whose bytes are checked. Unlike pyarrow.parquet.read_table, this does not import pandas."""
    content = files.read_bytes(path)
    check(content, path)
    try:
        with pa.parquet.ParquetFile(pa.BufferReader(content)) as stored:
            yield stored
    except (OSError, pa.ArrowException, ValueError) as error:
        raise DamagedError(path, error) from error


def _record_of(stored: pa.parquet.ParquetFile) -> dict | None:
    described = stored.metadata.metadata or {}
    return json.loads(described[RECORD]) if RECORD in described else None


def _seal(path: Path) -> None:
    content = path.read_bytes()
    start, _ = _place_of_seal(content)
    with open(path, "r+b") as stream:
        stream.seek(start)
        stream.write(_digest(content, start))


def _place_of_seal(content: bytes) -> tuple[int, int] | None:
    """Where the digest stands: the last of its form, in the footer."""
    tail = max(0, content.rfind(UNSEALED[:7]))
    found = SEALED.match(content, tail)
    return found.span(1) if found else None


def _digest(content: bytes, start: int) -> bytes:
    """The SHA-256, in hexadecimal, of a file's bytes with zeros at the place of the digest."""
    found = hashlib.sha256(content[:start])
    found.update(UNSEALED[7:])
    found.update(memoryview(content)[start + 64 :])
    return found.hexdigest().encode()


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(schema: pa.Schema) -> pa.Schema:
    """The schema with dictionary columns as the values they stand for: these sort and convert simply."""
    return pa.schema(
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in schema
    )
