"""What conda's package caches have in the place of a repository's archives.

conda links what it has extracted before, if the cache says that it came from such an archive; it
looks at no digest again.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from conda.gateways.disk.delete import rm_rf

from .. import package_cache
from ..repository.hashing import hash_file
from .archives import manifests
from .exceptions import PoisonedCacheError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from .archives import LinkedArchive


def check_caches(archives: tuple[LinkedArchive, ...]) -> None:
    """Refuse what the caches have in the place of archives, if it only claims to be them.

    What was extracted of an archive that is no longer there cannot be checked; it is removed, and
    conda extracts it anew.

    Raises:
        PoisonedCacheError: A cached archive is not the one of the record.
    """
    for one in archives:
        _remove_unverifiable(one)

    def poisoned(one: LinkedArchive) -> list[str]:
        return [
            str(cached)
            for cached in package_cache.archives(one.path.name)
            if _claims_to_be(cached, one) and not _has_digest(cached, one)
        ]

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as executor:
        found = [path for paths in executor.map(poisoned, archives) for path in paths]
    if found:
        raise PoisonedCacheError(found)


def remove_refused(archives: tuple[LinkedArchive, ...]) -> None:
    """Remove what conda has extracted of archives that were then refused."""
    stated = manifests(archives)
    for one in archives:
        repository = stated[one.repository]
        package = repository.packages.get(one.name) if repository else None
        for cached in package_cache.archives(one.path.name):
            right = package is not None and hash_file(cached).sha256 == package.sha256
            if not right and _claims(cached).get("url") == one.url:
                rm_rf(str(cached))
                rm_rf(str(package_cache.extracted(cached)))


def _remove_unverifiable(archive: LinkedArchive) -> None:
    for folder in package_cache.folders():
        cached = folder / archive.path.name
        claims = _claims(cached)
        same = claims.get("sha256") == archive.sha256 or claims.get("md5") == archive.md5
        if claims and same and not cached.is_file():
            rm_rf(str(package_cache.extracted(cached)))


def _claims(cached: Path) -> dict[str, Any]:
    """What conda noted of a cached archive when it extracted it."""
    try:
        record = package_cache.extracted(cached) / "info" / "repodata_record.json"
        claims = json.loads(record.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _claims_to_be(cached: Path, archive: LinkedArchive) -> bool:
    claims = _claims(cached)
    if archive.sha256:
        return bool(claims.get("sha256") == archive.sha256)
    return bool(claims.get("md5") == archive.md5)


def _has_digest(path: Path, archive: LinkedArchive) -> bool:
    found = hash_file(path, md5=not archive.sha256)
    return found.sha256 == archive.sha256 if archive.sha256 else found.md5 == archive.md5
