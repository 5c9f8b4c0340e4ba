import numpy as np
import pytest
import safetensors.numpy
from actbench.data import prepared
from actbench.errors import DamagedError


@pytest.fixture
def stored(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 16, (6, 8, 8), dtype=np.uint8)
    labels, marks = rng.integers(0, 2, 6, dtype=np.uint8), np.array([0, 0, 0, 0, 1, 1], dtype=np.uint8)
    prepared.write(prepared.Prepared("x", images, labels, marks, 16, ("a", "b")), tmp_path / "x.safetensors")
    return tmp_path / "x.safetensors"


def test_reads_what_was_written(stored):
    found = prepared.read(stored)
    assert found.images.shape == (6, 8, 8) and found.is_test.tolist() == [0, 0, 0, 0, 1, 1]
    assert (found.max_value, found.classes) == (16, ("a", "b"))


def test_the_order_in_memory_is_no_matter(tmp_path):
    images = np.asfortranarray(np.arange(24.0).reshape(6, 2, 2))
    labels, marks = np.arange(12)[::2] % 3, np.arange(6) > 4
    written = prepared.Prepared("x", images, labels, marks, None, ("a", "b", "c"))
    prepared.write(written, tmp_path / "x.safetensors")
    found = prepared.read(tmp_path / "x.safetensors")
    assert (
        (found.images == images).all() and (found.labels == labels).all() and found.digest == written.digest
    )


def test_every_changed_byte_is_noticed(stored):
    """Wherever it lies: in the header, the description or the images."""
    content = stored.read_bytes()
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 1
        stored.write_bytes(changed)
        with pytest.raises(DamagedError):
            prepared.read(stored)


@pytest.mark.parametrize("keep", [0, 7, 100, -1])
def test_a_cut_file_is_named(stored, keep):
    stored.write_bytes(stored.read_bytes()[:keep])
    with pytest.raises(DamagedError, match=r"x.safetensors is damaged"):
        prepared.read(stored)


def test_another_data_set_in_its_place_is_refused(stored):
    stored.rename(stored.with_name("y.safetensors"))
    with pytest.raises(DamagedError, match=r"y.safetensors is damaged .it holds x"):
        prepared.read(stored.with_name("y.safetensors"))


def test_swapped_labels_are_noticed(stored):
    found = prepared.read(stored)
    with safetensors.safe_open(stored, framework="numpy") as opened:
        metadata = opened.metadata()
    tensors = {"images": found.images, "labels": found.is_test, "is_test": found.labels}
    stored.write_bytes(safetensors.numpy.save(tensors, metadata))
    with pytest.raises(DamagedError, match="images or labels are not those that were checked"):
        prepared.read(stored)


def test_safetensors_of_something_else_are_refused(stored):
    stored.write_bytes(safetensors.numpy.save({"a": np.zeros(3)}))
    with pytest.raises(DamagedError, match=r"x.safetensors is damaged"):
        prepared.read(stored)
