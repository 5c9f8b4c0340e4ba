"""Raw images: where they come from, and proof that they are the right ones.

scikit-learn, torchvision and mnist1d are imported by the data set that needs them.
"""

import contextlib
import fcntl
import functools
import hashlib
import itertools
import os
import random
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from actbench.data import archives, own, prepared
from actbench.data.catalogue import DATASETS, Dataset, identity
from actbench.errors import UnreadableError, UserError, one_line, reason
from actbench.storage import files

ATTEMPTS = 3
VARIABLE = re.compile(r"\$\w|\$\{")  # of a shell's, in a path
RIGHT_FILE = "Delete it or put the right file there."
RIGHT_VERSION = "Install the versions of requirements.txt."


def acquire(name: str, data_dir: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Get the images [N, …] and labels [N] uint8 of a data set, checked against known checksums.

    Images are uint8 [N, H, W], with colours [N, H, W, 3]; those of mnist1d are series, float32 [N, 40].
    Official training images come first, test images last. digits and mnist1d are made by packages. The files
    of the others are looked for in `data_dir` (torchvision's layout, such as `<data_dir>/FashionMNIST/raw/`,
    decompressed or packed), those of Fashion-MNIST then in the folder of Debian's package
    dataset-fashion-mnist; else they are downloaded into `data_dir`.

    Raises:
        UserError: a file differs from its checksum, or no copy can be had.
    """
    dataset = DATASETS[name]
    if dataset.folder is None:
        return {"digits": _digits, "mnist1d": _mnist1d}[name](dataset)
    with _raw_folder(dataset, _expanded(data_dir)) as root:
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
    """Compare the files of a data set with their known checksums.

    Raises:
        UserError: a file differs; the sentence names it and both checksums.
    """
    for file, expected in dataset.checksums.items():
        _check_file(raw / file, expected)


def _check_file(path: Path, expected: str) -> None:
    try:
        with open(path, "rb") as stream:
            found = hashlib.file_digest(stream, "md5").hexdigest()
    except OSError as error:
        raise UnreadableError(path, error) from error
    _check(str(path), found, expected, RIGHT_FILE)


def _check(what: str, found: str, expected: str, advice: str) -> None:
    if found != expected:
        raise UserError(
            f"{what} is not the file it should be: its MD5 checksum is {found}, expected {expected}. {advice}"
        )


def _check_arrays(what: str, dataset: Dataset, **arrays: np.ndarray) -> None:
    for key, values in arrays.items():
        found = hashlib.md5(values.tobytes(), usedforsecurity=False).hexdigest()
        _check(f"{what} ({key})", found, dataset.checksums[key], RIGHT_VERSION)


def _digits(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    loaded = load_digits()
    images, labels = loaded.images.astype(np.uint8), loaded.target.astype(np.uint8)
    _check_arrays("scikit-learn's digits", dataset, images=images, labels=labels)
    return images, labels


def _mnist1d(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The set of the package's own defaults, which it draws from global generators; these stay as they were.

    As float32 it equals the published mnist1d_data.pkl; as float64 a third of the values differ in their last
    bits.
    """
    try:
        from mnist1d.data import get_dataset_args, make_dataset
    except Exception as error:  # it imports matplotlib, which reads a user's settings
        raise UserError(f"The package mnist1d cannot be imported: {one_line(error)}.") from error
    states = random.getstate(), np.random.get_state()
    try:
        made = make_dataset(get_dataset_args())
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
    values = np.concatenate([made["x"], made["x_test"]]).astype(np.float32)
    labels = np.concatenate([made["y"], made["y_test"]]).astype(np.uint8)
    _check_arrays("MNIST-1D of the package mnist1d", dataset, values=values, labels=labels)
    return values, labels


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
    """Give a root in torchvision's layout that holds the right files unpacked, wherever they come from."""
    raw = data_dir / dataset.place
    if not _holds(dataset, raw) and not _packed(dataset, data_dir):
        _download(dataset, data_dir)
    if _holds(dataset, raw) and not dataset.unpacked:
        check_files(dataset, raw)
        yield data_dir
        return
    with contextlib.ExitStack() as stack:
        try:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            _unpack(dataset, _packed(dataset, data_dir), root / dataset.place)
        except OSError as error:
            place = tempfile.tempdir or os.environ.get("TMPDIR", "/tmp")  # noqa: S108
            raise UserError(
                f"{place}, the folder for temporary files, cannot be written to: {reason(error)}; "
                "set TMPDIR to another folder."
            ) from error
        yield root


def _holds(dataset: Dataset, folder: Path, suffix: str = "") -> bool:
    return all((folder / f"{file}{suffix}").is_file() for file in dataset.checksums)


def _packed(dataset: Dataset, data_dir: Path) -> list[Path]:
    """The archives that hold a whole data set, none if they are not there."""
    raw = data_dir / dataset.place
    if dataset.unpacked:
        return [raw / file for file in dataset.checksums] if _holds(dataset, raw) else []
    if dataset.archive:
        path = data_dir / dataset.archive[0]
        return [path] if path.is_file() else []
    places = (folder for folder in (raw, dataset.debian) if folder and _holds(dataset, folder, ".gz"))
    return [folder / f"{file}.gz" for folder in itertools.islice(places, 1) for file in dataset.checksums]


def _unpack(dataset: Dataset, packed: list[Path], raw: Path) -> None:
    """Unpack what torchvision reads; of an archive or its content, at least one has a known checksum."""
    raw.mkdir(parents=True)
    sums = dataset.checksums | dict([dataset.archive] if dataset.archive else [])
    for archive in packed:
        if archive.name in sums:
            _check_file(archive, sums[archive.name])
        for file, content in archives.contents(archive, dataset.unpacked or dataset.checksums):
            if file in sums:
                found = hashlib.md5(content, usedforsecurity=False).hexdigest()
                _check(str(archive), found, sums[file], RIGHT_FILE)
            (raw / file).write_bytes(content)


def _through_torchvision(dataset: Dataset, root: Path) -> tuple[np.ndarray, np.ndarray]:
    import torchvision.datasets

    make = functools.partial(getattr(torchvision.datasets, dataset.folder), root, **dataset.arguments)
    parts = [make(train=train, download=False) for train in (True, False)]
    images = np.concatenate([np.asarray(part.data) for part in parts])
    labels = np.concatenate([np.asarray(part.targets) for part in parts])
    if dataset.transposed:
        images = np.ascontiguousarray(images.swapaxes(1, 2))
    return images, labels.astype(np.uint8)


def _download(dataset: Dataset, data_dir: Path) -> None:
    """Let torchvision download and unpack; it tries its mirrors in turn, and we try it again.

    One process at a time downloads into `data_dir`, and the others then find the files there. They get their
    place when all are there and checked, so that a download cut short leaves nothing that looks like one.
    """
    raw = data_dir / dataset.place
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
        downloaded = Path(root) / dataset.place
        check_files(dataset, downloaded)
        for file in dataset.checksums:
            (downloaded / file).replace(raw / file)


def _fetch(dataset: Dataset, root: str, raw: Path) -> None:
    for attempt in range(ATTEMPTS):
        try:
            _from_torchvision(dataset, root)
            return
        except (RuntimeError, OSError, EOFError) as error:
            reason = error
            time.sleep(2**attempt if attempt + 1 < ATTEMPTS else 0)
    raise UserError(_no_copy(dataset, raw, reason)) from reason


def _from_torchvision(dataset: Dataset, root: str) -> None:
    """Download with torchvision: archives alone where nothing else has a checksum, else as it does itself."""
    import torchvision.datasets

    make = getattr(torchvision.datasets, dataset.folder)
    if not dataset.unpacked:
        make(root, download=True)
        return
    for file, expected in dataset.checksums.items():
        address = make.url if hasattr(make, "url") else make.mirrors[0] + file
        torchvision.datasets.utils.download_url(address, Path(root) / dataset.place, file, expected)


def _no_copy(dataset: Dataset, raw: Path, reason: Exception) -> str:
    names = ", ".join(dataset.checksums)
    if dataset.unpacked:
        ways = (
            f"put torchvision's {names} into that folder (or name another with data_dir); unpacked files are "
            "not taken, since only archives have known checksums"
        )
    else:
        n_files = {4: "four", 7: "seven"}[len(dataset.checksums)]
        ways = f"put the {n_files} decompressed files into that folder (or name another with data_dir), "
        if dataset.archive:
            ways += f"put {dataset.archive[0]} beside that folder"
        elif dataset.debian:
            ways += "install Debian's package dataset-fashion-mnist"
        else:
            ways += f"put torchvision's four .gz archives into {raw}"
    return (
        f"{dataset.title} is not in {raw} and could not be downloaded "
        f"({str(reason).strip().splitlines()[-1].rstrip('.')}): {ways}, or connect to the network and run "
        "again; dataset: digits and dataset: mnist1d need no files at all."
    )
