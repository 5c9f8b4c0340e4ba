"""Raw images: the right files are taken, wrong ones are named."""

import dataclasses
import errno
import gzip
import hashlib
import multiprocessing
import os
import re
import shutil
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from actbench.data import acquire, archives, catalogue
from actbench.errors import UserError
from made_files import idx


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A Fashion-MNIST of 12 + 6 images in torchvision's layout, with its own checksums."""
    rng = np.random.default_rng(0)
    raw = tmp_path / "data" / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    contents = {}
    for part, n in (("train", 12), ("t10k", 6)):
        contents[f"{part}-images-idx3-ubyte"] = idx(rng.integers(0, 256, (n, 28, 28)))
        contents[f"{part}-labels-idx1-ubyte"] = idx(rng.integers(0, 10, n))
    for name, content in contents.items():
        (raw / name).write_bytes(content)
    dataset = dataclasses.replace(
        catalogue.DATASETS["fashion_mnist"],
        n_images=18,
        n_test=6,
        smallest_class=1,
        largest_class=6,
        checksums={name: hashlib.md5(c, usedforsecurity=False).hexdigest() for name, c in contents.items()},
        debian=tmp_path / "debian",
    )
    monkeypatch.setitem(catalogue.DATASETS, "fashion_mnist", dataset)
    monkeypatch.setattr(acquire, "ATTEMPTS", 1)
    return raw


def test_digits_are_embedded_and_checked():
    images, labels = acquire.acquire("digits", "nowhere")
    assert images.shape == (1797, 8, 8) and images.dtype == np.uint8 and images.max() == 16
    assert np.bincount(labels).min() > 170


def test_other_digits_are_refused(monkeypatch):
    import sklearn.datasets

    real = sklearn.datasets.load_digits()
    real.images[0, 0, 0] += 1
    monkeypatch.setattr(sklearn.datasets, "load_digits", lambda: real)
    with pytest.raises(UserError, match=r"digits \(images\).*MD5 checksum is .* expected fa70"):
        acquire.acquire("digits", "nowhere")


def test_data_dir_comes_first(small):
    images, labels = acquire.acquire("fashion_mnist", small.parent.parent)
    assert images.shape == (18, 28, 28) and len(labels) == 18


def test_then_the_folder_of_debians_package(small, no_network):
    debian = catalogue.DATASETS["fashion_mnist"].debian
    debian.mkdir()
    for path in small.iterdir():
        (debian / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    expected, _ = acquire.acquire("fashion_mnist", small.parent.parent)
    shutil.rmtree(small)
    images, _ = acquire.acquire("fashion_mnist", "nowhere")
    assert (images == expected).all()


@pytest.fixture
def packed(small):
    """The four files as .gz, in torchvision's folder."""
    for path in list(small.iterdir()):
        (small / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    return small


def test_archives_are_taken_too(packed, no_network):
    images, _ = acquire.acquire("fashion_mnist", packed.parent.parent)
    assert images.shape == (18, 28, 28)


ARCHIVE = "train-images-idx3-ubyte.gz"


@pytest.mark.fault(
    "wrong archives",
    "a .gz cut, a bit of it flipped, an HTML error page in its place, packed or not, an empty file",
    "an error that names the archive",
)
@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda c: c[:-20], "cannot be decompressed"),
        (lambda c: c[:200] + bytes([c[200] ^ 8]) + c[201:], "cannot be decompressed"),
        (lambda c: b"<!doctype html><title>404</title>", "cannot be decompressed: Not a gzipped file"),
        (lambda c: b"", "is not the file it should be"),
        (lambda c: gzip.compress(b"<html>"), "is not the file it should be: its MD5 checksum is"),
    ],
    ids=["cut", "flipped", "error page", "empty", "packed error page"],
)
def test_damaged_archives_are_named(packed, no_network, tried, harm, words):
    path = packed / ARCHIVE
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(UserError) as caught:
        acquire.acquire("fashion_mnist", packed.parent.parent)
    assert str(path) in str(caught.value) and words in str(caught.value)
    tried(1, "as expected")


@pytest.mark.fault(
    "swapped archives", "the .gz of training and test images swapped", "an error that names the archive"
)
def test_swapped_archives_are_named(packed, no_network, tried):
    train, test = packed / ARCHIVE, packed / "t10k-images-idx3-ubyte.gz"
    train_content, test_content = train.read_bytes(), test.read_bytes()
    train.write_bytes(test_content)
    test.write_bytes(train_content)
    with pytest.raises(UserError, match=r"train-images-idx3-ubyte.gz is not the file it should be"):
        acquire.acquire("fashion_mnist", packed.parent.parent)
    tried(1, "as expected")


@pytest.mark.fault(
    "gz bomb",
    "100 MB of zeros in 440 kB, in the place of an archive",
    "refused after the 85 MiB that the largest file may have",
)
def test_a_gz_bomb_is_refused_half_way(packed, no_network, tried):
    bomb = gzip.compress(bytes(100_000_000), compresslevel=1)
    (packed / ARCHIVE).write_bytes(bomb)
    tracemalloc.start()
    with pytest.raises(UserError, match=r"train-images-idx3-ubyte.gz unpacks to more than 89128960 bytes"):
        acquire.acquire("fashion_mnist", packed.parent.parent)
    assert tracemalloc.get_traced_memory()[1] < 2.5 * archives.LARGEST  # reads into pieces, then joins them
    tracemalloc.stop()
    tried(1, "as expected")


def downloader(folder, contents):
    """A stand-in for torchvision's class that notes each download and takes a while."""

    def make(root, train=True, download=False):
        if not download:
            return original(root, train=train)
        raw = Path(root) / "FashionMNIST" / "raw"
        with open(folder / "downloads", "a", encoding="utf-8") as stream:
            stream.write("download\n")
        time.sleep(0.5)
        raw.mkdir(parents=True)
        for name, content in contents.items():
            (raw / name).write_bytes(content)
        return None

    import torchvision.datasets

    original = torchvision.datasets.FashionMNIST
    return make


@pytest.mark.fault(
    "two jobs that need the same download",
    "two processes at once, with a stand-in for torchvision that counts",
    "one download; both have the images",
)
def test_two_jobs_that_need_the_same_download_make_one(small, tmp_path, monkeypatch, tried):
    import torchvision.datasets

    contents = {path.name: path.read_bytes() for path in small.iterdir()}
    make = downloader(tmp_path, contents)
    monkeypatch.setattr(torchvision.datasets, "FashionMNIST", make)
    context = multiprocessing.get_context("fork")
    jobs = [context.Process(target=acquire.acquire, args=("fashion_mnist", tmp_path / "new")) for _ in "ab"]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [job.exitcode for job in jobs] == [0, 0]
    assert (tmp_path / "downloads").read_text() == "download\n"
    left = {path.name for path in (tmp_path / "new" / "FashionMNIST" / "raw").iterdir()}
    assert left == {*contents, ".lock"}
    tried(1, "as expected")


@pytest.mark.fault(
    "wrong download",
    "a download with one wrong file, beside what a killed one left",
    "an error that names the file; nothing gets its place, the rest of the killed one is gone",
)
def test_a_wrong_download_never_gets_its_place(small, tmp_path, monkeypatch, tried):
    import torchvision.datasets

    contents = {path.name: path.read_bytes() for path in small.iterdir()} | {
        "t10k-labels-idx1-ubyte": b"half"
    }
    monkeypatch.setattr(torchvision.datasets, "FashionMNIST", downloader(tmp_path, contents))
    raw = tmp_path / "new" / "FashionMNIST" / "raw"
    (raw / ".download-of a killed job").mkdir(parents=True)
    with pytest.raises(UserError, match="t10k-labels-idx1-ubyte is not the file it should be"):
        acquire.acquire("fashion_mnist", tmp_path / "new")
    assert [path.name for path in raw.iterdir()] == [".lock"]
    tried(1, "as expected")


@pytest.mark.fault(
    "wrong image files",
    "a decompressed image file cut, a bit of it flipped, test images in the place of the training images",
    "an error that names the file, its checksum and the right one",
)
@pytest.mark.parametrize("harm", ["truncate", "flip", "swap"])
def test_wrong_content_is_named_with_both_checksums(small, tried, harm):
    path = small / "train-images-idx3-ubyte"
    content = bytearray(path.read_bytes())
    if harm == "truncate":
        content = content[:-100]
    elif harm == "flip":
        content[5000] ^= 1
    else:
        content = (small / "t10k-images-idx3-ubyte").read_bytes()
    path.write_bytes(content)
    expected = catalogue.DATASETS["fashion_mnist"].checksums[path.name]
    with pytest.raises(
        UserError, match=f"train-images-idx3-ubyte.*checksum is [0-9a-f]{{32}}, expected {expected}"
    ):
        acquire.acquire("fashion_mnist", small.parent.parent)
    tried(1, "as expected")


def test_nothing_is_written_for_wrong_files(small, tmp_path):
    (small / "t10k-labels-idx1-ubyte").write_bytes(b"<html>not found</html>")
    with pytest.raises(UserError):
        acquire.prepare("fashion_mnist", small.parent.parent, tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("fashion_mnist", ["FashionMNIST/raw", "dataset-fashion-mnist", "network", "dataset: digits"]),
        ("mnist", ["MNIST/raw", ".gz archives", "network", "dataset: digits"]),
    ],
)
def test_without_network_the_sentence_names_every_way(tmp_path, monkeypatch, no_network, name, ways):
    monkeypatch.setattr(acquire, "ATTEMPTS", 1)
    with pytest.raises(UserError) as caught:
        acquire.acquire(name, tmp_path / "empty")
    for way in ways:
        assert way in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "empty").exists()


def test_download_is_tried_again(tmp_path, monkeypatch):
    import torchvision.datasets

    calls = []

    def fail(*args, **kwargs):
        calls.append(1)
        raise RuntimeError("Error downloading")

    monkeypatch.setattr(torchvision.datasets, "MNIST", fail)
    monkeypatch.setattr(acquire.time, "sleep", lambda seconds: None)
    with pytest.raises(UserError):
        acquire.acquire("mnist", tmp_path)
    assert len(calls) == acquire.ATTEMPTS


@pytest.mark.parametrize("name", ["fashion_mnist", "mnist"])
def test_real_files_have_the_known_checksums(data_dir, name):
    images, labels = acquire.acquire(name, data_dir)
    assert images.shape == (70000, 28, 28)
    assert np.bincount(labels[60000:]).sum() == 10000


def test_prepared_bytes_do_not_depend_on_the_way_in(small, tmp_path, no_network):
    acquire.prepare("fashion_mnist", small.parent.parent, tmp_path / "a")
    acquire.prepare("fashion_mnist", small.parent.parent, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


PLACES = "`data_dir` with ~ and with a variable; a folder for temporary files that is full or is none"
NAMED = "one sentence that names the folder, or the home folder's images"


@pytest.fixture
def packed_small(small):
    for path in list(small.iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    return small


@pytest.mark.fault("folders for images", PLACES, NAMED)
def test_a_tilde_is_the_home_folder(small, monkeypatch):
    monkeypatch.setenv("HOME", str(small.parent.parent.parent))
    assert len(acquire.acquire("fashion_mnist", "~/data")[1]) == 18
    with pytest.raises(UserError, match=r"^data_dir is '~nobody-has-this-name/data'; allowed: a folder"):
        acquire.acquire("fashion_mnist", "~nobody-has-this-name/data")


@pytest.mark.fault("folders for images", PLACES, NAMED)
@pytest.mark.parametrize("name", ["$HOME/x", "${HOME}/x", "a/$b"])
def test_a_variable_that_nothing_fills_in_is_named(small, tmp_path, monkeypatch, no_network, name):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(
        UserError, match=f"^data_dir is {re.escape(repr(name))}; allowed: a folder; variables"
    ):
        acquire.acquire("fashion_mnist", name)
    assert sorted(tmp_path.iterdir()) == before
    shutil.copytree(small.parent.parent, name)  # a folder that is called so
    assert len(acquire.acquire("fashion_mnist", name)[1]) == 18


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", ARCHIVE])
def test_a_file_that_may_not_be_read_is_named(request, small, monkeypatch, name):
    """And not the folder for temporary files. Root may read everything, so `open` refuses."""
    if name == ARCHIVE:
        request.getfixturevalue("packed_small")
    opened, path = open, str(small / name)

    def refusing(file, *args, **kwargs):
        if str(file) == path:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return opened(file, *args, **kwargs)

    monkeypatch.setattr("builtins.open", refusing)
    with pytest.raises(UserError, match=f"^{path} cannot be read: Permission denied\\.$"):
        acquire.acquire("fashion_mnist", small.parent.parent)


@pytest.mark.fault("folders for images", PLACES, NAMED)
@pytest.mark.parametrize("place", ["/dev/full", "/nowhere/at/all"])
def test_a_temporary_folder_that_cannot_be_used_is_named(packed_small, monkeypatch, place):
    monkeypatch.setattr(tempfile, "tempdir", place)
    with pytest.raises(
        UserError, match=f"^{place}, the folder for temporary files, cannot be written to: .*TMPDIR"
    ):
        acquire.acquire("fashion_mnist", packed_small.parent.parent)


@pytest.mark.fault("folders for images", PLACES, NAMED)
def test_a_temporary_folder_that_is_full_is_named(packed_small, monkeypatch, tmp_path):
    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(
        UserError, match=f"^{tmp_path}, the folder .* written to: No space left on device; set TMPDIR"
    ):
        acquire.acquire("fashion_mnist", packed_small.parent.parent)
