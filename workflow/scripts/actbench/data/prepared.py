"""The prepared data set: one file of images and labels that knows whether it is whole."""

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy

from actbench.errors import DamagedError, UserError
from actbench.storage import files, tensors


@dataclass(frozen=True)
class Prepared:
    """A data set: images [N, …] of any real type, labels [N] and official test marks [N] of any whole one.

    An image is an example of any shape; labels are the numbers of `classes`. Numbers lie between 0 and
    `max_value`, anywhere where it is None. `code` is a digest of the code that prepared it, see
    `files.digest_of`.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    is_test: np.ndarray
    max_value: int | None
    classes: tuple[str, ...]
    code: str = ""

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of all of it but the code."""
        found = hashlib.sha256(json.dumps([self.name, self.max_value, *self.classes]).encode())
        for values in (self.images, self.labels, self.is_test):
            found.update(f"{values.dtype} {values.shape}".encode())
            found.update(np.ascontiguousarray(values))
        return found.hexdigest()


def write(dataset: Prepared, path: str | Path) -> None:
    """Write safetensors: `images`, `labels`, `is_test`, and in the metadata the rest and the digest."""
    described = {
        "classes": dataset.classes,
        "code": dataset.code,
        "dataset": dataset.name,
        "max_value": dataset.max_value,
        "sha256": dataset.digest,
    }
    arrays = {"images": dataset.images, "labels": dataset.labels, "is_test": dataset.is_test}
    arrays = {name: np.ascontiguousarray(values) for name, values in arrays.items()}  # safetensors needs it
    # One metadata key: safetensors does not keep the order of several.
    metadata = {"actbench": json.dumps(described, sort_keys=True)}
    files.write_bytes(safetensors.numpy.save(arrays, metadata), path)


def read(path: str | Path, code: str | None = None) -> Prepared:
    """Read what `write` wrote; the file is named after its data set.

    Args:
        path: the file.
        code: a digest of the code that must have prepared it; None for any.

    Raises:
        DamagedError: the file is not what was written, or is that of another data set.
        UnreadableError: it cannot be read.
        UserError: other code prepared it.
    """
    try:
        with tensors.opened(path, "numpy") as stored:
            described = json.loads(stored.metadata()["actbench"])
            arrays = (stored.get_tensor(name) for name in ("images", "labels", "is_test"))
            found = Prepared(
                described["dataset"],
                *arrays,
                described["max_value"],
                tuple(described["classes"]),
                described["code"],
            )
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedError(path, error) from error
    if found.digest != described.get("sha256"):
        raise DamagedError(path, "its images or labels are not those that were checked")
    if found.name != Path(path).stem:
        raise DamagedError(path, f"it holds {found.name}")
    if code is not None and found.code != code:
        raise UserError(
            f"{path} was prepared by another version of the code, or of other data: delete it and run again."
        )
    return found
