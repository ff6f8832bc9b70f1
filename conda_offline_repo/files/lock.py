"""A lock that ends with the process that holds it, however that ends.

It is the operating system's, on a file; the file is there while the lock is held.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

#: Seconds between two looks at a lock that another process holds.
PAUSE = 0.2
#: How often the file may be gone before anybody could lock it; a few times, others remove it.
TRIES = 25
#: What systems answer for a lock that another process holds.
HELD = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
#: Far behind the text, because Windows does not let others read locked bytes.
LOCKED_BYTE = 1 << 20


@dataclass(frozen=True)
class Lock:
    """A lock that this process holds.

    Attributes:
        path: Its file.
        file: The same, open.
        made: The folders that were made for it, the lowest first.
    """

    path: Path
    file: BinaryIO
    made: tuple[Path, ...]


def acquire(path: Path, waiting: Callable[[str], None]) -> Lock:
    """Take the lock on a file, which is made, and its folders, if need be.

    Args:
        path: The file.
        waiting: Told once who holds the lock, if it is another process.

    Raises:
        OSError: The file cannot be made or locked; nothing is left of it.
    """
    told = False
    lost = 0
    made: tuple[Path, ...] = ()
    try:
        while lost < TRIES:
            if not path.parent.exists():
                made = tuple(f for f in (path.parent, *path.parent.parents) if not f.exists())
            try:
                file = _open(path, made)
            except FileNotFoundError:  # the holder has just finished and removed the folder
                lost += 1
            else:
                if not _lock(file, path):
                    lost = 0
                    holder = _holder(file)
                    if holder and not told:
                        waiting(holder)
                        told = True
                elif _is_current(file, path):
                    file.truncate(0)
                    file.write(f"process {os.getpid()}".encode())
                    file.flush()
                    return Lock(path, file, made)
                else:
                    lost += 1
                file.close()
            time.sleep(PAUSE)
        raise OSError(errno.ENOLCK, f"the lock {path.name} is gone whenever it is made", str(path))
    except OSError:
        _remove_empty(made)
        raise


def release(lock: Lock) -> None:
    """Give the lock back and remove its file, and the folders made for it as far as empty.

    What cannot be removed is left.
    """
    if sys.platform == "win32":  # an open file cannot be removed there
        lock.file.close()
    with suppress(OSError):
        lock.path.unlink()
    _remove_empty(lock.made)
    lock.file.close()


def _open(path: Path, folders: tuple[Path, ...]) -> BinaryIO:
    """Open a lock's file, which is made if need be, in folders that are made, the lowest first."""
    for folder in reversed(folders):
        with suppress(FileExistsError):
            folder.mkdir()
    # a link would be followed out of the folder, or lead nowhere time and again
    if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
        reason = f"the lock {path.name} is a link or a folder, not a file; remove it"
        raise OSError(errno.EINVAL, reason, str(path))
    return path.open("a+b")


def _lock(file: BinaryIO, path: Path) -> bool:
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
        if error.errno in HELD:
            return False
        with file, suppress(OSError):  # this file system has no locks
            if not _holder(file):
                path.unlink()
        raise
    return True


def _is_current(file: BinaryIO, path: Path) -> bool:
    """Return whether the file locked is still the one at the path, which its last holder may have
    removed in between.
    """
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def _holder(file: BinaryIO) -> str:
    with suppress(OSError):
        file.seek(0)
        return file.read(100).decode(errors="replace")
    return ""


def _remove_empty(folders: tuple[Path, ...]) -> None:
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()
