"""What a user's file of data holds: arrays of a .npz, or columns of a table, .csv or .parquet.

No pickle is read. Examples are read last, since planning needs only their shape. pyarrow is imported for
tables only.
"""

import contextlib
import difflib
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from actbench.errors import UserError, one_line

ALLOWED = {  # by the name of an array
    "x": "real numbers",
    "y": "whole numbers or text",
    "test": "true or false",
    "x_test": "real numbers",
    "y_test": "whole numbers or text",
    "class_names": "text",
}
ARRAYS = tuple(ALLOWED)
REAL = "biuf"  # kinds of numpy's types that are real numbers
BLOCK = 32 * 2**20  # bytes of a .csv that are read at once
COLUMNS = 64  # of a .parquet that are read at once


@dataclass(frozen=True)
class Content:
    """What a file holds.

    Attributes:
        labels: [N], as they are written.
        is_test: [N], whether an example tests; all False where the file does not say.
        shape: of an example.
        class_names: as they are written, None where they are not.
        examples: reads x [N, …], of float64, float32 or bytes.
    """

    labels: np.ndarray
    is_test: np.ndarray
    shape: tuple[int, ...]
    class_names: np.ndarray | None
    examples: Callable[[], np.ndarray]


def opened(path: Path, label: str | None) -> Content:
    """What a file holds, by its suffix.

    Args:
        path: a .npz, .csv or .parquet.
        label: the column of labels, of a table.

    Raises:
        UserError: it cannot be read, or does not hold what it should.
    """
    return {".npz": _arrays, ".csv": _csv, ".parquet": _parquet}[path.suffix.lower()](path, label)


def stored_type(dtypes: Sequence[np.dtype]) -> np.dtype:
    """The type in which numbers of these types are kept: bytes as they are, others as float32 or float64.

    >>> str(stored_type([np.dtype("int16")])), str(stored_type([np.dtype("int64")]))
    ('float32', 'float64')
    """
    if set(dtypes) == {np.dtype("uint8")}:
        return np.dtype("uint8")
    found = np.result_type(np.float32, *dtypes)
    return min(found, np.dtype("float64"), key=lambda dtype: dtype.itemsize)


def check_real(name: str, dtype: np.dtype) -> None:
    """Refuse arrays of anything else than real numbers."""
    if dtype.hasobject:
        raise UserError(f"{name} holds Python objects; allowed: {ALLOWED[name]}, since no pickle is read.")
    if dtype.kind not in REAL:
        raise UserError(f"{name} holds {dtype.name}; allowed: real numbers.")


def decoded(what: str, texts: np.ndarray) -> np.ndarray:
    """Bytes as the text that they are in UTF-8; anything else as it is.

    Args:
        what: the subject of the sentence, with its verb.

    Raises:
        UserError: they are none.
    """
    if texts.dtype.kind != "S":
        return texts
    try:
        return np.char.decode(texts, "utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{what} bytes that are not UTF-8 ({error.object!r:.80}); allowed: text.") from error


def _arrays(path: Path, label: str | None) -> Content:
    with _reading(), zipfile.ZipFile(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        _check_names(names)
        heads = {name: _head(archive, name) for name in names}
        found = {name: _array(archive, name) for name in names if name not in ("x", "x_test")}
    parts = ["", "_test"] if "x_test" in names else [""]
    for part in parts:
        check_rows(f"x{part}", heads[f"x{part}"][0], f"y{part}", found[f"y{part}"])
    shape = heads["x"][0][1:]
    if "x_test" in names and heads["x_test"][0][1:] != shape:
        raise UserError(
            f"x_test has examples of the shape {_shown(heads['x_test'][0][1:])}; allowed: that of x, "
            f"{_shown(shape)}."
        )
    if "x_test" in names and _text(found["y"]) != _text(found["y_test"]):
        raise UserError("y_test and y are not alike; allowed: text in both, or numbers in both.")
    labels = np.concatenate([decoded(f"y{part} has", found[f"y{part}"]) for part in parts])
    if "x_test" in names:
        is_test = np.arange(len(labels)) >= len(found["y"])
    else:
        is_test = mask(found.get("test"), len(labels))

    def examples() -> np.ndarray:
        with _reading(), zipfile.ZipFile(path) as archive:
            dtype = stored_type([heads[f"x{part}"][1] for part in parts])
            read = [_array(archive, f"x{part}").astype(dtype, copy=False) for part in parts]
            return np.concatenate(read) if len(read) > 1 else read[0]

    return Content(labels, is_test, shape, found.get("class_names"), examples)


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if name not in ARRAYS:
            raise UserError(
                f"it holds the array {_quoted(name)}{_nearest(name, ARRAYS)}; allowed: {_listed(ARRAYS)}."
            )
    wanted = ["x", "y"] + (["x_test", "y_test"] if {"x_test", "y_test"} & set(names) else [])
    for name in wanted:
        if name not in names:
            raise UserError(
                f"it holds no array {name}, but {_listed(names) or 'none'}; allowed: {_listed(ARRAYS)}."
            )
    if "test" in names and "x_test" in names:
        raise UserError("it holds test and x_test; allowed: one of the two.")


def _head(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of an array, which is not read."""
    with archive.open(f"{name}.npy") as stream:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in read:
            raise UserError(f"{name} holds several values in each place; allowed: one number.")
        shape, _, dtype = read[version](stream)
    if dtype.hasobject or name in ("x", "x_test"):
        check_real(name, dtype)
    return shape, dtype


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


def check_rows(x: str, shape: tuple[int, ...], y: str, labels: np.ndarray) -> None:
    """Refuse labels that are not [N] for examples [N, …], and examples that are nothing."""
    if not shape or 0 in shape:
        raise UserError(
            f"{x} has the shape {_shown(shape)}; allowed: an example a row, of one number or more."
        )
    if labels.shape != shape[:1]:
        raise UserError(
            f"{y} has the shape {_shown(labels.shape)} and {x} {_shown(shape)}; allowed: a label for each "
            "row."
        )


def mask(given: np.ndarray | None, n: int) -> np.ndarray:
    """Whether each of `n` examples tests, as an array of it says; none where there is none."""
    if given is None:
        return np.zeros(n, dtype=bool)
    if given.shape != (n,) or given.dtype.kind not in "biu" or not set(np.unique(given)) <= {0, 1}:
        raise UserError(
            f"test has the shape {_shown(given.shape)} and the type {given.dtype.name}; allowed: true or "
            f"false for each of the {n} rows."
        )
    if given.all() or not given.any():
        raise UserError(
            f"test marks {'all' if given.all() else 'no'} rows; allowed: some, or to leave it out."
        )
    return given.astype(bool)


def _csv(path: Path, label: str) -> Content:
    import pyarrow as pa
    import pyarrow.csv

    with _reading():
        names = pa.csv.open_csv(path).schema.names
    features = _features(names, label)

    def blocks(columns: list[str], kind: pa.DataType) -> Iterator[pa.RecordBatch]:
        options = pa.csv.ConvertOptions(
            column_types=dict.fromkeys(columns, kind), include_columns=columns, strings_can_be_null=True
        )
        return pa.csv.open_csv(path, pa.csv.ReadOptions(block_size=BLOCK), convert_options=options)

    with _reading():
        labels = _labels(_as_numbers([block.column(0) for block in blocks([label], pa.string())]), label)

    def examples() -> np.ndarray:
        found, row = np.empty((len(labels), len(features))), 0
        with _reading("; allowed: numbers in all columns but that of labels"):
            for block in blocks(features, pa.float64()):
                for number, column in enumerate(block.columns):
                    found[row : row + len(column), number] = column.to_numpy(zero_copy_only=False)
                row += len(block)
        return _complete(found, features)

    return Content(labels, np.zeros(len(labels), dtype=bool), (len(features),), None, examples)


def _parquet(path: Path, label: str) -> Content:
    import pyarrow as pa
    import pyarrow.parquet

    with _reading():
        file = pa.parquet.ParquetFile(path)
        schema = file.schema_arrow
    index = [
        name for name in (schema.pandas_metadata or {}).get("index_columns", []) if isinstance(name, str)
    ]
    features = _features([name for name in schema.names if name == label or name not in index], label)
    for name in features:
        kind = schema.field(name).type
        is_number = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
        if not any(is_one(kind) for is_one in is_number):
            raise UserError(f"its column {_quoted(name)} holds {kind}; allowed: numbers.")
    with _reading():
        labels = _labels(file.read([label]).column(0), label)

    def examples() -> np.ndarray:
        whole = [schema.field(name).type for name in features]
        exact = all(
            kind.bit_width <= (16 if pa.types.is_integer(kind) else 32) and not pa.types.is_decimal(kind)
            for kind in whole
        )
        found = np.empty((len(labels), len(features)), dtype=np.float32 if exact else np.float64)
        kind = pa.float32() if exact else pa.float64()
        with _reading():
            for first in range(0, len(features), COLUMNS):
                some = features[first : first + COLUMNS]
                for number, column in enumerate(file.read(some).columns, first):
                    found[:, number] = column.cast(kind, safe=False).to_numpy()
        return _complete(found, features)

    return Content(labels, np.zeros(len(labels), dtype=bool), (len(features),), None, examples)


def _features(names: Sequence[str], label: str) -> list[str]:
    """The columns of a table but that of labels."""
    for name, n in Counter(names).items():
        if n > 1 or not name:
            words = f"has the column {_quoted(name)} {n} times" if name else "has a column without a name"
            raise UserError(
                f"it {words}; allowed: columns with a name of their own (an index is no feature)."
            )
    if label not in names:
        raise UserError(
            f"it has no column {_quoted(label)} of labels{_nearest(label, names)}; it has "
            f"{_listed(map(_quoted, names[:10]))}{' …' if len(names) > 10 else ''}."
        )
    if len(names) == 1:
        raise UserError(f"it has no column but {_quoted(label)}; allowed: one of numbers or more.")
    return [name for name in names if name != label]


def _as_numbers(texts: list) -> object:
    """The column of these parts as whole numbers, else floats, where all of it can be, else as text."""
    import pyarrow as pa

    column = pa.chunked_array(texts, pa.string())
    for kind in (pa.int64(), pa.uint64(), pa.float64()):
        with contextlib.suppress(pa.ArrowInvalid):
            return column.cast(kind)
    return column


def _labels(column: object, name: str) -> np.ndarray:
    """A column of a table as [N], of whole numbers, floats or text."""
    import pyarrow as pa

    if column.null_count:
        row = next(i for i, value in enumerate(column) if not value.is_valid)
        raise UserError(f"its column {_quoted(name)} has no label in row {row}; allowed: one in each.")
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return column.cast(kind).to_numpy()
    if pa.types.is_nested(kind) or pa.types.is_binary(kind):
        raise UserError(f"its column {_quoted(name)} holds {kind}; allowed: whole numbers or text.")
    return np.array(column.cast(kind).cast(pa.string()).to_pylist(), dtype=str)


def _complete(found: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """The table, which has a number in each place."""
    for number, name in enumerate(names):
        missing = np.flatnonzero(np.isnan(found[:, number]))
        if len(missing):
            raise UserError(
                f"its column {_quoted(name)} has no number in row {missing[0]}; allowed: one in each."
            )
    return found


def _text(values: np.ndarray) -> bool:
    return values.dtype.kind in "US"


@contextlib.contextmanager
def _reading(allowed: str = "") -> Iterator[None]:
    """Say in one sentence what zipfile, numpy or pyarrow cannot read: they may raise anything."""
    try:
        yield
    except UserError:
        raise
    except MemoryError as error:
        raise UserError("it needs more memory than there is.") from error
    except Exception as error:
        words = "".join(c if c.isprintable() else "?" for c in one_line(error))
        raise UserError(f"it cannot be read ({words}){allowed}.") from error


def _nearest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f", did you mean {_quoted(close[0])}?" if close else ""


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


def _shown(shape: Sequence[int]) -> str:
    return str(list(shape))


def _listed(names: object) -> str:
    return ", ".join(names)
