"""Small files in the formats of the data sets that are downloaded."""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
import zipfile

import numpy as np


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def idx(values: np.ndarray) -> bytes:
    """A file in the IDX format of MNIST: type ubyte, dimensions, content."""
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return head + values.astype(np.uint8).tobytes()


def zipped(files: dict[str, bytes]) -> bytes:
    """A .zip of a .gz each, in the folder `gzip`, as EMNIST's."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"gzip/{name}.gz", gzip.compress(content))
    return stream.getvalue()


def tarred(files: dict[str, bytes], folder: str) -> bytes:
    """A .tar.gz of the files in a folder, as CIFAR-10's."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def batch(images: np.ndarray, labels: np.ndarray) -> bytes:
    """A batch of CIFAR-10: rows of all red, then all green, then all blue pixels of an image [N, 32, 32, 3]."""
    rows = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    return pickle.dumps({"data": rows, "labels": labels.tolist()})
