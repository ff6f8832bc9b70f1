"""Verified archives for the entries of a build.

An archive comes from where it costs least: the repository itself, what an interrupted build left in
the staging folder, another label's repository, conda's package caches, or the channel. Wherever it
comes from, its bytes are hashed here before anything names them.
"""

from __future__ import annotations

import shutil
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from conda.base.context import context

from ...files.hashing import hash_file
from ...files.workers import workers
from ...repository.exceptions import NoSpaceError
from ..exceptions import DownloadError
from .archive import Archive, check_identity
from .download import download
from .local import has_size, local_archive
from .response import DownloadFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ...progress import Progress
    from ..upstream.entries import Entry
    from .local import Known


#: Bytes kept free for index files and the file system's own needs.
RESERVE = 16 << 20


def collect(
    entries: Iterable[Entry],
    repository: Path,
    staging: Path,
    progress: Progress,
    known: Known,
    arrived: Callable[[Archive], None],
) -> tuple[Archive, ...]:
    """Have every archive, verified, in the repository or in the staging folder.

    Args:
        entries: What the solutions need.
        repository: The published folder; nothing in it is changed.
        staging: A folder on the same file system, which keeps what it holds.
        progress: Sees how far it is.
        known: What is known of archives; learns more.
        arrived: Called, in any thread, for each archive that is new in the repository; what it
            raises ends the work.

    Raises:
        DownloadError: Some archives could not be had; all of them are named.
        ChannelRefusedError: A channel refuses its archives; raised at the first one.
        InvalidArchiveError: One is not the package that its channel lists; as before.
    """
    stop = threading.Event()
    failures: dict[str, str] = {}
    archives: list[Archive] = []

    def one(entry: Entry) -> Archive:
        entry = known.downloaded(entry)
        archive = local_archive(entry, repository, staging, known)
        if archive:
            progress.advance(archive.size)
        else:
            archive = _downloaded(entry, repository, staging, progress.advance, stop, known)
        if archive.staged:
            check_identity(archive.path, entry)
            arrived(archive)
        progress.advance(0, packages=1)
        return archive

    # the largest first, so that none of them is waited for alone in the end
    by_size = sorted(entries, key=lambda entry: entry.size or 0, reverse=True)
    sizes = [entry.size for entry in by_size if entry.size is not None]
    size = sum(sizes) if len(sizes) == len(by_size) else None
    with (
        progress.counting("Collecting", len(by_size), size),
        workers(one, by_size, context.fetch_threads, stop) as outcomes,
    ):
        for entry, outcome in outcomes:
            if isinstance(outcome, DownloadFailedError):
                failures[entry.name] = str(outcome)
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                archives.append(outcome)
    if failures:
        raise DownloadError(failures)
    return tuple(sorted(archives, key=lambda archive: archive.name))


def foresee(entries: Iterable[Entry], repository: Path) -> tuple[Archive, ...]:
    """Return the archives as the channels state them, for a plan that downloads nothing."""
    return tuple(
        Archive(
            name=entry.name,
            path=repository / entry.name,
            staged=not has_size(repository / entry.name, entry),
            sha256=entry.sha256 or "",
            md5=entry.md5 or "",
            size=entry.size or 0,
        )
        for entry in entries
    )


def check_space(entries: Iterable[Entry], repository: Path, staging: Path, known: Known) -> None:
    """Refuse a build whose archives do not fit on the disk, before it downloads any.

    Raises:
        NoSpaceError: They do not fit, with some room for index files.
    """
    missing = sum(
        entry.size or 0
        for entry in entries
        if not has_size(repository / entry.name, entry)
        and not has_size(staging / entry.name, entry)
        and not any(has_size(place, entry) for place in known.elsewhere(entry))
    )
    free = shutil.disk_usage(repository.parent).free
    if missing and free < missing + RESERVE:
        raise NoSpaceError(repository.parent, missing + RESERVE, free)


def _downloaded(
    entry: Entry,
    repository: Path,
    staging: Path,
    progress: Callable[[int], None],
    stop: threading.Event,
    known: Known,
) -> Archive:
    """Return the archive from its channel; the published one where the channel states no digest and
    it turns out to be the same.
    """
    published, target = repository / entry.name, staging / entry.name
    target.parent.mkdir(parents=True, exist_ok=True)
    digests = download(entry, target, progress, stop)
    known.note(target, digests, entry.public_url)
    same = False
    with suppress(OSError):
        same = not entry.has_digest and hash_file(published).sha256 == digests.sha256
    if same:
        target.unlink()
        return Archive.of(entry, published, digests, staged=False)
    return Archive.of(entry, target, digests, staged=True)
