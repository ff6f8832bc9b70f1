"""Atomic writes: a file is written beside its place, synced and renamed. And deletions.

Windows refuses to replace or delete a file that any program has open, such as a virus scanner, and
one that is read-only, as copy tools and CDs leave files.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .hashing import read_regular
from .permissions import open_up, share
from .workers import run_all

#: The end of the name of a file that will replace another.
STAGED = ".offline-repo-new"
#: How many files are synced at once.
SYNC_THREADS = 16
#: Seconds, in all, to wait until another program closes a file.
PATIENCE = 5.0
#: Seconds between two tries, at first and at most.
PAUSES = (0.05, 0.5)
#: Windows' errors for a file that is in use or read-only: access denied, sharing and lock violation
#: (https://learn.microsoft.com/windows/win32/debug/system-error-codes).
HELD = frozenset({5, 32, 33})
WHY = (
    "another program has it open, such as a copy, an install or a virus scanner, or you may not "
    "write it; close that program, or ask who administers this machine"
)


def has_content(path: Path, content: bytes) -> bool:
    """Return whether a path is a regular file with exactly this content."""
    try:
        return read_regular(path, len(content)) == content
    except OSError:
        return False


@contextmanager
def all_or_none() -> Iterator[Callable[[Path], AbstractContextManager[BinaryIO]]]:
    """Replace files, all or none, in the order in which they are written.

    All are written beside their places before the first is renamed, so that a full disk changes
    nothing. Whose a replaced file is, and for whom, stays. What a killed run left beside is
    replaced.

    Yields:
        A function that opens the new content of a file.

    Raises:
        OSError: A file cannot be written.
    """
    staged: dict[Path, Path] = {}

    @contextmanager
    def beside(path: Path) -> Iterator[BinaryIO]:
        temporary = path.with_name(f"{path.name}{STAGED}")
        remove(temporary)
        staged[path] = temporary
        with temporary.open("xb") as file:
            if path.exists():
                share(file, path)
            yield file
            _flush(file)

    try:
        yield beside
        for path, temporary in staged.items():
            replace(temporary, path)
    finally:
        for temporary in staged.values():
            with suppress(OSError):
                remove(temporary)


def put(staged: Path, target: Path, content: bytes) -> None:
    """Write a file beside, then rename it into place."""
    write(staged, content)
    place(staged, target)


def place(staged: Path, target: Path) -> None:
    """Rename a file into its place in a repository; who may read the folder may read the file."""
    make_subdir(target.parent)
    open_up([staged], target.parent)
    replace(staged, target)


def make_subdir(folder: Path) -> None:
    """Make a folder of the repository, and its parents; who may read the parent may read it."""
    if not folder.exists():
        make_subdir(folder.parent)
        folder.mkdir()
        open_up([folder], folder.parent)


def write(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file, whose content may come in pieces, with the folders above it, and sync it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.writelines([content] if isinstance(content, bytes) else content)
        _flush(file)


def partial(target: Path) -> Path:
    """Return where a staged file arrives: its name less a letter, so that no path is longer."""
    return target.with_name(target.name[:-1])


def keep_only(staging: Path, names: Container[str]) -> None:
    """Delete what an interrupted command staged, except files of these names."""
    for path in sorted(staging.glob("**/*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(staging).as_posix() not in names:
            path.unlink()


def sync_files(paths: Iterable[Path]) -> None:
    """Make files last through a power failure; many at once, because one by one is slow."""
    run_all(_sync_file, [*paths], SYNC_THREADS)


def sync_folders(root: Path, names: Iterable[str]) -> None:
    """Make the names of these files, below `root`, last through a power failure."""
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


def replace(source: Path, target: Path) -> None:
    """Rename a file or a folder; an existing file is replaced.

    Raises:
        OSError: It fails; the error names the file that another program has open.
    """
    _insist(lambda: os.replace(source, target), target if target.exists() else source)


def remove(path: Path) -> None:
    """Delete a file if it exists.

    Raises:
        OSError: It cannot be deleted.
    """
    _insist(lambda: path.unlink(missing_ok=True), path)


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_file(path: Path) -> None:
    with path.open("r+b" if os.name == "nt" else "rb") as file:
        os.fsync(file.fileno())


def _insist(step: Callable[[], None], path: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    pause = 0.0
    while True:
        try:
            return step()
        except PermissionError as error:
            if getattr(error, "winerror", None) not in HELD:
                raise
            if not pause:
                with suppress(OSError):
                    path.chmod(stat.S_IMODE(path.stat().st_mode) | stat.S_IWRITE)
            elif time.monotonic() >= deadline:
                raise PermissionError(error.errno, WHY, str(path)) from error
            time.sleep(pause)
            pause = min(2 * pause, PAUSES[1]) or PAUSES[0]
