"""Raw images: the right files are taken, wrong ones are named."""

import gzip
import hashlib
import shutil
import struct

import numpy as np
import pytest
from actbench import catalogue, datasets
from actbench.errors import UserError


def idx(values: np.ndarray) -> bytes:
    """A file in the IDX format of MNIST: type ubyte, dimensions, content."""
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return head + values.astype(np.uint8).tobytes()


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
    original = catalogue.DATASETS["fashion_mnist"]
    dataset = catalogue.Dataset(
        original.title,
        18,
        6,
        1,
        255,
        original.classes,
        {name: hashlib.md5(c, usedforsecurity=False).hexdigest() for name, c in contents.items()},
        original.folder,
        tmp_path / "debian",
    )
    monkeypatch.setitem(catalogue.DATASETS, "fashion_mnist", dataset)
    monkeypatch.setattr(datasets, "ATTEMPTS", 1)
    return raw


@pytest.fixture
def no_network(monkeypatch):
    import urllib.request

    def refuse(*args, **kwargs):
        raise OSError("no network in this test")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)


def test_digits_are_embedded_and_checked():
    images, labels = datasets.acquire("digits", "nowhere")
    assert images.shape == (1797, 8, 8) and images.dtype == np.uint8 and images.max() == 16
    assert np.bincount(labels).min() > 170


def test_other_digits_are_refused(monkeypatch):
    import sklearn.datasets

    real = sklearn.datasets.load_digits()
    real.images[0, 0, 0] += 1
    monkeypatch.setattr(sklearn.datasets, "load_digits", lambda: real)
    with pytest.raises(UserError, match=r"digits \(images\).*MD5 checksum is .* expected fa70"):
        datasets.acquire("digits", "nowhere")


def test_data_dir_comes_first(small):
    images, labels = datasets.acquire("fashion_mnist", small.parent.parent)
    assert images.shape == (18, 28, 28) and len(labels) == 18


def test_then_the_folder_of_debians_package(small, no_network):
    debian = catalogue.DATASETS["fashion_mnist"].debian
    debian.mkdir()
    for path in small.iterdir():
        (debian / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    expected, _ = datasets.acquire("fashion_mnist", small.parent.parent)
    shutil.rmtree(small)
    images, _ = datasets.acquire("fashion_mnist", "nowhere")
    assert (images == expected).all()


def test_truncated_archive_is_named(small, no_network):
    debian = catalogue.DATASETS["fashion_mnist"].debian
    debian.mkdir()
    for path in small.iterdir():
        (debian / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes())[:-20])
    with pytest.raises(UserError, match=r"debian.*\.gz cannot be decompressed"):
        datasets.acquire("fashion_mnist", "nowhere")


@pytest.mark.parametrize("harm", ["truncate", "flip", "swap"])
def test_wrong_content_is_named_with_both_checksums(small, harm):
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
        datasets.acquire("fashion_mnist", small.parent.parent)


def test_nothing_is_written_for_wrong_files(small, tmp_path):
    (small / "t10k-labels-idx1-ubyte").write_bytes(b"<html>not found</html>")
    with pytest.raises(UserError):
        datasets.prepare("fashion_mnist", small.parent.parent, tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("fashion_mnist", ["FashionMNIST/raw", "dataset-fashion-mnist", "network", "dataset: digits"]),
        ("mnist", ["MNIST/raw", ".gz archives", "network", "dataset: digits"]),
    ],
)
def test_without_network_the_sentence_names_every_way(tmp_path, monkeypatch, no_network, name, ways):
    monkeypatch.setattr(datasets, "ATTEMPTS", 1)
    with pytest.raises(UserError) as caught:
        datasets.acquire(name, tmp_path / "empty")
    for way in ways:
        assert way in str(caught.value)
    assert "\n" not in str(caught.value)


def test_download_is_tried_again(tmp_path, monkeypatch):
    import torchvision.datasets

    calls = []

    def fail(*args, **kwargs):
        calls.append(1)
        raise RuntimeError("Error downloading")

    monkeypatch.setattr(torchvision.datasets, "MNIST", fail)
    monkeypatch.setattr(datasets.time, "sleep", lambda seconds: None)
    with pytest.raises(UserError):
        datasets.acquire("mnist", tmp_path)
    assert len(calls) == datasets.ATTEMPTS


@pytest.mark.parametrize("name", ["fashion_mnist", "mnist"])
def test_real_files_have_the_known_checksums(data_dir, name):
    images, labels = datasets.acquire(name, data_dir)
    assert images.shape == (70000, 28, 28)
    assert np.bincount(labels[60000:]).sum() == 10000


def test_prepared_bytes_do_not_depend_on_the_way_in(small, tmp_path, no_network):
    datasets.prepare("fashion_mnist", small.parent.parent, tmp_path / "a")
    datasets.prepare("fashion_mnist", small.parent.parent, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
