"""The small files of an environment: read if they are files at all, and changed all or none."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from ...files.replacing import remove, replace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: At the end of the name of a file that is to take the place of another.
STAGED = ".offline-repo-new"
#: Bytes; no configuration and no state of an environment comes near.
LARGEST = 10_000_000


def read_text(path: Path, largest: int = LARGEST) -> str:
    """Return the text of a regular file, in UTF-8; nothing else is opened, a pipe would never end.

    Raises:
        FileNotFoundError: There is none.
        OSError: It cannot be read, is no regular file, or has more bytes than `largest`.
        UnicodeDecodeError: It is not in UTF-8.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is not a regular file")
        content = file.read(largest + 1)
    if len(content) > largest:
        raise OSError(f"{path} is larger than {largest} bytes")
    return content.decode("utf-8")


def replace_all(contents: Iterable[tuple[Path, str]]) -> int:
    """Give files new contents, in this order.

    All are written beside before the first is renamed into place, so that a full disk changes
    nothing. Permissions stay.

    Returns:
        The number of files.

    Raises:
        OSError: One cannot be written.
    """
    staged: list[tuple[Path, Path]] = []
    try:
        for path, text in contents:
            temporary = path.with_name(f"{path.name}{STAGED}")
            temporary.unlink(missing_ok=True)
            staged.append((temporary, path))
            with temporary.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, temporary)
        for temporary, path in staged:
            replace(temporary, path)
    finally:
        for temporary, _ in staged:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    return len(staged)


def remove_staged(folder: Path) -> None:
    """Remove what a killed run left beside the files of a folder."""
    for path in folder.glob(f"*{STAGED}"):
        remove(path)
