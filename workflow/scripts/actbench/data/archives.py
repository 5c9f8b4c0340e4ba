"""Files out of the archives that data sets come in."""

import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Container, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from actbench.errors import UnreadableError, UserError

LARGEST = 85 * 2**20  # bytes of a decompressed file; the largest real one has 88,435,216
BROKEN = (OSError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile)


def contents(archive: Path, wanted: Container[str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of the wanted files of an archive: of a .gz, of a .tar.gz, or of the .gz in a .zip.

    Raises:
        UnreadableError: the operating system does not let it be read.
        UserError: the archive is damaged or none, or a file of it is larger than any right one.
    """
    try:
        for name, stream in _opened(archive, wanted):
            content = stream.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise UserError(f"{archive} unpacks to more than {LARGEST} bytes; the right file has fewer.")
            yield name, content
    except BROKEN as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise UnreadableError(archive, error) from error
        raise UserError(f"{archive} cannot be decompressed: {error}.") from error


def _opened(archive: Path, wanted: Container[str]) -> Iterator[tuple[str, IO[bytes]]]:
    if archive.name.endswith(".tar.gz"):
        with tarfile.open(archive) as tar:
            for member in tar:
                name = PurePosixPath(member.name).name
                if member.isfile() and name in wanted:
                    yield name, tar.extractfile(member)
    elif archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as packed:
            for path in packed.namelist():
                name = PurePosixPath(path).stem
                if path.endswith(".gz") and name in wanted:
                    with packed.open(path) as inner, gzip.open(inner) as stream:
                        yield name, stream
    else:
        with gzip.open(archive) as stream:
            yield archive.stem, stream
