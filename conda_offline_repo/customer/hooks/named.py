"""The check of archives that a command names, where conda has no hook for what it links without
solving (before 25.5; later `explicit`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.models.channel import Channel
from conda.models.records import PackageRecord

from .archives import check_archives, from_repositories
from .caches import check_caches, only_cached
from .origin import check_origin

if TYPE_CHECKING:
    from collections.abc import Iterable


def check_archives_of(command: Iterable[tuple[str, str]]) -> None:
    """Check archives, given as URL and MD5 digest, before conda looks at them.

    Raises:
        OfflineRepoError: As `guard.check_solution`.
    """
    records = []
    for url, md5 in command:
        folder, _, file = url.rpartition("/")
        stem = file.removesuffix(".conda").removesuffix(".tar.bz2")
        if stem.count("-") >= 2:  # or conda refuses it
            name, version, build = stem.rsplit("-", 2)
            fields = {"name": name, "version": version, "build": build, "build_number": 0}
            place = {"url": url, "fn": file, "channel": Channel(folder)}
            stated = {"md5": md5} if md5 else {}
            records.append(PackageRecord(**fields, **place, **stated))
    archives = from_repositories(records)
    others = check_origin(records, frozenset(), archives, solved=False)
    check_archives([archive for archive in archives if not only_cached(archive)])
    check_caches((*archives, *others))
