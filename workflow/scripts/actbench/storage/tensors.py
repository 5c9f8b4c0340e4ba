"""Files of tensors (safetensors), opened so that what fails is one sentence."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import safetensors

from actbench.errors import DamagedError, UnreadableError


@contextlib.contextmanager
def opened(path: str | Path, framework: str) -> Iterator[safetensors.safe_open]:
    """`safetensors.safe_open`.

    Raises:
        DamagedError: it is no such file, or not all of one.
        UnreadableError: it cannot be read.
    """
    try:
        Path(path).open("rb").close()  # safetensors says of whatever is refused that there is no such file
        with safetensors.safe_open(path, framework=framework) as stored:
            yield stored
    except OSError as error:
        raise UnreadableError(path, error) from error
    except safetensors.SafetensorError as error:
        raise DamagedError(path, error) from error
