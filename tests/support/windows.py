"""Drives and shares of a Windows machine."""

from __future__ import annotations

import shutil
import string
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.systems import under_wine

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where the system drive is shared: by Windows itself, and by `dev/windows.py`.
SHARES = ("//localhost/c$", "//rig/c")
#: The drive that `dev/windows.py` makes: Wine's `subst` does nothing.
DRIVE_OF_WINE = "R:"


@contextmanager
def root_of_a_drive(folder: Path) -> Iterator[str]:
    """Have what is in a folder at the root of a drive for a while; gives the drive, as `R:`."""
    if under_wine():
        root = Path(f"{DRIVE_OF_WINE}\\")
        shutil.copytree(folder, root, dirs_exist_ok=True)
        try:
            yield DRIVE_OF_WINE
        finally:
            for path in (root / copied.name for copied in folder.iterdir()):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return
    letters = reversed(string.ascii_uppercase[3:])
    drive = next(f"{letter}:" for letter in letters if not Path(f"{letter}:\\").exists())
    subprocess.run(["subst", drive, folder], check=True)
    try:
        yield drive
    finally:
        subprocess.run(["subst", drive, "/d"], check=True)


def share(folder: Path) -> Path:
    """The path of a folder of the system drive as a share of this machine."""
    for shared in SHARES:
        path = Path(shared, *folder.parts[1:])
        if folder.drive.lower() == "c:" and path.exists():
            return path
    pytest.skip("the system drive is not shared here")
