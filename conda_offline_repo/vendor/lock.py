"""One build a label at a time, and the folder that it stages in.

The lock is the operating system's, on a file in the staging folder, so it ends with the process
that holds it, however that ends. The staging folder lies beside the repository, on the same file
system, and is gone when nothing is under way.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from .exceptions import NotWritableFolderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

LOCK_NAME = "lock"
#: Seconds between two looks at a lock that another process holds.
PAUSE = 0.2
#: What systems answer for a lock that another process holds.
HELD = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
#: Far behind the text, because Windows does not let others read locked bytes.
LOCKED_BYTE = 1 << 20


def staging_folder(repository: Path) -> Path:
    """Where a build of this repository stages."""
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
    made = [folder for folder in (staging, *staging.parents) if not folder.exists()]
    try:
        file = _acquire(staging, waiting)
    except OSError as error:
        _remove_empty(made)
        raise NotWritableFolderError(repository.parent, error.strerror or str(error)) from error
    keep = False
    try:
        yield staging
    except BaseException:
        keep = any((staging / "archives").glob("*/*"))
        raise
    finally:
        if keep:
            file.close()
        else:
            _remove(staging, file)
            _remove_empty(made)


def _acquire(staging: Path, waiting: Callable[[str], None]) -> BinaryIO:
    told = False
    while True:
        staging.mkdir(parents=True, exist_ok=True)
        try:
            file = (staging / LOCK_NAME).open("a+b")
        except FileNotFoundError:  # the holder has just finished and removed the folder
            continue
        if _lock(file) and _is_current(file, staging):
            file.truncate(0)
            file.write(f"process {os.getpid()}".encode())
            file.flush()
            return file
        holder = _holder(file)
        file.close()
        if not told and holder:
            waiting(holder)
            told = True
        time.sleep(PAUSE)


def _lock(file: BinaryIO) -> bool:
    """Take the lock if it is free."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in HELD:  # this file system has no locks
            raise
        return False
    return True


def _is_current(file: BinaryIO, staging: Path) -> bool:
    """Whether the file locked is still the one in the folder, which its last holder may have
    removed in between.
    """
    try:
        return os.path.samestat(os.fstat(file.fileno()), (staging / LOCK_NAME).stat())
    except OSError:
        return False


def _holder(file: BinaryIO) -> str:
    with suppress(OSError):
        file.seek(0)
        return file.read(100).decode(errors="replace")
    return ""


def _remove(staging: Path, file: BinaryIO) -> None:
    """Remove the folder while the lock is held, the lock's file last.

    What cannot be removed is left for the next build: this one's outcome stands.
    """
    with suppress(OSError):
        for path in staging.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != LOCK_NAME:
                path.unlink()
    if sys.platform == "win32":  # an open file cannot be removed there
        file.close()
    with suppress(OSError):
        (staging / LOCK_NAME).unlink()
        staging.rmdir()
    file.close()


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()
