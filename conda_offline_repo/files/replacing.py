"""Files that take the place of others, or go, also where somebody holds them open for a moment.

Windows refuses both for a file that is open anywhere: in a virus scanner, a copy, an install. And
for one that is marked read-only, as copy tools and CDs leave files behind.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Seconds that a program is given, in all, to close a file.
PATIENCE = 5.0
#: Seconds between two tries, at first and at most.
PAUSES = (0.05, 0.5)
#: Windows' words for a file that is in use, or read-only: access denied, sharing and lock violation
#: (https://learn.microsoft.com/windows/win32/debug/system-error-codes).
HELD = frozenset({5, 32, 33})
WHY = (
    "another program has it open, such as a copy, an install or a virus scanner, or it must not be "
    "written; close that program, or ask who administers this machine"
)


def replace(source: Path, target: Path) -> None:
    """Rename a file or a folder, onto another file if there is one.

    Raises:
        OSError: It cannot be done; what is held is named.
    """
    _insist(lambda: os.replace(source, target), target if target.exists() else source)


def remove(path: Path) -> None:
    """Delete a file, if it is there.

    Raises:
        OSError: It cannot be done.
    """
    _insist(lambda: path.unlink(missing_ok=True), path)


def _insist(step: Callable[[], None], held: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    pause, longest = PAUSES
    cleared = False
    while True:
        try:
            return step()
        except PermissionError as error:
            if getattr(error, "winerror", None) not in HELD:
                raise
            if not cleared:
                _clear_read_only(held)
                cleared = True
            elif time.monotonic() >= deadline:
                raise PermissionError(error.errno, WHY, str(held)) from error
            else:
                time.sleep(pause)
                pause = min(2 * pause, longest)


def _clear_read_only(path: Path) -> None:
    with suppress(OSError):
        mode = path.stat().st_mode
        if not mode & stat.S_IWRITE:
            path.chmod(stat.S_IMODE(mode) | stat.S_IWRITE)
