"""How long paths may be on Windows."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import PurePath, PureWindowsPath

from ..exceptions import InvalidRequestError

#: https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation (260 with a NUL)
LONGEST = 259


def check_lengths(folder: PurePath, names: Iterable[str]) -> None:
    """Check that files of these names can be written in a folder, before any of them is.

    Raises:
        InvalidRequestError: This Windows does not allow so long a path.
    """
    if not isinstance(folder, PureWindowsPath) or folder.drive.startswith("\\\\?\\"):
        return
    path = max((str(folder / name) for name in names), key=len, default="")
    if len(path) > LONGEST and not _are_longer_allowed():
        raise InvalidRequestError(
            f"{path} has {len(path)} characters, and Windows allows {LONGEST} in a path. Nothing "
            "was written.",
            "Give a folder with a shorter path, or let an administrator allow long paths: the "
            "value LongPathsEnabled of the registry.",
        )


def _are_longer_allowed() -> bool:
    if sys.platform == "win32":
        import winreg

        key = r"SYSTEM\CurrentControlSet\Control\FileSystem"
        with suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as settings:
            return bool(winreg.QueryValueEx(settings, "LongPathsEnabled")[0])
    return False
