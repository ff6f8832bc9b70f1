"""One writer of a repository at a time, and the folder that it stages in.

The staging folder lies beside the repository, on the same file system, and the lock's file beside
that; both are gone when nothing is under way.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...files.lock import acquire, release
from .exceptions import ForeignFolderError, NotWritableFolderError

#: The longest name of a staging folder without its dot; two labels hardly ever have the same.
NAME_LENGTH = 12


def staging_folder(repository: Path) -> Path:
    """Return the folder for new files of a repository, before they are published.

    Its name is no longer than the label, unless that is a single character: where the repository
    fits into the paths that Windows allows, it does, too. Labels with the same staging folder wait
    for each other.
    """
    label = repository.name
    digest = base64.b32encode(hashlib.sha256(label.encode()).digest()).decode().lower()
    return repository.with_name(f".{digest[: min(max(len(label) - 1, 1), NAME_LENGTH)]}")


@contextmanager
def exclusive(repository: Path, waiting: Callable[[str], None]) -> Iterator[Path]:
    """Hold the lock of a repository; yields the staging folder.

    The folder still has what an interrupted command left in it. It is removed at the end, but stays
    if the command fails after downloads or copies, so that the next one does not repeat them.
    `waiting` is called once with the holder of the lock, if that is another command.

    Raises:
        NotWritableFolderError: The folder above the repository cannot be written.
        ForeignFolderError: Something else has the name of the staging folder.
    """
    staging = staging_folder(repository)
    path = staging.with_name(f"{staging.name}.lock")
    # a staging folder of ours comes after its lock's file and goes before it
    was_locked = path.exists()
    try:
        lock = acquire(path, waiting)
    except OSError as error:
        raise NotWritableFolderError(repository.parent, error.strerror or str(error)) from error
    if not was_locked and os.path.lexists(staging):
        release(lock)
        raise ForeignFolderError(staging)
    arrived = False
    try:
        try:
            staging.mkdir(exist_ok=True)
        except OSError as error:
            raise NotWritableFolderError(repository.parent, error.strerror or str(error)) from error
        yield staging
    except BaseException:  # an interruption, too
        arrived = any(path.is_file() for path in staging.rglob("*"))
        raise
    finally:
        if not arrived:
            # what cannot be removed is left for the next command: this one's result stands
            shutil.rmtree(staging, ignore_errors=True)
        if staging.exists():
            lock.file.close()
        else:
            release(lock)
