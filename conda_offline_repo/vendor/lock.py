"""One build a label at a time, and the folder that it stages in.

The lock's file is in the staging folder, which lies beside the repository, on the same file system,
and is gone when nothing is under way.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ..locking import acquire, release
from .exceptions import NotWritableFolderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LOCK_NAME = "lock"


def staging_folder(repository: Path) -> Path:
    """Return where a build of this repository stages."""
    return repository.with_name(f".{repository.name}.building")


@contextmanager
def exclusive(repository: Path, waiting: Callable[[str], None]) -> Iterator[Path]:
    """Hold the lock of a repository; yields the staging folder.

    What an interrupted build left in the folder stays for this one. It is removed at the end, but
    kept when the build ends in an error after downloads, so that the next does not repeat them.

    Args:
        repository: The label's folder; its parents are made if need be.
        waiting: Told once who holds the lock, if it is another build.

    Raises:
        NotWritableFolderError: The folder above the repository cannot be written.
    """
    staging = staging_folder(repository)
    try:
        lock = acquire(staging / LOCK_NAME, waiting)
    except OSError as error:
        raise NotWritableFolderError(repository.parent, error.strerror or str(error)) from error
    keep = False
    try:
        yield staging
    except BaseException:  # after an interruption, too, what has arrived is kept
        keep = any((staging / "archives").glob("*/*"))
        raise
    finally:
        if keep:
            lock.file.close()
        else:
            _empty(staging)
            release(lock)
            with suppress(OSError):
                staging.rmdir()


def _empty(staging: Path) -> None:
    """Remove all but the lock's file, while the lock is held.

    What cannot be removed is left for the next build: this one's outcome stands.
    """
    with suppress(OSError):
        for path in staging.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != LOCK_NAME:
                path.unlink()
