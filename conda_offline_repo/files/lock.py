"""A lock of the operating system on a file, which ends with its process, however that ends.

The file exists while the lock is held.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

#: Seconds between two looks at a lock that another process holds.
PAUSE = 0.2
#: How often the file may vanish before it is locked; a few times, other processes remove it.
TRIES = 25
#: How often Windows may refuse the file; a few times, its holder is just removing it.
BUSY = 5
#: The error numbers for a lock that another process holds.
HELD = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
#: Far behind the text, because on Windows other processes cannot read locked bytes.
LOCKED_BYTE = 1 << 20


@dataclass(frozen=True)
class Lock:
    """A lock that this process holds.

    Attributes:
        path: Of the file.
        file: The same, open.
        folders: Those that were made for the file, the lowest first.
    """

    path: Path
    file: BinaryIO
    folders: tuple[Path, ...]


def acquire(path: Path, waiting: Callable[[str], None]) -> Lock:
    """Take the lock on a file; the file and its folders are made if they do not exist.

    Args:
        path: The file.
        waiting: Called once with the holder of the lock, if that is another process.

    Raises:
        OSError: The file cannot be made or locked; nothing is left of it.
    """
    announced, lost = False, 0
    folders: tuple[Path, ...] = ()
    try:
        while lost < TRIES:
            if not path.parent.exists():
                folders = tuple(folder for folder in path.parents if not folder.exists())
            try:
                file = _open(path, folders)
            except FileNotFoundError:  # the holder has just finished and removed the folder
                lost += 1
            except PermissionError:
                if sys.platform != "win32" or lost >= BUSY:
                    raise
                lost += 1
            else:
                if not _lock(file, path):
                    lost = 0
                    if not announced and (holder := _holder(file)):
                        waiting(holder)
                        announced = True
                elif not _is_current(file, path):
                    lost += 1
                elif not file.writable():  # another user's, who was killed
                    path.unlink()
                else:
                    file.truncate(0)
                    file.write(f"process {os.getpid()}".encode())
                    file.flush()
                    return Lock(path, file, folders)
                file.close()
            time.sleep(PAUSE)
        raise OSError(errno.ENOLCK, f"the lock {path.name} vanishes whenever it is made", str(path))
    except OSError:
        _remove_empty(folders)
        raise


def release(lock: Lock) -> None:
    """Release the lock and remove its file and, if empty, the folders that were made for it.

    What cannot be removed stays.
    """
    if sys.platform == "win32":  # an open file cannot be removed there
        lock.file.close()
    with suppress(OSError):
        lock.path.unlink()
    _remove_empty(lock.folders)
    lock.file.close()


def _open(path: Path, folders: tuple[Path, ...]) -> BinaryIO:
    for folder in reversed(folders):
        with suppress(FileExistsError):
            folder.mkdir()
    # a link could lead out of the folder
    if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
        reason = f"the lock {path.name} is a link or a folder, not a file; remove it"
        raise OSError(errno.EINVAL, reason, str(path))
    try:
        return path.open("a+b")
    except PermissionError:
        if sys.platform == "win32" or not path.exists():
            raise
        return path.open("rb")  # enough to see whether its user still has it


def _lock(file: BinaryIO, path: Path) -> bool:
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
    with suppress(OSError):  # its last holder may have removed the file before it was locked
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
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
