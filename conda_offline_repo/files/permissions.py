"""Who may read what is published.

A command may run under a umask that suits the engineer's own files and not a share. So what is new
gets the read permissions of the folder that it is put into, and none is ever taken away: whoever
makes the root, or the label's folder, decides who reads what comes into it.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: For the group and for others: what a folder needs for them to read in it.
READERS = (0o050, 0o005)
#: What file systems without permissions answer, as those of sticks do.
NO_MODES = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)


def open_up(paths: Iterable[Path], like: Path) -> None:
    """Let those who may read in the folder `like` read these files and folders, too."""
    if os.name == "nt":  # what is put into a folder inherits its permissions there
        return
    granted = _granted(like)
    for path in paths:
        mode = path.stat().st_mode
        wanted = mode | (granted if stat.S_ISDIR(mode) else granted & 0o444)
        if wanted != mode:
            try:
                path.chmod(stat.S_IMODE(wanted))
            except OSError as error:
                if error.errno not in NO_MODES:
                    raise


def lets_read(mode: int, repository: Path) -> bool:
    """Return whether a file of this mode can be read by those who may read in a repository, or in
    the folder above it if that is not there yet.
    """
    granted = _granted(repository if repository.exists() else repository.parent) & 0o444
    return os.name == "nt" or mode & granted == granted


def _granted(like: Path) -> int:
    mode = like.stat().st_mode
    return sum(bits for bits in READERS if mode & bits == bits)
