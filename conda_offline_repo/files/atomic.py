"""Files on their way to their places: written beside, made to last, renamed."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from .hashing import read_regular
from .permissions import open_up
from .replacing import replace

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from pathlib import Path

#: How many files the disk is asked to keep at once.
SYNC_THREADS = 16


def has_content(path: Path, content: bytes) -> bool:
    """Return whether there is a regular file with just this content."""
    try:
        return read_regular(path, len(content)) == content
    except OSError:
        return False


def put(staged: Path, target: Path, content: bytes) -> None:
    """Write beside, then rename into place."""
    write(staged, content)
    make_subdir(target.parent)
    open_up([staged], target.parent)
    replace(staged, target)


def make_subdir(folder: Path) -> None:
    """Make a folder of the repository, and those above it, for whoever may read the one above."""
    if not folder.exists():
        make_subdir(folder.parent)
        folder.mkdir()
        open_up([folder], folder.parent)


def write(path: Path, content: bytes) -> None:
    """Write a file that lasts, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def partial(target: Path) -> Path:
    """Return where a staged file arrives: its name less a letter, so that no path is longer."""
    return target.with_name(target.name[:-1])


def keep_only(staging: Path, wanted: Container[str]) -> None:
    """Clear what an interrupted command staged for something else."""
    for path in sorted(staging.glob("**/*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(staging).as_posix() not in wanted:
            path.unlink()


def sync_files(paths: Iterable[Path]) -> None:
    """Make staged files last through a power failure, all at once: the disk is slow at one."""
    mode = "r+b" if os.name == "nt" else "rb"

    def sync(path: Path) -> None:
        with path.open(mode) as file:
            os.fsync(file.fileno())

    with ThreadPoolExecutor(max_workers=SYNC_THREADS) as executor:
        list(executor.map(sync, paths))


def sync_folders(root: Path, names: Iterable[str]) -> None:
    """Make the names of these files last."""
    for folder in sorted({(root / name).parent for name in names}):
        sync(folder)


def sync(folder: Path) -> None:
    """Make the names in a folder last through a power failure, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
