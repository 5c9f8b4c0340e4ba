"""What the operating system refuses to read is no damage: a sentence with its reason, and no advice to delete."""

import contextlib
import os
import resource
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from actbench.data import prepared
from actbench.errors import DamagedError, UnreadableError, UserError
from actbench.networks import checkpoints
from actbench.storage import files, manifest, parquet, records, yaml_files
from conftest import NETWORK

SCHEMA = pa.schema([("value", pa.float64())])


@pytest.fixture
def written(tmp_path):
    """A file of each kind, and what reads it."""
    files.write_json({key: {} for key in records.KEYS}, tmp_path / "a.json")
    parquet.write(parquet.table([{"value": 1.0}], SCHEMA, ["value"]), tmp_path / "a.parquet", {})
    images = np.zeros((4, 2, 2), np.uint8)
    flat = np.zeros(4, np.uint8)
    prepared.write(prepared.Prepared("x", images, flat, flat, 1, ("a",)), tmp_path / "x.safetensors")
    (tmp_path / "a.yaml").write_text("a: 1\n")
    block = tmp_path / "block"
    block.mkdir()
    for name in manifest.WRITTEN:
        (block / name).write_bytes(b"")
    spec = {"name": "relu", "import": None, "parameters": {}}
    params = {"activation": spec, "network": NETWORK}
    checkpoints.save({}, block / manifest.MODEL, params)
    manifest.write(block, params, [2, 2], "images", {})
    return {
        tmp_path / "a.json": [files.read_json, records.read, files.digest],
        tmp_path / "a.parquet": [parquet.read, parquet.record, files.digest],
        tmp_path / "x.safetensors": [prepared.read],
        tmp_path / "a.yaml": [yaml_files.read],
        block / manifest.NAME: [lambda path: manifest.read(path.parent)],
        block / manifest.MODEL: [lambda path: checkpoints.Stored(path.parent)],
        block / "runs.parquet": [lambda path: manifest.read(path.parent, ["runs.parquet"])],
    }


@contextlib.contextmanager
def no_more_files(path):
    """Only as many open files as there are now; config.json beside a block's files can still be opened once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(highest)]  # every number below is taken
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(held) + 1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for number in held:
            os.close(number)


@contextlib.contextmanager
def no_permission(path):
    """For somebody who is not root."""
    path.chmod(0)
    root = os.geteuid() == 0
    if root:
        for folder in (path.parent, path.parent.parent, *path.parents):
            with contextlib.suppress(OSError):
                folder.chmod(folder.stat().st_mode | 0o055)
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        path.chmod(0o644)


@contextlib.contextmanager
def gone(path):
    path.unlink()
    yield


@contextlib.contextmanager
def a_folder(path):
    path.unlink()
    path.mkdir()
    yield


@contextlib.contextmanager
def a_circle(path):
    """A link to itself, as a broken copy leaves it."""
    path.unlink()
    path.symlink_to(path)
    yield


@pytest.mark.fault(
    "files that cannot be read",
    "weights, tables, records, images and configs without permission, with too many files open, gone, replaced "
    "by a folder or by a link to itself",
    "one sentence that names the file and the operating system's reason, and does not advise to delete it",
)
@pytest.mark.parametrize("refused", [no_permission, no_more_files, gone, a_folder, a_circle])
def test_what_cannot_be_read_is_not_called_damaged(written, refused, tried):
    for path, readers in written.items():
        before = path.read_bytes()
        for read in readers:
            read(path)
            with refused(path):
                with pytest.raises(UserError) as caught:
                    read(path)
                assert isinstance(caught.value, UnreadableError)
                assert not isinstance(caught.value, DamagedError)
            sentence = str(caught.value)
            assert "cannot be read: " in sentence and str(path.parent) in sentence, sentence
            assert "delete" not in sentence and sentence.count(str(path.parent)) == 1, sentence
            if path.is_dir():
                path.rmdir()
            path.unlink(missing_ok=True)
            path.write_bytes(before)
    tried(sum(map(len, written.values())), "as expected")
