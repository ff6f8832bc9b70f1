"""Who may read what is published.

A user's umask may suit private files and not a share. So a new file gets the read permissions of
its folder, and none is ever taken away: who makes the root, or a label's folder, decides who reads
what comes into it.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: The permissions with which the group, and others, can read in a folder.
READERS = (0o050, 0o005)
#: The error numbers of file systems without permissions, such as those of USB sticks.
NO_MODES = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)


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


def _granted(like: Path) -> int:
    mode = like.stat().st_mode
    return sum(bits for bits in READERS if mode & bits == bits)
