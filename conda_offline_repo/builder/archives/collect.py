"""Verified archives for the entries of a build.

An archive comes from where it costs least: the repository itself, what an interrupted build left in
the staging folder, another label's repository, conda's package caches, or the channel. Wherever it
comes from, its bytes are hashed here before anything names them.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..._conda.network.retries import DownloadFailedError
from ...files.hashing import Digests, hash_file
from ...repository.publication.exceptions import NoSpaceError
from ..exceptions import DownloadError
from .archive import Archive, check_identity
from .downloads import HERE, downloads
from .local import LocalArchives, has_size

if TYPE_CHECKING:
    from ...progress import Progress
    from ..upstream.entry import Entry
    from .download import Turn


#: Bytes kept free for index files and the file system's own needs.
RESERVE = 16 << 20


@contextmanager
def collecting(
    entries: Iterable[Entry],
    repository: Path,
    staging: Path,
    progress: Progress,
    local: LocalArchives,
    arrived: Callable[[Archive], None],
) -> Iterator[Callable[[], tuple[Archive, ...]]]:
    """Collect archives in threads, while something else is done in the context.

    When the context ends early, by an error too, nothing is begun any more and nobody writes; by an
    interruption, nobody waits for a server.

    Args:
        entries: What the solutions need.
        repository: The published folder; nothing in it is changed.
        staging: A folder on the same file system, which keeps its archives.
        progress: Gets archives and bytes as they arrive, once they are waited for.
        local: The archives of this machine; downloads are added.
        arrived: Called, in any thread, for each archive that is new in the repository; an error
            that it raises ends the work.

    Yields:
        A function that waits for all, and returns every archive, verified, in the repository or in
        the staging folder, sorted by name. It raises:

        DownloadError: Some archives cannot be downloaded; names all of them.
        ChannelRefusedError: A channel refuses its archives; raised at the first one.
        InvalidArchiveError: One is not the package that its channel lists; as before.
    """
    stop = threading.Event()
    shown = _Later(progress)

    def download_archive(entry: Entry, turn: Turn) -> Archive:
        published, target = repository / entry.name, staging / entry.name
        target.parent.mkdir(parents=True, exist_ok=True)
        digests = turn.download(entry, target, shown.advance)
        local.note(target, digests, entry.public_url)
        with suppress(OSError):
            if not entry.has_digest and hash_file(published).sha256 == digests.sha256:
                target.unlink()
                return Archive.of(entry, published, digests, staged=False)
        return Archive.of(entry, target, digests, staged=True)

    def collect_archive(entry: Entry, turn: Turn) -> Archive | DownloadFailedError:
        archive = local.find(entry, repository, staging) if entry.name in here else None
        if archive:
            shown.advance(archive.size)
        else:
            try:
                archive = download_archive(entry, turn)
            except DownloadFailedError as error:  # the others are tried all the same
                return error
        if archive.staged:
            check_identity(archive.path, entry)
            arrived(archive)
        shown.advance(0, packages=1)
        return archive

    entries = [local.with_digest(entry) for entry in entries]
    sizes = [entry.size for entry in entries if entry.size is not None]
    size, number = sum(sizes) if len(sizes) == len(entries) else None, len(entries)
    published = [a for e in entries if (a := local.published_archive(e, repository))]
    known = {archive.name for archive in published}
    entries = [entry for entry in entries if entry.name not in known]
    here = {entry.name for entry in entries if local.may_have(entry, repository, staging)}
    shown.advance(sum(archive.size for archive in published), len(published))
    with downloads(
        collect_archive,
        entries,
        stop,
        lambda entry: HERE if entry.name in here else entry.url,
        lambda entry: entry.size or 0,
    ) as outcomes:

        def finished() -> tuple[Archive, ...]:
            with progress.counting("Collecting", number, size):
                shown.begin()
                return _all_of(outcomes, published)

        yield finished


def _all_of(
    outcomes: Iterable[tuple[Entry, Archive | DownloadFailedError]],
    published: Iterable[Archive],
) -> tuple[Archive, ...]:
    failures: dict[str, tuple[str, str]] = {}
    archives = [*published]
    for entry, outcome in outcomes:
        if isinstance(outcome, DownloadFailedError):
            channel = entry.public_url.rsplit("/", 2)[0]
            hint = outcome.hint.replace("{channel}", channel)
            failures[entry.public_url] = str(outcome), hint
        else:
            archives.append(outcome)
    if failures:
        raise DownloadError(failures)
    return tuple(sorted(archives, key=lambda archive: archive.name))


class _Later:
    """Progress that is shown from a certain moment on, with all that was before."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._begun, self._size, self._packages = False, 0, 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        with self._lock:
            self._begun = True
            self._progress.advance(self._size, self._packages)

    def advance(self, size: int, packages: int = 0) -> None:
        with self._lock:
            if self._begun:
                self._progress.advance(size, packages)
            else:
                self._size += size
                self._packages += packages


def foresee(entries: Iterable[Entry], repository: Path) -> tuple[Archive, ...]:
    """Return the archives as the channels state them, for a plan that downloads nothing."""
    archives = []
    for entry in entries:
        path = repository / entry.name
        digests = Digests(entry.sha256 or "", entry.md5 or "", entry.size or 0)
        archives.append(Archive.of(entry, path, digests, staged=not has_size(path, entry)))
    return tuple(archives)


def check_space(
    entries: Iterable[Entry], repository: Path, staging: Path, local: LocalArchives
) -> None:
    """Check that the archives of a build fit on the disk, before it downloads any.

    Raises:
        NoSpaceError: They do not fit, with some room for index files.
    """
    lacking = (e for e in entries if not local.lies_here(e, repository, staging))
    missing = sum(entry.size or 0 for entry in lacking)
    free = shutil.disk_usage(repository.parent).free
    if missing and free < missing + RESERVE:
        raise NoSpaceError(repository.parent, missing, RESERVE, free)
