"""Archives that need no download: what this machine has of them, verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._conda import package_cache
from ...files.hashing import copy_file
from .archive import archive
from .local import bring

if TYPE_CHECKING:
    from pathlib import Path

    from ...files.hashing import Digests
    from ..upstream.entries import Entry
    from .archive import Archive
    from .local import Known


def at_hand(entry: Entry, repository: Path, staging: Path, known: Known) -> Archive | None:
    """Return the archive from this machine, or None if it has none with the right bytes."""
    published = repository / entry.name
    target = staging / entry.name
    if not entry.has_digest:
        return None
    digests = _verified(published, entry, known)
    if digests:
        return archive(entry, published, False, digests)
    digests = _verified(target, entry, known) or _from_other_label(entry, target, repository, known)
    for cached in () if digests else package_cache.archives(entry.file):
        digests = _from_cache(cached, target, entry)
        if digests:
            known.note(target, digests)
            break
    return archive(entry, target, True, digests) if digests else None


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
