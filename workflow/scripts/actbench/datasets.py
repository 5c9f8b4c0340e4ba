"""Raw images: where they come from, and proof that they are the right ones.

scikit-learn and torchvision are imported by the data set that needs them.
"""

import gzip
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from actbench import files
from actbench.catalogue import DATASETS, Dataset
from actbench.errors import UserError

ATTEMPTS = 3


def acquire(name: str, data_dir: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Get the images [N, H, W] and labels [N] of a data set, both uint8, checked against known checksums.

    Official training images come first, test images last. Fashion-MNIST and MNIST are looked for in
    `data_dir` (torchvision's layout, `<data_dir>/FashionMNIST/raw/`), then in the folder of Debian's
    package dataset-fashion-mnist, then downloaded into `data_dir`.

    Raises:
        UserError: a file differs from its checksum, or no copy can be had.
    """
    dataset = DATASETS[name]
    if dataset.folder is None:
        return _digits(dataset)
    with _raw_folder(dataset, Path(data_dir)) as root:
        check_files(dataset, root / dataset.folder / "raw")
        return _through_torchvision(dataset, root)


def prepare(name: str, data_dir: str | Path, path: str | Path) -> None:
    """Write one data set as safetensors: `images`, `labels`, `is_test` and a description in the metadata."""
    import safetensors.numpy

    dataset = DATASETS[name]
    images, labels = acquire(name, data_dir)
    is_test = np.zeros(len(labels), dtype=np.uint8)
    is_test[len(labels) - dataset.n_test :] = 1
    described = {"dataset": name, "max_value": dataset.max_value, "classes": dataset.classes}
    with files.atomic(path) as temporary:
        # One metadata key: safetensors does not keep the order of several.
        safetensors.numpy.save_file(
            {"images": images, "labels": labels, "is_test": is_test},
            temporary,
            metadata={"actbench": json.dumps(described, sort_keys=True)},
        )


def check_files(dataset: Dataset, raw: Path) -> None:
    """Compare decompressed IDX files with their known checksums.

    Raises:
        UserError: a file differs; the sentence names it and both checksums.
    """
    for file, expected in dataset.checksums.items():
        with open(raw / file, "rb") as stream:
            _check(str(raw / file), hashlib.file_digest(stream, "md5").hexdigest(), expected)


def _check(what: str, found: str, expected: str) -> None:
    if found != expected:
        raise UserError(
            f"{what} is not the file it should be: its MD5 checksum is {found}, expected {expected}. "
            "Delete it or put the right file there."
        )


def _digits(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    loaded = load_digits()
    images, labels = loaded.images.astype(np.uint8), loaded.target.astype(np.uint8)
    for key, values in {"images": images, "labels": labels}.items():
        found = hashlib.md5(values.tobytes(), usedforsecurity=False).hexdigest()
        _check(f"scikit-learn's digits ({key})", found, dataset.checksums[key])
    return images, labels


@contextmanager
def _raw_folder(dataset: Dataset, data_dir: Path) -> Iterator[Path]:
    """Give a root in torchvision's layout that holds the four files, wherever they come from."""
    raw = data_dir / dataset.folder / "raw"
    if all((raw / file).is_file() for file in dataset.checksums):
        yield data_dir
    elif dataset.debian and all((dataset.debian / f"{f}.gz").is_file() for f in dataset.checksums):
        with tempfile.TemporaryDirectory() as root:
            _decompress(dataset, Path(root) / dataset.folder / "raw")
            yield Path(root)
    else:
        _download(dataset, data_dir)
        yield data_dir


def _decompress(dataset: Dataset, raw: Path) -> None:
    raw.mkdir(parents=True)
    for file in dataset.checksums:
        packed = dataset.debian / f"{file}.gz"
        try:
            with gzip.open(packed) as source, open(raw / file, "wb") as target:
                shutil.copyfileobj(source, target)
        except (OSError, EOFError) as error:
            raise UserError(f"{packed} cannot be decompressed: {error}.") from error


def _through_torchvision(dataset: Dataset, root: Path) -> tuple[np.ndarray, np.ndarray]:
    import torchvision.datasets

    make = getattr(torchvision.datasets, dataset.folder)
    parts = [make(root, train=train, download=False) for train in (True, False)]
    images = np.concatenate([part.data.numpy() for part in parts])
    labels = np.concatenate([part.targets.numpy() for part in parts])
    return images, labels.astype(np.uint8)


def _download(dataset: Dataset, data_dir: Path) -> None:
    """Let torchvision download and unpack; it tries its mirrors in turn, and we try it again."""
    import torchvision.datasets

    make = getattr(torchvision.datasets, dataset.folder)
    for attempt in range(ATTEMPTS):
        try:
            make(data_dir, download=True)
            return
        except (RuntimeError, OSError, EOFError) as error:
            reason = error
            time.sleep(2**attempt if attempt + 1 < ATTEMPTS else 0)
    raise UserError(_no_copy(dataset, data_dir, reason)) from reason


def _no_copy(dataset: Dataset, data_dir: Path, reason: Exception) -> str:
    raw = data_dir / dataset.folder / "raw"
    packaged = (
        "install Debian's package dataset-fashion-mnist"
        if dataset.debian
        else f"put torchvision's four .gz archives into {raw}"
    )
    return (
        f"{dataset.title} is not in {raw} and could not be downloaded "
        f"({str(reason).strip().splitlines()[-1].rstrip('.')}): put the four decompressed files into "
        f"that folder (or name another with data_dir), {packaged}, or connect to the network and run "
        "again; dataset: digits needs no files at all."
    )
