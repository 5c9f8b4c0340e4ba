"""Raw images: where they come from, and proof that they are the right ones.

scikit-learn and torchvision are imported by the data set that needs them.
"""

import contextlib
import fcntl
import gzip
import hashlib
import os
import re
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from actbench.data import own, prepared
from actbench.data.catalogue import DATASETS, Dataset, identity
from actbench.errors import UserError, reason
from actbench.storage import files

ATTEMPTS = 3
VARIABLE = re.compile(r"\$\w|\$\{")  # of a shell's, in a path
LARGEST = 64 * 2**20  # bytes of a decompressed file; the largest real one has 47,040,016


def acquire(name: str, data_dir: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Get the images [N, H, W] and labels [N] of a data set, both uint8, checked against known checksums.

    Official training images come first, test images last. Fashion-MNIST and MNIST are looked for in
    `data_dir` (torchvision's layout, `<data_dir>/FashionMNIST/raw/`, decompressed or as .gz), then in the
    folder of Debian's package dataset-fashion-mnist, then downloaded into `data_dir`.

    Raises:
        UserError: a file differs from its checksum, or no copy can be had.
    """
    dataset = DATASETS[name]
    if dataset.folder is None:
        return _digits(dataset)
    with _raw_folder(dataset, _expanded(data_dir)) as root:
        check_files(dataset, root / dataset.folder / "raw")
        return _through_torchvision(dataset, root)


def prepare(
    name: str,
    data_dir: str | Path,
    path: str | Path,
    code: Mapping[str, str] | None = None,
    facts: Mapping | None = None,
) -> None:
    """Write one data set, see `prepared`.

    Args:
        name, data_dir, facts: see `dataset`.
        path: the file to write.
        code: digests of the files that this code is made of.
    """
    made_by = files.digest_of({**(code or {}), **identity(facts)})
    prepared.write(dataset(name, data_dir, made_by, facts), path)


def dataset(
    name: str, data_dir: str | Path, code: str = "", facts: Mapping | None = None
) -> prepared.Prepared:
    """One data set with its official test images marked.

    Args:
        name: of a built-in one, see `acquire`, or of own data.
        data_dir: see `acquire`.
        code: see `Prepared`.
        facts: of own data, see `own.facts`.
    """
    if facts is not None:
        return own.dataset(name, facts, code)
    known = DATASETS[name]
    images, labels = acquire(name, data_dir)
    is_test = np.zeros(len(labels), dtype=np.uint8)
    is_test[len(labels) - known.n_test :] = 1
    return prepared.Prepared(name, images, labels, is_test, known.max_value, known.classes, code)


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


def _expanded(data_dir: str | Path) -> Path:
    """A folder whose ~ is the home folder, as in a shell; a variable's name is left to shells."""
    try:
        folder = Path(data_dir).expanduser()
    except RuntimeError as error:
        raise UserError(f"data_dir is {str(data_dir)!r}; allowed: a folder; {error}") from error
    if VARIABLE.search(str(data_dir)) and not folder.exists():
        raise UserError(
            f"data_dir is {str(data_dir)!r}; allowed: a folder; variables are not filled in, but a ~ at the "
            "beginning is the home folder."
        )
    return folder


@contextlib.contextmanager
def _raw_folder(dataset: Dataset, data_dir: Path) -> Iterator[Path]:
    """Give a root in torchvision's layout that holds the four files, wherever they come from."""
    raw = data_dir / dataset.folder / "raw"
    packed = [folder for folder in (raw, dataset.debian) if folder and _holds(dataset, folder, ".gz")]
    if not _holds(dataset, raw) and packed:
        with contextlib.ExitStack() as stack:
            try:
                root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                _decompress(dataset, packed[0], root / dataset.folder / "raw")
            except OSError as error:
                place = tempfile.tempdir or os.environ.get("TMPDIR", "/tmp")  # noqa: S108
                raise UserError(
                    f"{place}, the folder for temporary files, cannot be written to: {reason(error)}; "
                    "set TMPDIR to another folder."
                ) from error
            yield root
    else:
        if not _holds(dataset, raw):
            _download(dataset, data_dir)
        yield data_dir


def _holds(dataset: Dataset, folder: Path, suffix: str = "") -> bool:
    return all((folder / f"{file}{suffix}").is_file() for file in dataset.checksums)


def _decompress(dataset: Dataset, packed: Path, raw: Path) -> None:
    raw.mkdir(parents=True)
    for file, expected in dataset.checksums.items():
        archive = packed / f"{file}.gz"
        try:
            with gzip.open(archive) as stream:
                content = stream.read(LARGEST + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise UserError(f"{archive} cannot be decompressed: {error}.") from error
        if len(content) > LARGEST:
            raise UserError(f"{archive} unpacks to more than {LARGEST} bytes; the right file has fewer.")
        _check(str(archive), hashlib.md5(content, usedforsecurity=False).hexdigest(), expected)
        (raw / file).write_bytes(content)


def _through_torchvision(dataset: Dataset, root: Path) -> tuple[np.ndarray, np.ndarray]:
    import torchvision.datasets

    make = getattr(torchvision.datasets, dataset.folder)
    parts = [make(root, train=train, download=False) for train in (True, False)]
    images = np.concatenate([part.data.numpy() for part in parts])
    labels = np.concatenate([part.targets.numpy() for part in parts])
    return images, labels.astype(np.uint8)


def _download(dataset: Dataset, data_dir: Path) -> None:
    """Let torchvision download and unpack; it tries its mirrors in turn, and we try it again.

    One process at a time downloads into `data_dir`, and the others then find the files there. They get their
    place when all are there and checked, so that a download cut short leaves nothing that looks like one.
    """
    raw = data_dir / dataset.folder / "raw"
    made = [folder for folder in (raw, *raw.parents) if not folder.exists()]
    try:
        raw.mkdir(parents=True, exist_ok=True)
        with files.open_lock(raw / ".lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _holds(dataset, raw):
                _download_into(dataset, raw)
        made = []
    except OSError as error:
        raise UserError(f"{raw} cannot be written to: {reason(error)}.") from error
    finally:
        with contextlib.suppress(OSError):  # what was made for nothing, unless another job is there
            for folder in made:
                (folder / ".lock").unlink(missing_ok=True)
                folder.rmdir()


def _download_into(dataset: Dataset, raw: Path) -> None:
    for leftover in raw.glob(".download-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=raw) as root:
        _fetch(dataset, root, raw)
        downloaded = Path(root) / dataset.folder / "raw"
        check_files(dataset, downloaded)
        for file in dataset.checksums:
            (downloaded / file).replace(raw / file)


def _fetch(dataset: Dataset, root: str, raw: Path) -> None:
    import torchvision.datasets

    make = getattr(torchvision.datasets, dataset.folder)
    for attempt in range(ATTEMPTS):
        try:
            make(root, download=True)
            return
        except (RuntimeError, OSError, EOFError) as error:
            reason = error
            time.sleep(2**attempt if attempt + 1 < ATTEMPTS else 0)
    raise UserError(_no_copy(dataset, raw, reason)) from reason


def _no_copy(dataset: Dataset, raw: Path, reason: Exception) -> str:
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
