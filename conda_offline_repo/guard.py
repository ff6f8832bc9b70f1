"""What happens inside conda's own commands on the customer's machine.

Before a solve, conda's cached index of an offline repository is brought up to date, because the
libmamba solver reads nothing else when conda is offline. After it, every archive that is about to
be linked from an offline repository is compared with its record, because conda itself checks
nothing that comes from a folder.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.gateways.disk.delete import rm_rf
from conda.models.channel import Channel, all_channel_urls

from . import _compat, journal, manifest
from .exceptions import (
    ArchivesRefusedError,
    PoisonedCacheError,
    RepositoryDamagedError,
    RepositoryGoneError,
)
from .hashing import hash_file
from .state import read_state
from .urls import file_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from conda.models.records import PackageRecord

    from .manifest import Manifest

FILE_URL = "file://"


@dataclass(frozen=True)
class _Linked:
    """An archive of an offline repository that conda is about to link."""

    repository: Path
    name: str
    url: str
    sha256: str
    md5: str

    @property
    def path(self) -> Path:
        return self.repository / self.name


def prepare_solve(*_: Any) -> None:
    """Check and refresh the index of every offline repository in play (`conda_pre_solves`).

    Raises:
        RepositoryDamagedError: An index file is not the one of the manifest.
        RepositoryGoneError: The folder that the environment uses is not a repository any more.
        ManifestError: A manifest cannot be used.
    """
    for url in all_channel_urls(context.channels, subdirs=context.subdirs):
        if url.startswith(FILE_URL):
            folder = Path(file_path(url))
            if not _is_repository(folder.parent):
                _check_not_gone(folder.parent)
            else:
                _check_index(folder.parent, folder.name)
                if context.offline:
                    _compat.refresh_index_cache(Channel(url.rpartition("/")[0]), (folder.name,))


def check_solution(_: Any, __: Any, link_precs: Iterable[PackageRecord]) -> None:
    """Refuse to link what differs from its record (`conda_post_solves`).

    Raises:
        ArchivesRefusedError: An archive differs; all of them are named.
        PoisonedCacheError: conda's package cache holds another archive in the place of one.
        ManifestError: A manifest cannot be used.
    """
    linked = tuple(_from_repositories(link_precs))
    for repository, subdir in sorted({(one.repository, one.path.parent.name) for one in linked}):
        _check_index(repository, subdir)
    _check_archives(linked)
    _remove_unchecked(linked)
    _check_caches(linked)


def check_caches(link_precs: Iterable[PackageRecord]) -> None:
    """Refuse what conda's package caches have in the place of the archives of a repository.

    What was unpacked of an archive that is no longer there cannot be checked; it is removed, and
    conda unpacks it anew.

    Raises:
        PoisonedCacheError: A cached archive is not the one of the record.
    """
    linked = tuple(_from_repositories(link_precs))
    _remove_unchecked(linked)
    _check_caches(linked)


def check_unpacked(records: Iterable[PackageRecord]) -> None:
    """Refuse to link what differs, after conda has unpacked it; raises as `check_solution` does.

    What was unpacked of a refused archive is removed from the package cache, so that it is not
    linked later.
    """
    linked = tuple(_from_repositories(records))
    try:
        _check_archives(linked)
    except ArchivesRefusedError:
        _purge_caches(linked)
        raise
    _check_caches(linked)


def _is_repository(folder: Path) -> bool:
    return (folder / manifest.MANIFEST_NAME).is_file()


def _check_not_gone(folder: Path) -> None:
    """Refuse to go on without the repository that the environment uses.

    conda would say that the channel is invalid and advise to index it anew.
    """
    state = read_state(Path(context.target_prefix))
    if state and folder == Path(state.path):
        raise RepositoryGoneError(folder, context.target_prefix)


def _check_index(repository: Path, subdir: str) -> None:
    """Compare an index file with the manifest; a copy that was interrupted leaves them apart."""
    known = manifest.read(repository)
    name = f"{subdir}/{manifest.INDEX_NAME}"
    path = repository / name
    allowed = set(journal.read(repository).get(name, ()))
    if known and name in known.files:
        allowed.add(known.files[name].sha256)
    if path.is_file():
        if hash_file(path).sha256 not in allowed:
            raise RepositoryDamagedError(repository, (), (name,))
    elif known and name in known.files:
        raise RepositoryDamagedError(repository, (name,), ())


def _from_repositories(records: Iterable[PackageRecord]) -> Iterator[_Linked]:
    """The records whose archives lie in offline repositories."""
    known: dict[Path, bool] = {}
    for record in records:
        url = str(record.get("url") or "")
        if not url.startswith(FILE_URL):
            continue
        path = Path(file_path(url))
        repository = path.parent.parent
        if repository not in known:
            known[repository] = _is_repository(repository)
        if known[repository]:
            yield _Linked(
                repository,
                f"{path.parent.name}/{path.name}",
                url,
                (record.get("sha256") or "").lower(),
                (record.get("md5") or "").lower(),
            )


def _check_archives(linked: tuple[_Linked, ...]) -> None:
    """Compare each archive with its record and with the manifest."""
    manifests = _manifests(linked)
    journals = {folder: journal.read(folder) for folder in manifests}

    def problem(one: _Linked) -> str | None:
        known = manifests[one.repository]
        package = known.packages.get(one.name) if known else None
        moving = journals[one.repository].get(one.name, frozenset())
        try:
            found = hash_file(one.path, md5=bool(one.md5) and not one.sha256)
        except FileNotFoundError:
            return "it is missing"
        except OSError as error:
            return f"it cannot be read: {error.strerror or error}"
        if package is None and not moving:
            return "the manifest does not name it"
        if (package is None or found.sha256 != package.sha256) and found.sha256 not in moving:
            return "it is not the file that the manifest names"
        if one.sha256 and found.sha256 != one.sha256:
            return "it is not the file that the index names"
        if not one.sha256 and one.md5 and found.md5 != one.md5:
            return "it is not the file that the index names"
        return None

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as executor:
        problems = executor.map(problem, linked)
        found = {str(one.path): why for one, why in zip(linked, problems, strict=True) if why}
    if found:
        raise ArchivesRefusedError(found)


def _manifests(linked: Iterable[_Linked]) -> dict[Path, Manifest | None]:
    """The manifest of each repository, read once."""
    return {folder: manifest.read(folder) for folder in {one.repository for one in linked}}


def _check_caches(linked: Iterable[_Linked]) -> None:
    """Look for archives in conda's package caches that only claim to be the ones of the records.

    conda links what it has unpacked before, if the cache says that it came from such an archive.
    """

    def poisoned(one: _Linked) -> list[str]:
        return [
            str(cached)
            for cached in _cached(one)
            if _claims_to_be(cached, one) and not _has_digest(cached, one)
        ]

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as executor:
        found = [path for paths in executor.map(poisoned, linked) for path in paths]
    if found:
        raise PoisonedCacheError(found)


def _remove_unchecked(linked: Iterable[_Linked]) -> None:
    for one in linked:
        for cache in map(Path, context.pkgs_dirs):
            cached = cache / one.path.name
            claimed = _claims(cached)
            same = claimed.get("sha256") == one.sha256 or claimed.get("md5") == one.md5
            if claimed and same and not cached.is_file():
                rm_rf(str(_unpacked(cached)))


def _purge_caches(refused: tuple[_Linked, ...]) -> None:
    """Remove what conda unpacked of archives that were then refused."""
    manifests = _manifests(refused)
    for one in refused:
        known = manifests[one.repository]
        package = known.packages.get(one.name) if known else None
        for cached in _cached(one):
            right = package is not None and hash_file(cached).sha256 == package.sha256
            if not right and _claims(cached).get("url") == one.url:
                rm_rf(str(cached))
                rm_rf(str(_unpacked(cached)))


def _cached(one: _Linked) -> Iterator[Path]:
    """The archives of this name in conda's package caches."""
    for cache in map(Path, context.pkgs_dirs):
        if (cache / one.path.name).is_file():
            yield cache / one.path.name


def _claims(cached: Path) -> dict[str, Any]:
    """What conda noted of a cached archive when it unpacked it."""
    try:
        record = _unpacked(cached) / "info" / "repodata_record.json"
        claims = json.loads(record.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _claims_to_be(cached: Path, one: _Linked) -> bool:
    claimed = _claims(cached)
    if one.sha256:
        return bool(claimed.get("sha256") == one.sha256)
    return bool(claimed.get("md5") == one.md5)


def _has_digest(path: Path, one: _Linked) -> bool:
    found = hash_file(path, md5=not one.sha256)
    return found.sha256 == one.sha256 if one.sha256 else found.md5 == one.md5


def _unpacked(archive: Path) -> Path:
    """The folder that conda unpacks a cached archive to."""
    return archive.with_name(archive.name.removesuffix(".conda").removesuffix(".tar.bz2"))
