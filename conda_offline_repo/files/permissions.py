"""Who may read and write files.

A user's umask may suit private files and not a share. So a new file gets the read permissions of
its folder, and none is ever taken away: who makes the root, a label's folder or an environment,
decides who reads what comes into it.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

#: The permissions with which the group, and others, can read in a folder.
READERS = (0o050, 0o005)
#: The error numbers of file systems without permissions, such as those of USB sticks.
NO_MODES = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)
#: The attribute of a file on Linux with its access control list (acl(5)).
ACL = "system.posix_acl_access"


def open_up(paths: Iterable[Path], like: Path) -> None:
    """Let those who may read in the folder `like` read these files and folders, too."""
    if os.name == "nt":  # files inherit the permissions of their folder there
        return
    granted = _granted(like)
    for path in paths:
        mode = path.stat().st_mode
        readable = mode | (granted if stat.S_ISDIR(mode) else granted & 0o444)
        if readable != mode:
            try:
                path.chmod(stat.S_IMODE(readable))
            except OSError as error:
                if error.errno not in NO_MODES:
                    raise


def lets_read(mode: int, repository: Path) -> bool:
    """Return whether those who may read in a repository can read a file of this mode.

    For a repository that does not exist yet, its parent counts.
    """
    granted = _granted(repository if repository.exists() else repository.parent) & 0o444
    return os.name == "nt" or mode & granted == granted


@contextmanager
def shared(folder: Path) -> Iterator[None]:
    """Make files meanwhile for those whom a folder is for, whatever the umask takes away.

    They are who can read in it and, where what is made in it gets its group (setgid), a group that
    can write in it. A folder that does not exist is for nobody.
    """
    granted = _granted(folder) if folder.is_dir() else 0
    if granted and (mode := folder.stat().st_mode) & stat.S_ISGID:
        granted |= mode & stat.S_IWGRP
    umask = os.umask(0o077)
    os.umask(umask & ~granted)
    try:
        yield
    finally:
        os.umask(umask)


def share(file: BinaryIO, like: Path) -> None:
    """Give an open file the group, the mode and the access control list of another one, and its
    owner, as far as this user may.
    """
    before, new = like.stat(), file.fileno()
    if sys.platform == "win32":  # files inherit the permissions of their folder there
        os.chmod(file.name, stat.S_IMODE(before.st_mode))
        return
    for owner in (before.st_uid, -1):  # only an administrator gives files away
        with suppress(OSError):
            os.chown(new, owner, before.st_gid)
            break
    os.chmod(new, stat.S_IMODE(before.st_mode))
    if sys.platform == "linux":
        with suppress(OSError):  # it has none
            os.setxattr(new, ACL, os.getxattr(like, ACL))


def _granted(like: Path) -> int:
    mode = like.stat().st_mode
    return sum(bits for bits in READERS if mode & bits == bits)
