"""Which files the twelve trained networks are that UvA published; planning imports this, and no torch."""

from pathlib import Path

from actbench.errors import UserError
from actbench.storage import files
from actbench.verification import published as ref

FOLDERS = {ref.UVA_PYTORCH: "tutorial3", ref.UVA_JAX: "JAX/tutorial3"}  # as in phlippe/saved_models


def paths(folder: str | Path) -> list[Path]:
    """The files of all networks, each with the description of its sizes beside it.

    Raises:
        UserError: one is not there.
    """
    found = [
        Path(folder, place, f"FashionMNIST_{name}.{ending}")
        for source, place in FOLDERS.items()
        for name in ref.UVA_ACCURACY[source]
        for ending in ("tar", "config")
    ]
    for path in found:
        if not path.is_file():
            raise UserError(
                f"verify_checkpoints is {folder}, where {path} is no file; allowed: a folder with "
                f"{' and '.join(FOLDERS.values())}, as phlippe/saved_models has them."
            )
    return found


def digests(folder: str | Path) -> dict[str, str]:
    """The digest of each file by its path in the folder."""
    return {path.relative_to(folder).as_posix(): files.digest(path) for path in paths(folder)}
