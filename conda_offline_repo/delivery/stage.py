"""Bring what a target lacks to beside it: copied, hashed on the way, made to last."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING

from ..files.atomic import partial, replace
from ..files.hashing import hash_file, hash_into
from ..files.workers import workers
from .exceptions import SourceDamagedError
from .source import SourceReadError, chunks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    from ..progress import Progress
    from .plan import Plan, Wanted
    from .source import Source

#: How many files are copied at once: some are hashed while the disk takes in others.
THREADS = 8


def stage(found: Plan, staging: Path, progress: Progress) -> None:
    """Have every file that is lacking in the staging folder.

    What an interrupted command left there is used, after it was read again.

    Args:
        found: What is lacking, and where from.
        staging: A folder on the target's file system.
        progress: Told how far it is.

    Raises:
        SourceDamagedError: Files of the source are not what its manifest says; all are named.
        OfflineRepoError: The source has not all of them; see `Source.lacks`.
        OSError: The disk refuses.
    """
    stop = threading.Event()
    problems: dict[str, str] = {}
    absent: list[str] = []
    packages = found.source.manifest.packages

    def one(wanted: Wanted) -> bool:
        if _is_staged(wanted, staging):
            progress.advance(wanted.size)
        elif found.source.has(wanted.name):
            _copy(found.source, wanted, staging, progress.advance, stop)
        else:
            return False
        progress.advance(0, packages=wanted.name in packages)
        return True

    for folder in sorted({(staging / wanted.name).parent for wanted in found.lacking}):
        folder.mkdir(parents=True, exist_ok=True)
    number = sum(wanted.name in packages for wanted in found.lacking)
    with (
        progress.counting("Copying", number, found.size),
        workers(one, found.lacking, THREADS, stop) as outcomes,
    ):
        for wanted, outcome in outcomes:
            if isinstance(outcome, SourceReadError):
                problems[wanted.name] = str(outcome)
            elif isinstance(outcome, BaseException):
                raise outcome
            elif not outcome:
                absent.append(wanted.name)
    if problems:
        raise SourceDamagedError(found.source.place, problems)
    if absent:
        raise found.source.lacks(sorted(absent))


def _is_staged(wanted: Wanted, staging: Path) -> bool:
    try:
        there = hash_file(staging / wanted.name, limit=wanted.size)
    except FileNotFoundError:
        return False
    return there.sha256 == wanted.sha256


def _copy(
    source: Source,
    wanted: Wanted,
    staging: Path,
    progress: Callable[[int], None],
    stop: threading.Event,
) -> None:
    """Copy a file, or the rest of it where its beginning is there.

    Raises:
        SourceReadError: It is not the file that is wanted.
    """
    place = staging / wanted.name
    arriving = partial(place)
    with arriving.open("a+b") as copy:
        resumed = copy.tell() > 0
        if _append(source, wanted, copy, progress, stop) != wanted.sha256:
            progress(-copy.tell())
            copy.truncate(0)
            # what was there may have been the beginning of another file
            if not resumed or _append(source, wanted, copy, progress, stop) != wanted.sha256:
                copy.truncate(0)
                raise SourceReadError("it is not the file that the manifest names")
        os.fsync(copy.fileno())
    replace(arriving, place)


def _append(
    source: Source,
    wanted: Wanted,
    copy: BinaryIO,
    progress: Callable[[int], None],
    stop: threading.Event,
) -> str:
    """Append the rest of a file to its beginning; returns the SHA-256 of the whole."""
    sha256 = hashlib.sha256()
    copy.seek(0)
    size = hash_into(copy, sha256, limit=wanted.size)
    progress(size)
    for chunk in chunks(source, wanted.name, size):
        if stop.is_set():
            raise InterruptedError
        sha256.update(chunk)
        copy.write(chunk)
        size += len(chunk)
        progress(len(chunk))
        if size > wanted.size:
            break
    copy.flush()
    return sha256.hexdigest()
