"""The small files of an environment: read if they are regular files, and changed all or none."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...files.atomic import STAGED, all_or_none, remove
from ...files.hashing import read_regular
from ..exceptions import TargetError

#: Bytes, far more than a configuration or a state has.
LARGEST = 10_000_000


def read_text(path: Path, largest: int = LARGEST) -> str:
    """Return the text of a regular file.

    Raises:
        FileNotFoundError: It does not exist.
        OSError: It cannot be read, is not a regular file, or has more bytes than `largest`.
        UnicodeDecodeError: It is not in UTF-8.
    """
    return read_regular(path, largest, links=True).decode("utf-8")


def replace_all(contents: Iterable[tuple[Path, str]]) -> None:
    """Give files new contents, all or none; raises as `all_or_none`."""
    with all_or_none() as beside:
        for path, text in contents:
            with beside(path) as file:
                file.write(text.encode("utf-8"))


def remove_staged(folder: Path) -> None:
    """Remove what a killed run left beside the files of a folder."""
    for path in folder.glob(f"*{STAGED}"):
        remove(path)


def cannot_be_written(prefix: Path, error: Exception) -> TargetError:
    """Return the error for an environment that cannot be written."""
    reason = getattr(error, "strerror", None) or error
    file = getattr(error, "filename", None) or prefix
    at = "" if Path(file) == prefix else f"{file}: "
    return TargetError(
        f"{prefix} cannot be written: {at}{reason}.",
        "Give another path with -p, or ask for write permission to this one, then repeat this "
        "command.",
    )
