"""The archives that conda is about to link from offline repositories, compared with what is stated.

What is stated is the record, which the solver has from the index, and the manifest.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..repository import journal, manifest
from ..repository.hashing import hash_file
from ..urls import SCHEME, file_path
from .exceptions import ArchivesRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda.models.records import PackageRecord

    from ..repository.manifest import Manifest


@dataclass(frozen=True)
class LinkedArchive:
    """An archive of an offline repository that conda is about to link.

    Attributes:
        repository: Its folder.
        name: `subdir/file`.
        url: As the record has it.
        sha256: The digest that the record states, in lower case; empty if it states none.
        md5: The same.
    """

    repository: Path
    name: str
    url: str
    sha256: str
    md5: str

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.repository / self.name


def is_repository(folder: Path) -> bool:
    """Whether a folder has the manifest of an offline repository."""
    return (folder / manifest.MANIFEST_NAME).is_file()


def from_repositories(records: Iterable[PackageRecord]) -> tuple[LinkedArchive, ...]:
    """The archives of those records that come from offline repositories."""
    found = []
    repositories: dict[Path, bool] = {}
    for record in records:
        url = str(record.get("url") or "")
        if not url.startswith(SCHEME):
            continue
        path = Path(file_path(url))
        folder = path.parent.parent
        if folder not in repositories:
            repositories[folder] = is_repository(folder)
        if repositories[folder]:
            name = f"{path.parent.name}/{path.name}"
            sha256, md5 = ((record.get(key) or "").lower() for key in ("sha256", "md5"))
            found.append(LinkedArchive(folder, name, url, sha256, md5))
    return tuple(found)


def manifests(archives: Iterable[LinkedArchive]) -> dict[Path, Manifest | None]:
    """The manifest of each repository, read once."""
    return {folder: manifest.read(folder) for folder in {one.repository for one in archives}}


def check_archives(archives: tuple[LinkedArchive, ...]) -> None:
    """Compare each archive with its record and with the manifest.

    Raises:
        ArchivesRefusedError: One differs; all that differ are named.
        ManifestError: A manifest or a journal cannot be used.
    """
    stated = manifests(archives)
    journals = {folder: journal.read(folder) for folder in stated}

    def problem(one: LinkedArchive) -> str | None:
        moving = journals[one.repository].get(one.name, frozenset())
        return _problem(one, stated[one.repository], moving)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as executor:
        problems = executor.map(problem, archives)
        found = {str(one.path): why for one, why in zip(archives, problems, strict=True) if why}
    if found:
        raise ArchivesRefusedError(found)


def _problem(archive: LinkedArchive, stated: Manifest | None, moving: frozenset[str]) -> str | None:
    """Why an archive is refused, or None if it is right."""
    try:
        found = hash_file(archive.path, md5=bool(archive.md5) and not archive.sha256)
    except FileNotFoundError:
        return "it is missing"
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    package = stated.packages.get(archive.name) if stated else None
    if package is None and not moving:
        return "the manifest does not name it"
    if (package is None or found.sha256 != package.sha256) and found.sha256 not in moving:
        return "it is not the file that the manifest names"
    if archive.sha256 and found.sha256 != archive.sha256:
        return "it is not the file that the index names"
    if not archive.sha256 and archive.md5 and found.md5 != archive.md5:
        return "it is not the file that the index names"
    return None
