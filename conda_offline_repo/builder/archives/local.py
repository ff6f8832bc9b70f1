"""The archives that a command knows of: each is hashed once, and lies on the disk once.

Labels of one root share most of their archives. What one label's repository has, another's gets as
a hard link. Nobody writes into a published archive: another one takes its place by rename, so the
links of others stay what they are.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from ..._conda import package_cache
from ...exceptions import OfflineRepoError
from ...files.hashing import copy_file, hash_file
from ...files.permissions import lets_read
from ...repository import manifest_json
from ...repository.locate import labels_in
from .archive import Archive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ...files.hashing import Digests
    from ...repository.manifest import Manifest
    from ..upstream.entries import Entry

#: What tells one state of a file from another while a command runs.
Identity = tuple[int, int, int, int]


class Known:
    """What is known of archives below a root, by any thread.

    Args:
        root: The folder above the labels' repositories.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._hashed: dict[Identity, Digests] = {}
        self._places: dict[str, list[Path]] = defaultdict(list)
        self._read = False
        self._reading = Lock()
        self._downloaded: dict[str, Digests] = {}

    def digests(self, path: Path, *, md5: bool = False) -> Digests:
        """Return the digests of a file, read at most once; see `hash_file`."""
        before = _identity(path)
        known = self._hashed.get(before)
        if known and (known.md5 or not md5):
            return known
        found = hash_file(path, md5=md5)
        if _identity(path) == before:
            self._hashed[before] = found
        return found

    def note(self, path: Path, digests: Digests, url: str = "") -> None:
        """Remember what has just been written, or found, at a place.

        Args:
            path: The archive.
            digests: Of it.
            url: Where it was downloaded from, if it was.
        """
        with suppress(OSError):
            self._hashed[_identity(path)] = digests
        self._add(digests.sha256, digests.md5, path)
        if url:
            self._downloaded[url] = digests

    def published(self, repository: Path, manifest: Manifest) -> None:
        """Remember what a repository has now."""
        for name, package in manifest.packages.items():
            self._add(package.sha256, package.md5, repository / name)

    def elsewhere(self, entry: Entry) -> Iterator[Path]:
        """Yield where an archive of this digest is said to be, in the labels' repositories."""
        with self._reading:
            if not self._read:
                self._read = True
                self._read_manifests()
        yield from tuple(self._places.get(entry.sha256 or entry.md5 or "", ()))

    def downloaded(self, entry: Entry) -> Entry:
        """Return an entry with the digest that was found, if its channel states none and this
        command has downloaded its archive before.
        """
        found = None if entry.has_digest else self._downloaded.get(entry.public_url)
        return replace(entry, record={**entry.record, "sha256": found.sha256}) if found else entry

    def _read_manifests(self) -> None:
        with suppress(OfflineRepoError):
            for label in labels_in(self._root):
                with suppress(OfflineRepoError):
                    there = manifest_json.read(self._root / label)
                    if there:
                        self.published(self._root / label, there)

    def _add(self, sha256: str, md5: str, path: Path) -> None:
        for digest in filter(None, (sha256, md5)):
            if path not in self._places[digest]:
                self._places[digest].append(path)


def bring(source: Path, target: Path, repository: Path) -> None:
    """Have an archive of another label at a second place: by a hard link, or else as a copy.

    A link shares owner and permissions with the other label, so it is made only where those are
    what a new file would have here.

    Args:
        source: The archive.
        target: A path in the staging folder; nothing is there.
        repository: Which it is for.

    Raises:
        OSError: It cannot be had.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    there = source.lstat()
    if not stat.S_ISREG(there.st_mode):
        raise OSError(f"{source} is not a regular file")
    if _is_like_new(there, target.parent) and lets_read(there.st_mode, repository):
        with suppress(OSError, NotImplementedError):  # not on the stick, or not more of them
            os.link(source, target, follow_symlinks=False)
            return
    target.unlink(missing_ok=True)
    copy_file(source, target)


def _is_like_new(there: os.stat_result, folder: Path) -> bool:
    own = folder.stat()
    return (there.st_uid, there.st_gid) == (own.st_uid, own.st_gid)


def _identity(path: Path) -> Identity:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def at_hand(entry: Entry, repository: Path, staging: Path, known: Known) -> Archive | None:
    """Return the archive from this machine, or None if it has none with the right bytes."""
    published = repository / entry.name
    target = staging / entry.name
    if not entry.has_digest:
        return None
    digests = _verified(published, entry, known)
    if digests:
        return Archive.of(entry, published, digests, staged=False)
    digests = _verified(target, entry, known) or _from_other_label(entry, target, repository, known)
    for cached in () if digests else package_cache.archives(entry.file):
        digests = _from_cache(cached, target, entry)
        if digests:
            known.note(target, digests)
            break
    return Archive.of(entry, target, digests, staged=True) if digests else None


def _from_other_label(entry: Entry, target: Path, repository: Path, known: Known) -> Digests | None:
    """Return the digests of an archive that another label's repository had; it is staged now."""
    for place in known.elsewhere(entry):
        try:
            if place == target or not has_size(place, entry):
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
        if not has_size(path, entry):
            return None
        digests = known.digests(path, md5=not entry.md5 or not entry.sha256)
    except OSError:
        return None
    return digests if _has_digest(digests, entry) else None


def has_size(path: Path, entry: Entry) -> bool:
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
        if not has_size(cached, entry):
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
