"""The built-in sets beside digits, MNIST and Fashion-MNIST: their formats, on small made files."""

import dataclasses
import gzip
import random
import sys
from pathlib import Path

import numpy as np
import pytest
import torchvision.datasets
from actbench.data import acquire, catalogue, prepared, splits
from actbench.errors import UserError
from made_files import batch, idx, md5, tarred, zipped

TORCHVISIONS = {"kmnist": "KMNIST", "emnist": "EMNIST", "cifar10": "CIFAR10"}
PARTS = {"train": 12, "test": 6}


@pytest.fixture
def known(monkeypatch):
    """Replace what the catalogue knows of a data set."""

    def replace(name, **fields):
        changed = dataclasses.replace(catalogue.DATASETS[name], **fields)
        monkeypatch.setitem(catalogue.DATASETS, name, changed)

    monkeypatch.setattr(acquire, "ATTEMPTS", 1)
    return replace


@pytest.fixture
def drawn():
    """Images [N, 28, 28] and labels [N] of both parts."""
    rng = np.random.default_rng(0)
    return {
        part: (rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), rng.integers(0, 10, n, dtype=np.uint8))
        for part, n in PARTS.items()
    }


@pytest.fixture
def kmnist(tmp_path, known, drawn):
    """The folder of a small KMNIST: four .gz."""
    raw = tmp_path / "data" / "KMNIST" / "raw"
    raw.mkdir(parents=True)
    for part, (images, labels) in drawn.items():
        prefix = "t10k" if part == "test" else part
        (raw / f"{prefix}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (raw / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    known("kmnist", checksums={path.name: md5(path.read_bytes()) for path in raw.iterdir()})
    return raw


@pytest.fixture
def emnist(tmp_path, known, drawn):
    """The folder of a small EMNIST: one .zip with the balanced split and a larger one."""
    raw = tmp_path / "data" / "EMNIST" / "raw"
    raw.mkdir(parents=True)
    files = {"emnist-byclass-train-images-idx3-ubyte": idx(np.zeros((99, 28, 28)))}
    for part, (images, labels) in drawn.items():
        files[f"emnist-balanced-{part}-images-idx3-ubyte"] = idx(images)
        files[f"emnist-balanced-{part}-labels-idx1-ubyte"] = idx(labels)
    (raw / "gzip.zip").write_bytes(zipped(files))
    known("emnist", checksums={"gzip.zip": md5((raw / "gzip.zip").read_bytes())})
    return raw


@pytest.fixture
def cifar10(tmp_path, known, monkeypatch):
    """The folder of a small CIFAR-10, its files unpacked, with their images and labels in stored order."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (12, 32, 32, 3), dtype=np.uint8), rng.integers(0, 10, 12)
    names = [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]
    files = {
        name: batch(images[rows], labels[rows])
        for name, rows in zip(names, np.split(np.arange(12), 6), strict=True)
    }
    files["batches.meta"] = b"\x80\x04}\x94\x8c\x0blabel_names\x94]\x94s."
    folder = tmp_path / "data" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sums = {name: md5(content) for name, content in files.items()}
    archive = tarred(files, folder.name)
    archived = ("cifar-10-python.tar.gz", md5(archive))
    known("cifar10", n_images=12, n_test=2, checksums=sums, archive=archived)
    table = [[name, sums[name]] for name in names]
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "train_list", table[:5])
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "test_list", table[5:])
    meta = torchvision.datasets.CIFAR10.meta | {"md5": sums["batches.meta"]}
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "meta", meta)
    return folder, archive, images, labels


def test_checksums_and_classes_are_torchvisions_own():
    kmnist, emnist, cifar10 = (catalogue.DATASETS[name] for name in TORCHVISIONS)
    assert kmnist.checksums == dict(torchvision.datasets.KMNIST.resources)
    assert list(kmnist.classes) == torchvision.datasets.KMNIST.classes
    assert emnist.checksums == {Path(torchvision.datasets.EMNIST.url).name: torchvision.datasets.EMNIST.md5}
    assert list(emnist.classes) == torchvision.datasets.EMNIST.classes_split_dict["balanced"]
    theirs = torchvision.datasets.CIFAR10
    meta = {theirs.meta["filename"]: theirs.meta["md5"]}
    assert cifar10.checksums == dict(theirs.train_list + theirs.test_list) | meta
    assert cifar10.archive == (theirs.filename, theirs.tgz_md5) and cifar10.place == theirs.base_folder


@pytest.mark.parametrize("name", TORCHVISIONS)
def test_what_is_known_of_their_sizes_fits_together(name):
    """All three are balanced, in training and in test images."""
    known = catalogue.DATASETS[name]
    assert known.smallest_class * len(known.classes) == known.n_images - known.n_test
    assert known.largest_class * len(known.classes) == known.n_images


def test_kmnist_is_read_from_its_archives(kmnist, drawn, no_network):
    images, labels = acquire.acquire("kmnist", kmnist.parent.parent)
    assert (images == np.concatenate([drawn["train"][0], drawn["test"][0]])).all()
    assert (labels == np.concatenate([drawn["train"][1], drawn["test"][1]])).all()


def test_emnist_is_upright_and_of_the_balanced_split(emnist, drawn, no_network):
    images, labels = acquire.acquire("emnist", emnist.parent.parent)
    stored = np.concatenate([drawn["train"][0], drawn["test"][0]])
    assert all((image == raw.T).all() for image, raw in zip(images, stored, strict=True))
    assert (labels == np.concatenate([drawn["train"][1], drawn["test"][1]])).all()


@pytest.mark.parametrize("packed", [False, True])
def test_cifar10_has_its_colours_last(cifar10, packed, no_network):
    folder, archive, images, labels = cifar10
    if packed:
        for path in folder.iterdir():
            path.unlink()
        (folder.parent / "cifar-10-python.tar.gz").write_bytes(archive)
    found, classes = acquire.acquire("cifar10", folder.parent)
    assert found.dtype == np.uint8 and (found == images).all() and classes.tolist() == labels.tolist()


def test_an_mlp_sees_3072_numbers_of_cifar10(cifar10):
    folder, _, images, _ = cifar10
    stored = acquire.dataset("cifar10", folder.parent)
    data = splits.split(stored, {"folds": None, "validation": 0, "split_seed": 0}, "symmetric")
    assert data.train.x.shape == (10, 3072) and data.n_classes == 10
    assert data.test.x[1].tolist() == pytest.approx((images[11].ravel() / 127.5 - 1).tolist(), abs=1e-6)


@pytest.mark.fault(
    "wrong archives of kmnist, emnist and cifar10",
    "a bit of an archive or of an unpacked batch flipped, or its end cut",
    "an error that names the file, its checksum and the right one",
)
@pytest.mark.parametrize("name", TORCHVISIONS)
@pytest.mark.parametrize("harm", ["flip", "cut"])
def test_a_wrong_file_is_named_with_both_checksums(request, tried, name, harm, no_network):
    made = request.getfixturevalue(name)
    folder = made[0] if name == "cifar10" else made
    file = list(catalogue.DATASETS[name].checksums)[-1]
    content = bytearray((folder / file).read_bytes())
    content[-9] ^= 1
    (folder / file).write_bytes(content if harm == "flip" else content[:-9])
    expected = catalogue.DATASETS[name].checksums[file]
    data_dir = folder.parent if name == "cifar10" else folder.parent.parent
    with pytest.raises(UserError, match=f"{file} is not the file .* is [0-9a-f]{{32}}, expected {expected}"):
        acquire.acquire(name, data_dir)
    tried(1, "as expected")


def test_an_archive_that_is_another_is_not_unpacked(cifar10, no_network):
    folder, archive, *_ = cifar10
    (folder / "test_batch").unlink()
    (folder.parent / "cifar-10-python.tar.gz").write_bytes(archive + b"\0")
    with pytest.raises(UserError, match=r"cifar-10-python.tar.gz is not the file it should be"):
        acquire.acquire("cifar10", folder.parent)


@pytest.mark.parametrize(
    ("name", "ways"),
    [
        ("kmnist", ["KMNIST/raw", "train-images-idx3-ubyte.gz", "unpacked files are not taken"]),
        ("emnist", ["EMNIST/raw", "gzip.zip", "unpacked files are not taken"]),
        ("cifar10", ["cifar-10-batches-py", "seven", "cifar-10-python.tar.gz"]),
    ],
)
def test_without_network_the_sentence_names_every_way(tmp_path, monkeypatch, no_network, name, ways):
    monkeypatch.setattr(acquire, "ATTEMPTS", 1)
    with pytest.raises(UserError) as caught:
        acquire.acquire(name, tmp_path / "empty")
    for way in [*ways, "network", "dataset: mnist1d"]:
        assert way in str(caught.value)
    assert "\n" not in str(caught.value) and not (tmp_path / "empty").exists()


@pytest.fixture
def downloads(monkeypatch):
    """A stand-in for torchvision's download of one file: give it contents by name, and get the addresses."""
    contents, addresses = {}, []

    def download(url, root, filename, md5):
        addresses.append(url)
        root.mkdir(parents=True, exist_ok=True)
        (root / filename).write_bytes(contents[filename])

    monkeypatch.setattr(torchvision.datasets.utils, "download_url", download)
    return contents, addresses


@pytest.mark.parametrize("name", ["kmnist", "emnist"])
def test_archives_are_downloaded_once_and_kept_packed(request, downloads, tmp_path, name):
    raw = request.getfixturevalue(name)
    contents, addresses = downloads
    contents |= {path.name: path.read_bytes() for path in raw.iterdir()}
    expected, _ = acquire.acquire(name, raw.parent.parent)
    for _ in range(2):
        assert (acquire.acquire(name, tmp_path / "new")[0] == expected).all()
    assert [Path(address).name for address in addresses] == list(catalogue.DATASETS[name].checksums)
    left = tmp_path / "new" / catalogue.DATASETS[name].place
    assert {path.name for path in left.iterdir()} == {*contents, ".lock"}


@pytest.mark.parametrize("name", ["kmnist", "emnist"])
def test_a_wrong_download_never_gets_its_place(request, downloads, tmp_path, name):
    raw = request.getfixturevalue(name)
    downloads[0].update((path.name, b"half") for path in raw.iterdir())
    with pytest.raises(UserError, match="is not the file it should be"):
        acquire.acquire(name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", TORCHVISIONS)
def test_real_files_have_the_known_checksums(data_dir, name):
    known = catalogue.DATASETS[name]
    if not (data_dir / known.place).is_dir():
        pytest.skip(f"ACTBENCH_DATA_DIR has no {known.place}")
    images, labels = acquire.acquire(name, data_dir)
    assert images[0].size == known.n_pixels and len(images) == known.n_images
    assert (np.bincount(labels) == known.largest_class).all()


@pytest.fixture(scope="module")
def mnist1d():
    return acquire.dataset("mnist1d", "nowhere")


def test_mnist1d_has_the_published_values(mnist1d):
    """Beginning and end of mnist1d_data.pkl, SHA-256 e952576…, from the repository of its authors."""
    values, labels = mnist1d.images, mnist1d.labels
    first = [-0.3320056673693902, -0.4719103656557236, -0.778697076293495, -1.0097408265367047]
    last = [0.6598756470890784, 0.8777343497528006, 1.193151836835276]
    assert values[0, :4].tolist() == np.float32(first).tolist()
    assert values[-1, -3:].tolist() == np.float32(last).tolist()
    assert labels[:12].tolist() == [2, 6, 4, 5, 6, 6, 6, 0, 3, 1, 6, 9]
    assert labels[-8:].tolist() == [3, 6, 1, 2, 5, 9, 6, 4]


def test_mnist1d_is_what_the_catalogue_knows_of_it(mnist1d):
    known = catalogue.DATASETS["mnist1d"]
    assert mnist1d.images.shape == (known.n_images, known.n_pixels) and mnist1d.images.dtype == np.float32
    assert mnist1d.is_test.sum() == known.n_test and mnist1d.is_test[-known.n_test :].all()
    assert np.bincount(mnist1d.labels[mnist1d.is_test == 0]).min() == known.smallest_class
    assert np.bincount(mnist1d.labels).max() == known.largest_class
    assert mnist1d.images.mean() == pytest.approx(0, abs=1e-6)
    assert mnist1d.images.std() == pytest.approx(1, abs=1e-6)


def test_global_generators_stay_as_they_were():
    before = random.getstate(), np.random.get_state()[1].tolist()
    acquire.acquire("mnist1d", "nowhere")
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_numbers_of_another_version_are_refused(monkeypatch):
    import mnist1d.data

    made = mnist1d.data.make_dataset()
    made["x"][0, 0] += 1e-6
    monkeypatch.setattr(mnist1d.data, "make_dataset", lambda args: made)
    with pytest.raises(
        UserError, match=r"MNIST-1D .*\(values\) is not .* expected e7a4f3.* requirements.txt"
    ):
        acquire.acquire("mnist1d", "nowhere")


def test_a_package_that_cannot_be_imported_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "mnist1d.data", None)
    with pytest.raises(UserError, match=r"^The package mnist1d cannot be imported: .*mnist1d"):
        acquire.acquire("mnist1d", "nowhere")


def test_numbers_without_a_range_are_mapped_by_those_that_train(mnist1d, tmp_path):
    prepared.write(mnist1d, tmp_path / "mnist1d.safetensors")
    stored = prepared.read(tmp_path / "mnist1d.safetensors")
    assert stored.images.dtype == np.float32 and stored.digest == mnist1d.digest
    evaluation = {"folds": None, "validation": 500, "split_seed": 42}
    x = splits.split(stored, evaluation, "symmetric").train.x
    assert x.shape == (3500, 40) and (x.min().item(), x.max().item()) == pytest.approx((-1, 1))
    assert splits.split(stored, evaluation, "standard").train.x.std(correction=0).item() == pytest.approx(1)
