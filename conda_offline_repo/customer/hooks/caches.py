"""What conda's package caches have in the place of a repository's archives.

conda links what it has extracted before if name, size and MD5 are those of the record, as far as
both state them; it looks at no SHA-256 digest, and at no file again. So before it does, each
archive and each extracted folder that it could take is compared with the record. What differs or
cannot be checked is removed, and conda extracts anew; what differs from its own record is refused.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.base.context import context
from conda.core.package_cache_data import PackageCacheData
from conda.exceptions import CondaError
from conda.gateways.disk.delete import rm_rf
from conda.models.records import PackageRecord

from ..._conda import package_cache
from ...files.hashing import Digests, hash_file, read_regular
from ...files.workers import run_all
from ...repository import reading
from .exceptions import PoisonedCacheError

if TYPE_CHECKING:
    from .archives import LinkedArchive

EXTENSIONS = (".conda", ".tar.bz2")


def check_caches(archives: tuple[LinkedArchive, ...]) -> None:
    """Let conda find nothing else in its caches in the place of archives.

    Raises:
        PoisonedCacheError: A cached archive is not what its cache says, or cannot be removed.
    """
    folders = [folder for folder in package_cache.folders() if folder.is_dir()]
    places = [(folder, archive) for folder in folders for archive in archives]
    results = run_all(lambda place: _wrong(*place), places)
    poisoned = [str(path) for refused, _ in results for path in refused]
    for path in () if context.dry_run else [path for _, stale in results for path in stale]:
        rm_rf(str(path))  # one after the other: conda's is not for several threads
        poisoned += [str(path)] if os.path.lexists(path) else []
    if poisoned:
        raise PoisonedCacheError(poisoned)


def check_extracted(archives: tuple[LinkedArchive, ...]) -> None:
    """Refuse what conda is about to link of its caches if it was not extracted of the archives.

    Raises:
        PoisonedCacheError: A cached archive differs, or cannot be checked; what was extracted of it
            is removed.
    """
    links = []
    for archive in archives:
        with suppress(CondaError):  # conda says so itself
            entry = PackageCacheData.get_entry_to_link(archive.record)
            links.append((archive, Path(entry.package_tarball_full_path)))

    def differs(link: tuple[LinkedArchive, Path]) -> bool:
        archive, cached = link
        noted = _noted(cached)
        digests = _digests(cached, archive, noted)
        return digests is None or not _agrees(noted, digests)

    checked = zip(links, run_all(differs, links), strict=True)
    poisoned = [cached for (_, cached), wrong in checked if wrong]
    for cached in poisoned:
        rm_rf(str(package_cache.extracted(cached)))
    if poisoned:
        raise PoisonedCacheError(map(str, poisoned))


def only_cached(archive: LinkedArchive) -> bool:
    """Return whether a cache has the very archive of a record, and the repository no longer."""
    if archive.allowed or (isinstance(archive.path, Path) and os.path.lexists(archive.path)):
        return False
    cached = package_cache.archives(archive.path.name)
    return any(_digests(path, archive, {}) for path in cached)


def remove_refused(archives: Iterable[LinkedArchive]) -> None:
    """Remove what conda has extracted of archives that were then refused."""
    for archive in archives:
        for cached in package_cache.archives(archive.path.name):
            refused = hash_file(cached).sha256 not in archive.allowed
            if refused and _noted(cached).get("url") == str(archive.record.url):
                rm_rf(str(cached))
                rm_rf(str(package_cache.extracted(cached)))


def _wrong(folder: Path, archive: LinkedArchive) -> tuple[list[Path], list[Path]]:
    """Return what of a cache conda could link in the place of an archive: what must be refused, and
    what need only be removed.
    """
    cached = folder / archive.path.name
    unpacked = package_cache.extracted(cached)
    noted = _noted(cached)
    stale = []
    for path in (folder / f"{unpacked.name}{extension}" for extension in EXTENSIONS):
        if not path.is_file():
            continue
        digests = _digests(path, archive, noted)
        if digests is None:
            if path == cached and _is_noted(archive, noted):
                return [path], []
            if _matches(noted or vars(hash_file(path, md5=True)), archive.record):
                stale.append(path)
        elif (not archive.sha256 or _text(noted, "sha256")) and _agrees(noted, digests):
            return [], []
    if unpacked.is_dir() and _matches(noted, archive.record):
        stale.append(unpacked)
    return [], stale


def _digests(cached: Path, archive: LinkedArchive, noted: Mapping[str, Any]) -> Digests | None:
    """Return the digests of a cached archive if it is the one of the record, else None."""
    # where the record states both, the MD5 digest is that of the bytes with its SHA-256 digest
    md5_known = bool(archive.sha256) and _text(noted, "md5") in ("", archive.md5)
    try:
        digests = hash_file(cached, md5=not md5_known)
    except OSError:
        return None
    if archive.sha256:
        right = digests.sha256 == archive.sha256
    elif archive.md5 and not archive.allowed:
        right = digests.md5 == archive.md5
    else:
        right = digests.sha256 in archive.allowed and archive.md5 in ("", digests.md5)
    if not right:
        return None
    return replace(digests, md5=archive.md5) if md5_known else digests


def _noted(cached: Path) -> dict[str, Any]:
    """Return what conda noted of a cached archive when it extracted it."""
    try:
        record = package_cache.extracted(cached) / "info" / "repodata_record.json"
        noted = json.loads(read_regular(record, reading.LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _text(record: Mapping[str, Any], key: str) -> str:
    return str(record.get(key) or "").lower()


def _agrees(noted: Mapping[str, Any], digests: Digests) -> bool:
    """Return whether an archive is what was noted of it; one digest at least must have been."""
    sha256, md5 = _text(noted, "sha256"), _text(noted, "md5")
    return bool(sha256 or md5) and sha256 in ("", digests.sha256) and md5 in ("", digests.md5)


def _is_noted(archive: LinkedArchive, noted: Mapping[str, Any]) -> bool:
    if archive.sha256 and (sha256 := _text(noted, "sha256")):
        return sha256 == archive.sha256
    return bool(archive.md5) and _text(noted, "md5") == archive.md5


def _matches(noted: Mapping[str, Any], record: PackageRecord) -> bool:
    """Return whether conda takes what was noted for the record: `pcrec_matches`, or as the same
    package.

    The channel is left aside, as conda itself does where it finds nothing else.
    """
    pairs = [(_text(noted, key), _text(record, key)) for key in ("size", "md5")]
    if all("" in pair or pair[0] == pair[1] for pair in pairs):
        return True
    try:
        return bool(PackageRecord(**noted) == record)
    except Exception:  # what conda cannot make a record of, it does not link
        return False
