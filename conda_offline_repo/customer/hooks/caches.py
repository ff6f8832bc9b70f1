"""What conda's package caches have in the place of a repository's archives.

conda links what it has extracted before if name, size and MD5 are those of the record, as far as
both state them; it looks at no SHA-256 digest, and at no file again. So before it does, each
archive and each extracted folder that it could take is compared with the record. What is another
or cannot be checked is removed, and conda extracts anew; what is not what it says is refused.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.core.package_cache_data import PackageCacheData
from conda.exceptions import CondaError
from conda.gateways.disk.delete import rm_rf
from conda.models.records import PackageRecord

from ..._conda import package_cache
from ...files.hashing import hash_file, read_regular
from ...files.workers import run_all
from ...repository import reading
from .archives import manifests
from .exceptions import PoisonedCacheError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ...files.hashing import Digests
    from ...repository.manifest import Manifest
    from .archives import LinkedArchive

EXTENSIONS = (".conda", ".tar.bz2")


def check_caches(archives: tuple[LinkedArchive, ...]) -> None:
    """Let conda find nothing in its caches in the place of archives that is not the same.

    Raises:
        PoisonedCacheError: A cached archive is not what its cache says, or cannot be removed.
        ManifestError: A manifest cannot be used.
    """
    stated = manifests(archive for archive in archives if not archive.sha256)
    folders = package_cache.folders()
    places = [(folder, archive) for folder in folders for archive in _named(folder, archives)]

    wrong = run_all(lambda place: _wrong(*place, stated), places)
    poisoned = [str(path) for refused, _ in wrong for path in refused]
    for path in () if context.dry_run else [path for _, stale in wrong for path in stale]:
        rm_rf(str(path))  # one after the other: conda's is not for several threads
        poisoned += [str(path)] if os.path.lexists(path) else []
    if poisoned:
        raise PoisonedCacheError(poisoned)


def check_extracted(archives: tuple[LinkedArchive, ...]) -> None:
    """Refuse what conda is about to link of its caches if it is not that of the archives.

    Raises:
        PoisonedCacheError: It is another, or cannot be checked; it is removed.
        ManifestError: A manifest cannot be used.
    """
    stated = manifests(archive for archive in archives if not archive.sha256)
    links = []
    for archive in archives:
        with suppress(CondaError):  # conda says so itself
            entry = PackageCacheData.get_entry_to_link(archive.record)
            links.append((archive, Path(entry.package_tarball_full_path)))

    def is_right(link: tuple[LinkedArchive, Path]) -> bool:
        archive, cached = link
        claims = _claims(cached)
        digests = _digests(cached, archive, stated, claims)
        return digests is not None and _agrees(claims, digests)

    right = run_all(is_right, links)
    wrong = [cached for (_, cached), good in zip(links, right, strict=True) if not good]
    for cached in wrong:
        rm_rf(str(package_cache.extracted(cached)))
    if wrong:
        raise PoisonedCacheError(map(str, wrong))


def holds(archive: LinkedArchive) -> bool:
    """Return whether a cache has the very archive of a record that states a digest."""
    if not archive.sha256 and not archive.md5:
        return False
    for cached in package_cache.archives(archive.path.name):
        try:
            found = hash_file(cached, md5=not archive.sha256)
        except OSError:
            continue
        if found.sha256 == archive.sha256 or (not archive.sha256 and found.md5 == archive.md5):
            return True
    return False


def remove_refused(archives: tuple[LinkedArchive, ...]) -> None:
    """Remove what conda has extracted of archives that were then refused."""
    stated = manifests(archives)
    for archive in archives:
        allowed = stated[archive.repository].allowed(archive.name)
        for cached in package_cache.archives(archive.path.name):
            if (
                hash_file(cached).sha256 not in allowed
                and _claims(cached).get("url") == archive.url
            ):
                rm_rf(str(cached))
                rm_rf(str(package_cache.extracted(cached)))


def _named(folder: Path, archives: Iterable[LinkedArchive]) -> list[LinkedArchive]:
    """Return the archives that a cache has something of, by the names that are in it."""
    try:
        there = {_package(folder / name) for name in os.listdir(folder)}
    except FileNotFoundError:
        return []
    except OSError:  # conda may find what it knows the name of
        return [*archives]
    return [archive for archive in archives if _package(archive.path) in there]


def _package(path: Path) -> str:
    """Return a name that archives and extracted folders of a package share, on all systems."""
    return package_cache.extracted(Path(path.name.casefold())).name


def _wrong(
    folder: Path, archive: LinkedArchive, stated: Mapping[Path, Manifest]
) -> tuple[list[Path], list[Path]]:
    """Return what of a cache conda could link in the place of an archive: what is to be refused,
    and what need only be removed.
    """
    cached = folder / archive.path.name
    unpacked = package_cache.extracted(cached)
    claims = _claims(cached)
    stale = []
    for name in {f"{unpacked.name}{extension}" for extension in EXTENSIONS}:
        path = folder / name
        if not path.is_file():
            continue
        digests = _digests(path, archive, stated, claims)
        if digests is None and name == cached.name and _claims_to_be(claims, archive):
            return [path], []
        if digests is None and _matches(claims or _facts(path), archive.record):
            stale.append(path)
        if digests and (_has_sha256(claims) or not archive.sha256) and _agrees(claims, digests):
            return [], []
    if unpacked.is_dir() and _matches(claims, archive.record):
        stale.append(unpacked)
    return [], stale


def _digests(
    cached: Path, archive: LinkedArchive, stated: Mapping[Path, Manifest], claims: Mapping[str, Any]
) -> Digests | None:
    """The digests of a cached archive if it is the one of the record, else None."""
    # where the record states both, the MD5 digest is that of the bytes with its SHA-256 digest
    known = bool(archive.sha256) and _stated(claims, "md5") in ("", archive.md5)
    try:
        found = hash_file(cached, md5=not known)
    except OSError:
        return None
    if archive.sha256:
        found = replace(found, md5=archive.md5) if known else found
        return found if found.sha256 == archive.sha256 else None
    if archive.md5 and found.md5 != archive.md5:
        return None
    allowed = stated[archive.repository].allowed(archive.name)
    return found if found.sha256 in allowed or (archive.md5 and not allowed) else None


def _claims(cached: Path) -> dict[str, Any]:
    """Return what conda noted of a cached archive when it extracted it."""
    try:
        record = package_cache.extracted(cached) / "info" / "repodata_record.json"
        claims = json.loads(read_regular(record, reading.LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _facts(path: Path) -> dict[str, Any]:
    """Return what conda finds out about an archive that it has noted nothing of."""
    found = hash_file(path, md5=True)
    return {"size": found.size, "md5": found.md5}


def _stated(claims: Mapping[str, Any], key: str) -> str:
    return str(claims.get(key) or "").lower()


def _has_sha256(claims: Mapping[str, Any]) -> bool:
    return bool(_stated(claims, "sha256"))


def _agrees(claims: Mapping[str, Any], found: Digests) -> bool:
    """Return whether an archive is what was noted of it; one digest at least must have been."""
    noted = [(_stated(claims, "sha256"), found.sha256), (_stated(claims, "md5"), found.md5)]
    return any(said for said, _ in noted) and all(said in ("", is_) for said, is_ in noted)


def _claims_to_be(claims: Mapping[str, Any], archive: LinkedArchive) -> bool:
    if archive.sha256 and _has_sha256(claims):
        return _stated(claims, "sha256") == archive.sha256
    return bool(archive.md5) and _stated(claims, "md5") == archive.md5


def _matches(claims: Mapping[str, Any], record: PackageRecord) -> bool:
    """Return whether conda takes what was noted for the record: `pcrec_matches`, or as the same
    package.

    The channel is left aside, as conda itself does where it finds nothing else.
    """
    pairs = [(_stated(claims, key), _stated(record, key)) for key in ("size", "md5")]
    if all(not noted or not stated or noted == stated for noted, stated in pairs):
        return True
    try:
        return bool(PackageRecord(**claims) == record)
    except Exception:  # what conda cannot make a record of, it does not link
        return False
