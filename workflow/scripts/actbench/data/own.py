"""Own data: what is known of a user's file, and the prepared data set that is made of it."""

import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from actbench.data import catalogue, own_files
from actbench.data.prepared import Prepared
from actbench.errors import UserError, one_line
from actbench.storage import files

LEAST_OF_CLASS = 2
FLOATS = 2**53  # below, float64 tells whole numbers apart
MAGNITUDES = (1e-100, 1e100)  # of the largest number: beyond, squares are no numbers
CHUNK = 4096  # rows that are checked at once


def facts(file: str, label: str | None) -> dict:
    """What is known of a file of data without its examples; the file is read once, unless it has changed.

    Args:
        file: its path, which may begin with ~.
        label: the column of labels, of a table.

    Returns:
        `file` and `label`; `sha256` of its bytes; `shape` of an example; `classes`, `n_images`, `n_test`,
        `smallest_class` and `largest_class` as in `catalogue.Dataset`.

    Raises:
        UserError: names the file, and what is wrong.
    """
    path = Path(file)
    try:
        path = path.expanduser()
        status = path.stat()
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(f"dataset.file is {file!r}; allowed: a file that is there.") from error
    if not path.is_file():
        raise UserError(f"dataset.file is {file!r}; allowed: a file, and no folder.")
    version = (status.st_ino, status.st_size, status.st_mtime_ns)
    return dict(_facts(file, str(path.absolute()), label, version))


@functools.lru_cache
def _facts(file: str, path: str, label: str | None, version: tuple) -> dict:
    digest = files.digest(path)
    try:
        content = own_files.opened(Path(path), label)
        numbers, classes = encoded(content.labels, content.class_names)
        counted = counts(numbers, content.is_test, content.shape, classes)
    except UserError as error:
        raise UserError(f"dataset.file is {file!r}: {error}") from error
    return dict(sorted((counted | {"file": file, "label": label, "sha256": digest}).items()))


def dataset(name: str, known: Mapping, code: str = "") -> Prepared:
    """The prepared data set of a file.

    Args:
        name: of the data set.
        known: its `facts`.
        code: see `Prepared`.

    Raises:
        UserError: the file is no longer what it was, or its examples are not finite numbers.
    """
    path = Path(known["file"]).expanduser()
    if files.digest(path) != known["sha256"]:
        raise UserError(f"dataset.file is {known['file']!r}, which was changed meanwhile: run again.")
    try:
        content = own_files.opened(path, known["label"])
        numbers, classes = encoded(content.labels, content.class_names)
        return _prepared(name, content.examples(), numbers, content.is_test, classes, code)
    except UserError as error:
        raise UserError(f"dataset.file is {known['file']!r}: {error}") from error


def of_arrays(
    name: str,
    x: np.ndarray,
    y: np.ndarray,
    test: np.ndarray | None = None,
    class_names: np.ndarray | None = None,
) -> Prepared:
    """The same of arrays in memory.

    Args:
        name: of the data set, none of a built-in one.
        x: examples [N, …], real numbers.
        y: labels [N], whole numbers or text, which may be Python's.
        test: [N], whether an example tests; None for a stratified sixth of them.
        class_names: one for each label, in their order; None for the labels.

    Raises:
        UserError: the arrays are not these, or the name is that of a built-in data set.

    >>> of_arrays("mine", [[0.5], [1.5], [2.5], [3.5]], ["a", "b", "a", "b"]).classes
    ('a', 'b')
    """
    if name in catalogue.DATASETS:
        raise UserError(f"name is {name!r}, a built-in data set; allowed: a name of your own.")
    x, y = _array("x", x), _array("y", y)
    own_files.check_real("x", x.dtype)
    own_files.check_rows("x", x.shape, "y", y)
    names = None if class_names is None else _array("class_names", class_names)
    is_test = own_files.mask(None if test is None else _array("test", test), len(y))
    numbers, classes = encoded(y, names)
    counts(numbers, is_test, x.shape[1:], classes)
    return _prepared(name, x.astype(own_files.stored_type([x.dtype])), numbers, is_test, classes)


def facts_of(stored: Prepared) -> dict:
    """The facts of a data set that is in no file."""
    counted = counts(stored.labels, stored.is_test.astype(bool), stored.images.shape[1:], stored.classes)
    return dict(sorted((counted | {"file": None, "label": None, "sha256": stored.digest}).items()))


def encoded(labels: np.ndarray, class_names: np.ndarray | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Numbers [N] from 0 for labels [N], and the names of their classes, sorted as the labels are.

    Raises:
        UserError: labels are neither whole numbers nor text, or of one class; names are not one for each.
    """
    labels = own_files.decoded("its labels have", labels)
    if labels.dtype.kind == "f":
        broken = np.flatnonzero(~(np.isfinite(labels) & (labels == np.floor(labels))))
        if len(broken):
            raise UserError(
                f"its labels have {labels[broken[0]]} in row {broken[0]}; allowed: whole numbers or text."
            )
        large = np.flatnonzero(np.abs(labels) >= FLOATS)
        if len(large):
            raise UserError(
                f"its labels have {labels[large[0]]} in row {large[0]}; allowed: text, integers of one type, "
                "or floats below 2**53, which tell whole numbers apart."
            )
    elif labels.dtype.kind not in "biuU":
        raise UserError(f"its labels are {labels.dtype.name}; allowed: whole numbers or text.")
    found, numbers = np.unique(labels, return_inverse=True)
    classes = tuple(map(_name, found))
    if len(classes) < 2:
        only = f"are all {classes[0][:60]!r}" if classes else "are none"
        raise UserError(f"its labels {only}; allowed: two classes or more.")
    if class_names is not None:
        if class_names.dtype.kind not in "US" or class_names.shape != found.shape:
            raise UserError(
                f"class_names has the shape {list(class_names.shape)} and the type {class_names.dtype.name}; "
                f"allowed: text, one for each of the {len(found)} labels in their order."
            )
        classes = tuple(own_files.decoded("class_names has", class_names).tolist())
        _check_names(classes)
    return numbers.reshape(-1).astype(np.int64), classes


def _check_names(classes: tuple[str, ...]) -> None:
    for number, name in enumerate(classes):
        if not name.strip() or name in classes[:number]:
            found = f"{name[:60]!r} twice" if name.strip() else f"no name in place {number}"
            raise UserError(f"class_names has {found}; allowed: a name of its own for each class.")


def _array(name: str, values: object) -> np.ndarray:
    """What an array in memory is given as; Python's texts, as pandas has them, as numpy's."""
    try:
        found = np.asarray(values)
        if found.dtype.hasobject and name != "x" and all(isinstance(value, str) for value in found.flat):
            found = found.astype(str)
    except (ValueError, TypeError) as error:
        raise UserError(f"{name} is no array ({one_line(error)}); allowed: rows of one shape.") from error
    if found.dtype.hasobject:
        raise UserError(f"{name} holds Python objects; allowed: {own_files.ALLOWED[name]}.")
    return found


def counts(
    numbers: np.ndarray, is_test: np.ndarray, shape: tuple[int, ...], classes: tuple[str, ...]
) -> dict:
    """How many examples there are, of what shape and which classes; see `facts`.

    Raises:
        UserError: a class has too few examples that do not test.
    """
    others = np.bincount(numbers[~is_test], minlength=len(classes))
    rarest = int(others.argmin())
    if others[rarest] < LEAST_OF_CLASS:
        raise UserError(
            f"its rows of class {classes[rarest][:60]!r} that do not test are {others[rarest]}; allowed: "
            f"{LEAST_OF_CLASS} or more."
        )
    return {
        "classes": list(classes),
        "largest_class": int(np.bincount(numbers).max()),
        "n_images": len(numbers),
        "n_test": int(is_test.sum()),
        "shape": list(shape),
        "smallest_class": int(others[rarest]),
    }


def _prepared(
    name: str,
    x: np.ndarray,
    numbers: np.ndarray,
    is_test: np.ndarray,
    classes: tuple[str, ...],
    code: str = "",
) -> Prepared:
    check_values(x)
    return Prepared(name, x, numbers, is_test.astype(np.uint8), None, classes, code)


def check_values(x: np.ndarray) -> None:
    """Refuse numbers that are not finite, or of which no variance can be computed."""
    largest = 0.0
    for first in range(0, len(x), CHUNK):
        rows = np.abs(x[first : first + CHUNK].reshape(len(x[first : first + CHUNK]), -1).astype(float))
        broken = np.argwhere(~np.isfinite(rows))
        if len(broken):
            row = first + int(broken[0, 0])
            raise UserError(f"x has {rows[tuple(broken[0])]} in row {row}; allowed: finite numbers.")
        largest = max(largest, rows.max())
    low, high = MAGNITUDES
    if largest and not low < largest < high:
        raise UserError(f"the largest number of x is {largest:g}; allowed: from {low:g} to {high:g}, or 0.")


def _name(label: object) -> str:
    """A label as text: that of a whole number is without a point."""
    return str(label) if isinstance(label, str) else str(int(label))
