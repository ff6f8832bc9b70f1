"""Archives that this machine has: each is hashed once, and lies on the disk once.

Labels of one root share most of their archives. What one label's repository has, another's gets as
a hard link. Nobody writes into a published archive: another one takes its place by rename, so the
links of others stay what they are.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from ..._conda import package_cache
from ...exceptions import OfflineRepoError
from ...files.hashing import Digests, copy_file, hash_file
from ...files.permissions import lets_read
from ...repository import manifest_json
from ...repository.locate import labels_in
from .archive import Archive

if TYPE_CHECKING:
    from ...repository.manifest import Manifest
    from ..upstream.entry import Entry

#: Tells one state of a file from another while a command runs.
Identity = tuple[int, int, int, int]


class LocalArchives:
    """The archives of this machine, for any thread.

    Args:
        root: The folder above the labels' repositories.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._hashed: dict[Identity, Digests] = {}
        self._places: dict[str, list[tuple[Path, str]]] = defaultdict(list)
        self._read = False
        self._reading = Lock()
        self._downloaded: dict[str, Digests] = {}

    def note(self, path: Path, digests: Digests, url: str = "") -> None:
        """Remember an archive that has just been written, and where it was downloaded from."""
        with suppress(OSError):
            self._hashed[_identity(path)] = digests
        if digests.sha256 not in self._places:  # it will soon lie elsewhere
            self._add(path.parent, path.name, digests.sha256, digests.md5)
        if url:
            self._downloaded[url] = digests

    def published(self, repository: Path, manifest: Manifest) -> None:
        """Remember the archives of a repository, and their attestations."""
        for name, package in manifest.packages.items():
            self._add(repository, name, package.sha256, package.md5)
        for name, file in manifest.attestations.items():
            self._add(repository, name, file.sha256)

    def elsewhere(self, entry: Entry) -> Iterator[Path]:
        """Yield where the labels' repositories should have an archive of this digest."""
        with self._reading:
            if not self._read:
                self._read = True
                with suppress(OfflineRepoError):
                    for repository in map(self._root.joinpath, labels_in(self._root)):
                        with suppress(OfflineRepoError):
                            self.published(repository, manifest_json.stated(repository))
        for folder, name in tuple(self._places.get(entry.sha256 or entry.md5 or "", ())):
            yield folder / name

    def with_digest(self, entry: Entry) -> Entry:
        """Return an entry with the digest of its archive, if its channel states none and this
        command has downloaded the archive before.
        """
        digests = None if entry.has_digest else self._downloaded.get(entry.public_url)
        if digests is None:
            return entry
        return replace(entry, record={**entry.record, "sha256": digests.sha256})

    def lies_here(self, entry: Entry, repository: Path, staging: Path) -> bool:
        """Return whether a file with an archive's name and size is in a repository or staged."""
        own = (repository / entry.name, staging / entry.name)
        # the manifests of other labels are read only where that matters
        return any(has_size(path, entry) for path in chain(own, self.elsewhere(entry)))

    def may_have(self, entry: Entry, repository: Path, staging: Path) -> bool:
        """Return whether this machine has a file with an archive's name and size."""
        return entry.has_digest and (
            self.lies_here(entry, repository, staging)
            or any(has_size(path, entry) for path in self._cached(entry))
        )

    def published_archive(self, entry: Entry, repository: Path) -> Archive | None:
        """Return the archive of an entry that lies in the repository, if this command has hashed
        it, there or in the repository of another label that it is a link of; None otherwise.
        """
        path = repository / entry.name
        with suppress(OSError):
            digests = self._hashed.get(_identity(path))
            whole = digests and (digests.md5 or entry.md5) and entry.size in (None, digests.size)
            if digests and whole and entry.has_digest and entry.has_bytes_of(digests):
                return Archive.of(entry, path, digests, staged=False)
        return None

    def find(self, entry: Entry, repository: Path, staging: Path) -> Archive | None:
        """Return the archive of an entry, in the repository or staged; None if this machine has
        none with the right bytes.

        conda's package caches are looked into last.
        """
        if not entry.has_digest:
            return None
        published, target = repository / entry.name, staging / entry.name
        if digests := self._verified(published, entry):
            return Archive.of(entry, published, digests, staged=False)
        digests = self._verified(target, entry)
        for source in () if digests else self.elsewhere(entry):
            if source != target and (digests := self._stage(source, target, entry, repository)):
                break
        for source in () if digests else self._cached(entry):
            if digests := self._stage(source, target, entry):
                break
        return Archive.of(entry, target, digests, staged=True) if digests else None

    def holds(self, path: Path, entry: Entry) -> bool:
        """Return whether a file is the archive of an entry, by its digests."""
        return self._verified(path, entry) is not None

    def _cached(self, entry: Entry) -> tuple[Path, ...]:
        return package_cache.archives(entry.file, self._caches)

    @cached_property
    def _caches(self) -> tuple[Path, ...]:
        """conda's package caches; a proof that goes on meanwhile has others."""
        return package_cache.folders()

    def _verified(self, path: Path, entry: Entry) -> Digests | None:
        """Return the digests of a file, read at most once; None if it is not the archive."""
        try:
            if not has_size(path, entry):
                return None
            identity = _identity(path)
            digests = self._hashed.get(identity)
            md5 = not (entry.md5 and entry.sha256)
            if not digests or (md5 and not digests.md5):
                digests = hash_file(path, md5=md5)
                if _identity(path) == identity:
                    self._hashed[identity] = digests
        except OSError:
            return None
        return digests if entry.has_bytes_of(digests) else None

    def _stage(
        self, source: Path, target: Path, entry: Entry, repository: Path | None = None
    ) -> Digests | None:
        """Link or copy an archive into the staging folder.

        An archive of a package cache is never linked: conda, or whoever else writes to the cache,
        would change the published archive along with its own, and its mode and owner would be
        published.

        One of another label's repository is linked where owner and permissions are what a new file
        would have in `repository`.

        Returns:
            Its digests; None if it is not the archive of the entry, or cannot be read.
        """
        digests = None
        with suppress(OSError):
            if not has_size(source, entry):
                return None
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            linked = repository and _link(source, target, repository)
            digests = self._verified(target, entry) if linked else copy_file(source, target)
        if digests and entry.has_bytes_of(digests):
            self.note(target, digests)
            return digests
        target.unlink(missing_ok=True)
        return None

    def _add(self, folder: Path, name: str, *digests: str) -> None:
        for digest in filter(None, digests):
            self._places[digest].append((folder, name))


def has_size(path: Path, entry: Entry) -> bool:
    """Return whether there is a file of the size that the entry states."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(status.st_mode) and entry.size in (None, status.st_size)


def _link(source: Path, target: Path, repository: Path) -> bool:
    """Return whether an archive of another label could be linked.

    Raises:
        OSError: It must not even be copied.
    """
    status, own = source.lstat(), target.parent.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(f"{source} is not a regular file")
    ours = (status.st_uid, status.st_gid) == (own.st_uid, own.st_gid)
    if ours and lets_read(status.st_mode, repository):
        with suppress(OSError, NotImplementedError):  # not on the stick, or not more of them
            os.link(source, target, follow_symlinks=False)
            return True
    return False


def _identity(path: Path) -> Identity:
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
