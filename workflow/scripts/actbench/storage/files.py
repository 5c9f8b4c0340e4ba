"""Files that are either whole or not there."""

import contextlib
import hashlib
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from actbench.errors import DamagedError, UnreadableError, UserError, reason

HOST = platform.node()
SECONDS_TO_WRITE = 3600  # more than any file takes
SEAL = "sha256"  # the key of a JSON file's own checksum


@contextlib.contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Give a temporary sibling to write to; it takes the place of `path` only when the block succeeds.

    A killed or failing writer therefore leaves an older `path` as it was and never half a new one; after a
    power cut, too, since the content is on the disk before it gets its name. What killed writers left
    behind is removed.

    Raises:
        UserError: the disk is full, the folder may not be written to, …; the sentence names `path`.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{HOST}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        _create(temporary)
        yield temporary
        _flush(temporary)
        temporary.replace(path)
    except OSError as error:
        raise UserError(_unwritten(path, error)) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """The same for a folder of many files, which must not be there yet."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as temporary:
            folder = Path(temporary, path.name)
            folder.mkdir()
            yield folder
            folder.replace(path)
    except OSError as error:
        raise UserError(_unwritten(path, error)) from error


def write_bytes(content: bytes, path: str | Path) -> None:
    """Write bytes, whole or not at all."""
    with atomic(path) as temporary:
        temporary.write_bytes(content)


def write_text(text: str, path: str | Path) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    write_bytes(text.encode(), path)


def write_json(value: Mapping, path: str | Path) -> None:
    """Write an object as indented JSON with sorted keys, and with the SHA-256 of all of it under `sha256`.

    NaN is refused with a ValueError.
    """
    write_text(_sealed(value), path)


def read_bytes(path: str | Path) -> bytes:
    """All of a file.

    Raises:
        UnreadableError: it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UnreadableError(path, error) from error


def read_json(path: str | Path) -> dict:
    """Read what `write_json` wrote, without its `sha256`.

    Raises:
        DamagedError: it is not what was written, to the byte.
        UnreadableError: it cannot be read.
    """
    content = read_bytes(path)
    try:
        text = content.decode()
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedError(path, error) from error
    if not isinstance(value, dict):
        raise DamagedError(path, "it holds no JSON object")
    value.pop(SEAL, None)
    if text != _sealed(value):
        raise DamagedError(path, "its content is not what its checksum was taken of")
    return value


def remove_others(folder: str | Path, patterns: Iterable[str], kept: Iterable[str | Path]) -> None:
    """Remove what an earlier config left: files of `folder` that match a pattern and are not `kept`."""
    kept = set(map(Path, kept))
    for path in {path for pattern in patterns for path in Path(folder).glob(pattern)} - kept:
        path.unlink()


def open_lock(path: str | Path) -> IO[bytes]:
    """Open a file for `fcntl.flock`, which only its owner may use; a link of this name is not followed.

    What is in the file stays.
    """
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "r+b")


def digest(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Raises:
        UnreadableError: it cannot be read.
    """
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableError(path, error) from error


def digest_of(value: object) -> str:
    """SHA-256 of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _sealed(value: Mapping) -> str:
    return json.dumps({**value, SEAL: digest_of(value)}, indent=2, sort_keys=True, allow_nan=False) + "\n"


def _create(path: Path) -> None:
    """A new file, and never one that a link of this name points to."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))


def _remove_leftovers(path: Path) -> None:
    """Remove temporary siblings whose writers are gone; those of other machines once they are old."""
    prefix = f".{path.name}."
    for leftover in path.parent.glob(f"{prefix}*.tmp"):
        host, _, number = leftover.name.removeprefix(prefix).removesuffix(".tmp").rpartition(".")
        if host == HOST:
            gone = number.isdigit() and not Path(f"/proc/{number}").exists() and Path("/proc/self").exists()
        else:
            gone = _age(leftover) > SECONDS_TO_WRITE
        if gone:
            leftover.unlink(missing_ok=True)


def _age(path: Path) -> float:
    """Seconds since the last write; 0 for a file that is no longer there."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _flush(path: Path) -> None:
    with open(path, "rb") as stream:
        os.fsync(stream.fileno())


def _unwritten(path: Path, error: OSError) -> str:
    return f"{path} cannot be written: {reason(error)}. What was there before is untouched."
