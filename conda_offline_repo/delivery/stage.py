"""Bring the files that a target lacks to beside it: copied, hashed on the way, and synced."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.atomic import partial, replace
from ..files.hashing import hash_file, hash_into
from ..files.web import WebFolder
from ..files.workers import workers
from ..repository.exceptions import OTHER_FILE
from .source import Source, SourceReadError, chunks, failure

if TYPE_CHECKING:
    from ..progress import Progress
    from ..repository.package import File, Package
    from .plan import Plan

#: How many files are copied at once from a folder: some are hashed while the disk takes in others.
THREADS = 8


def stage(plan: Plan, staging: Path, progress: Progress) -> None:
    """Bring every file that the target lacks into the staging folder.

    What an interrupted command left there is used, after it was read again.

    Raises:
        SourceDamagedError, SourceUnreadableError, UnreadableError: As `failure` tells.
        OfflineRepoError: The source does not have all of them; see `Source.lacks`.
        OSError: The disk refuses.
    """
    stop = threading.Event()
    place = plan.source.place
    threads = place.at_once if isinstance(place, WebFolder) else THREADS
    source, packages = plan.source, plan.source.manifest.packages
    problems: dict[str, SourceReadError] = {}
    absent: list[str] = []

    def bring(name: str) -> bool | SourceReadError:
        file = plan.lacking[name]
        if _is_staged(file, staging / name):
            progress.advance(file.size)
        elif name in source.names:
            try:
                _copy(source, name, file, staging / name, progress.advance, stop)
            except SourceReadError as error:  # the others are copied all the same
                return error
        else:
            return False
        progress.advance(0, packages=name in packages)
        return True

    for folder in sorted({(staging / name).parent for name in plan.lacking}):
        folder.mkdir(parents=True, exist_ok=True)
    with (
        progress.counting("Copying", len(packages.keys() & plan.lacking.keys()), plan.size),
        workers(bring, [*plan.lacking], threads, stop) as results,
    ):
        for name, result in results:
            if isinstance(result, SourceReadError):
                problems[name] = result
            elif not result:
                absent.append(name)
    if problems:
        raise failure(source, problems)
    if absent:
        raise source.lacks(sorted(absent))


def _is_staged(file: Package | File, place: Path) -> bool:
    try:
        return hash_file(place, limit=file.size).sha256 == file.sha256
    except FileNotFoundError:
        return False


def _copy(
    source: Source,
    name: str,
    file: Package | File,
    place: Path,
    progress: Callable[[int], None],
    stop: threading.Event,
) -> None:
    """Copy a file, or the rest of it where its beginning has arrived already.

    Raises:
        SourceReadError: It cannot be read, or is not the file that the manifest names.
    """
    arriving = partial(place)
    with arriving.open("a+b") as copy:
        # a second time from the start: what had arrived may be the beginning of another file
        for _ in range(2 if copy.tell() else 1):
            sha256 = hashlib.sha256()
            copy.seek(0)
            size = hash_into(copy, sha256, limit=file.size)
            progress(size)
            for chunk in chunks(source, name, size):
                if stop.is_set():
                    raise InterruptedError
                sha256.update(chunk)
                copy.write(chunk)
                size += len(chunk)
                progress(len(chunk))
                if size > file.size:
                    break
            copy.flush()
            if sha256.hexdigest() == file.sha256:
                break
            progress(-copy.tell())
            copy.truncate(0)
        else:
            raise SourceReadError(OTHER_FILE)
        os.fsync(copy.fileno())
    replace(arriving, place)
