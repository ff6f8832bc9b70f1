"""Verified archives for the entries of a build.

An archive comes from where it costs least: the repository itself, what an interrupted build left in
the staging folder, another label's repository, conda's package caches, or the channel. Wherever it
comes from, its bytes are hashed here before anything names them.
"""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conda.base.context import context

from ... import package_cache
from ...crew import crew
from ...publishing.exceptions import NoSpaceError
from ...repository.hashing import copy_file, hash_file
from ..archives import identity
from ..exceptions import DownloadError
from .download import download
from .failures import DownloadFailedError
from .known import bring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ...progress import Progress
    from ...repository.hashing import Digests
    from ..upstream.entries import Entry
    from .known import Known


#: Bytes kept free for index files and the file system's own needs.
RESERVE = 16 << 20


@dataclass(frozen=True)
class Archive:
    """An archive whose bytes are what the channel says of them.

    Attributes:
        name: `subdir/file`.
        path: Where it lies now: in the repository, or staged.
        staged: Whether it has to be brought into the repository.
        sha256: Hexadecimal.
        md5: Hexadecimal.
        size: Bytes.
    """

    name: str
    path: Path
    staged: bool
    sha256: str
    md5: str
    size: int


def collect(
    entries: Iterable[Entry],
    repository: Path,
    staging: Path,
    progress: Progress,
    known: Known,
) -> tuple[Archive, ...]:
    """Have every archive, verified, in the repository or in the staging folder.

    Args:
        entries: What the solutions need.
        repository: The published folder; nothing in it is changed.
        staging: A folder on the same file system, which keeps what it holds.
        progress: Told how far it is.
        known: What is known of archives; told of more.

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
        found = _at_hand(entry, repository, staging, known)
        if found:
            progress.advance(found.size)
        else:
            found = _downloaded(
                entry, repository / entry.name, staging, progress.advance, stop, known
            )
        if found.staged:
            identity.check(found.path, entry)
        progress.advance(0, packages=1)
        return found

    # the largest first, so that none of them is waited for alone in the end
    by_size = sorted(entries, key=lambda entry: entry.size or 0, reverse=True)
    sizes = [entry.size for entry in by_size if entry.size is not None]
    size = sum(sizes) if len(sizes) == len(by_size) else None
    with (
        progress.counting("Collecting", len(by_size), size),
        crew(one, by_size, context.fetch_threads, stop) as outcomes,
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
            staged=not _has_size(repository / entry.name, entry),
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
        if not _has_size(repository / entry.name, entry)
        and not _has_size(staging / entry.name, entry)
        and not any(_has_size(place, entry) for place in known.elsewhere(entry))
    )
    free = shutil.disk_usage(repository.parent).free
    if missing and free < missing + RESERVE:
        raise NoSpaceError(repository.parent, missing + RESERVE, free)


def _at_hand(entry: Entry, repository: Path, staging: Path, known: Known) -> Archive | None:
    """Return the archive from this machine, or None if it has none with the right bytes."""
    published = repository / entry.name
    target = staging / entry.name
    if not entry.has_digest:
        return None
    digests = _verified(published, entry, known)
    if digests:
        return _archive(entry, published, False, digests)
    digests = _verified(target, entry, known) or _from_other_label(entry, target, repository, known)
    for cached in () if digests else package_cache.archives(entry.file):
        digests = _from_cache(cached, target, entry)
        if digests:
            known.note(target, digests)
            break
    return _archive(entry, target, True, digests) if digests else None


def _from_other_label(entry: Entry, target: Path, repository: Path, known: Known) -> Digests | None:
    """Return the digests of an archive that another label's repository had; it is staged now."""
    for place in known.elsewhere(entry):
        try:
            if place == target or not _has_size(place, entry):
                continue
            target.unlink(missing_ok=True)
            bring(place, target, repository)
        except OSError:
            continue
        digests = _verified(target, entry, known)
        if digests:
            return digests
        target.unlink()
    return None


def _verified(path: Path, entry: Entry, known: Known) -> Digests | None:
    """Return the digests of a file, or None if it is not there or not the archive of the entry."""
    try:
        if not _has_size(path, entry):
            return None
        digests = known.digests(path, md5=not entry.md5 or not entry.sha256)
    except OSError:
        return None
    return digests if _has_digest(digests, entry) else None


def _has_size(path: Path, entry: Entry) -> bool:
    """Return whether there is a file of the size that the entry states."""
    return path.is_file() and entry.size in (None, path.stat().st_size)


def _has_digest(digests: Digests, entry: Entry) -> bool:
    """Return whether the digest is the one that the entry states."""
    return digests.sha256 == entry.sha256 if entry.sha256 else digests.md5 == entry.md5


def _from_cache(cached: Path, target: Path, entry: Entry) -> Digests | None:
    """Copy an archive from a cache to the staging folder, reading it once.

    It is never linked: conda, or whoever else writes to the cache, would change the published
    archive along with its own, and mode and owner of the cache would be published.

    Returns:
        Its digests, or None if it is not the archive of the entry, or cannot be read or copied.
    """
    try:
        if not _has_size(cached, entry):
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        digests = copy_file(cached, target)
    except OSError:
        target.unlink(missing_ok=True)
        return None
    if _has_digest(digests, entry):
        return digests
    target.unlink()
    return None


def _downloaded(
    entry: Entry,
    published: Path,
    staging: Path,
    progress: Callable[[int], None],
    stop: threading.Event,
    known: Known,
) -> Archive:
    """Return the archive from its channel; the published one where the channel states no digest and
    it turns out to be the same.
    """
    target = staging / entry.name
    target.parent.mkdir(parents=True, exist_ok=True)
    digests = download(entry, target, progress, stop)
    known.note(target, digests, entry.public_url)
    if not entry.sha256 and not entry.md5 and _same_bytes(published, digests):
        target.unlink()
        return _archive(entry, published, False, digests)
    return _archive(entry, target, True, digests)


def _same_bytes(path: Path, digests: Digests) -> bool:
    """Return whether there is a file with these digests."""
    try:
        return hash_file(path).sha256 == digests.sha256
    except OSError:
        return False


def _archive(entry: Entry, path: Path, staged: bool, digests: Digests) -> Archive:
    return Archive(
        name=entry.name,
        path=path,
        staged=staged,
        sha256=digests.sha256,
        md5=entry.md5 or digests.md5,
        size=digests.size,
    )
