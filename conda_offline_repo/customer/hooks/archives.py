"""The archives that conda is about to link from offline repositories, compared with what is stated.

What is stated is the record, which the solver has from the index, and the manifest.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context

from ...files.hashing import hash_file
from ...files.workers import run_all
from ...repository import manifest_json
from ...repository.names import PLUGIN
from ...urls import SCHEME, file_path
from ..environment.state import read_state
from .exceptions import ArchivesRefusedError
from .history_check import expected_by_use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from conda.models.records import PackageRecord

    from ...files.hashing import Digests
    from ...repository.manifest import Manifest

#: By a file's state, and whether its MD5 digest was asked for.
_hashed: dict[tuple[tuple[int, ...], bool], Digests] = {}


@dataclass(frozen=True)
class LinkedArchive:
    """An archive of an offline repository that conda is about to link.

    Attributes:
        repository: Its folder.
        name: `subdir/file`, or in the plugin's channel `plugin/subdir/file`.
        url: As the record has it.
        sha256: The digest that the record states, in lower case; empty if it states none.
        md5: The same.
        record: What conda has of it.
    """

    repository: Path
    name: str
    url: str
    sha256: str
    md5: str
    record: PackageRecord

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.repository / self.name


def is_repository(folder: Path) -> bool:
    """Return whether a folder is an offline repository, or what remains of one without its
    manifest.

    Raises:
        UnreadableError: That cannot be found out.
    """
    return manifest_json.present(folder) or manifest_json.remains(folder)


def holder(channel: Path) -> tuple[Path, str] | None:
    """Return the repository that a channel is or is a part of, and the part: none or `plugin/`.

    None where it is no channel of an offline repository.

    Raises:
        UnreadableError: That cannot be found out.
    """
    if is_repository(channel):
        return channel, ""
    if channel.name == PLUGIN and is_repository(channel.parent):
        return channel.parent, f"{PLUGIN}/"
    return None


def from_repositories(records: Iterable[PackageRecord]) -> tuple[LinkedArchive, ...]:
    """Return the archives of those records that come from offline repositories."""
    found = []
    known = cache(holder)
    for record in records:
        url = str(record.get("url") or "")
        if not url.startswith(SCHEME):
            continue
        path = Path(file_path(url))
        held = known(path.parent.parent)
        if held:
            repository, part = held
            name = f"{part}{path.parent.name}/{path.name}"
            sha256, md5 = ((record.get(key) or "").lower() for key in ("sha256", "md5"))
            found.append(LinkedArchive(repository, name, url, sha256, md5, record))
    return tuple(found)


def manifests(archives: Iterable[LinkedArchive]) -> dict[Path, Manifest]:
    """Return the manifest of each repository, read once.

    Raises:
        ManifestError: One is missing or cannot be used.
        NotSignedError, OtherSignerError: One has not the signature that is expected.
    """
    return {folder: stated(folder) for folder in {archive.repository for archive in archives}}


def stated(repository: Path) -> Manifest:
    """Return the manifest of a repository for conda's target environment.

    Raises:
        ManifestError: There is none, or it, or its signature, cannot be used.
        NotSignedError, OtherSignerError: It has not the signature that is expected.
        AllowedSignersError: The machine's file of allowed signers cannot be read.
        StateUnreadableError: What the environment remembers cannot be read.
        UnreadableError: It cannot be read.
    """
    # imported here, because most of conda's commands meet no repository
    from ...repository.signature import checked
    from ...repository.transition import allowing, read_next
    from ..trust import expected, require

    coming = read_next(repository)
    manifest = manifest_json.stated(repository)
    by_use = expected_by_use()
    if by_use is None:
        wanted = expected(repository, manifest.label, read_state(Path(context.target_prefix)))
    else:
        wanted = by_use or None
    if wanted is not None:
        manifest, signers = checked(repository, manifest)
        require(repository, signers, wanted)
    return allowing(repository, manifest, coming)


def check_archives(
    archives: tuple[LinkedArchive, ...],
    named: Mapping[Path, Manifest],
    withdrawn: Callable[[LinkedArchive], bool],
) -> None:
    """Compare each archive with its record and with the manifest.

    Args:
        archives: Which ones.
        named: The manifest of each repository.
        withdrawn: Asked of an archive that the repository neither has nor names any more: whether
            conda may link it all the same, from its cache.

    Raises:
        ArchivesRefusedError: One differs; all that differ are named.
    """

    def problem(archive: LinkedArchive) -> str | None:
        allowed = named[archive.repository].allowed(archive.name)
        if not allowed and not os.path.lexists(archive.path) and withdrawn(archive):
            return None
        return _problem(archive, allowed)

    problems = run_all(problem, archives)
    found = {str(archive.path): why for archive, why in zip(archives, problems, strict=True) if why}
    if found:
        raise ArchivesRefusedError(found)


def _problem(archive: LinkedArchive, allowed: Mapping[str, int]) -> str | None:
    """Return why an archive is refused, or None if it is right."""
    md5 = bool(archive.md5) and not archive.sha256
    try:
        found = _hashed_once(archive.path, md5=md5, limit=max(allowed.values(), default=0))
    except FileNotFoundError:
        return "it is missing" if allowed else "the repository does not have it any more"
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    if not allowed:
        return "the manifest does not name it"
    if allowed.get(found.sha256) != found.size:
        return "it is not the file that the manifest names"
    digest, named = (found.md5, archive.md5) if md5 else (found.sha256, archive.sha256)
    return "it is not the file that the index names" if named and digest != named else None


def _hashed_once(path: Path, *, md5: bool, limit: int) -> Digests:
    """Return the digests of a file as `hash_file` does; at most once while it stays what it is.

    conda asks after the solve and again before it links. What it links then it has extracted of its
    own copy, which is hashed on its own.
    """
    if os.name == "nt":  # which tells no time of a change that nobody can set
        return hash_file(path, md5=md5, limit=limit)
    before = _state(path)
    found = _hashed.get((before, md5))
    if found is None:
        found = hash_file(path, md5=md5, limit=limit)
        if _state(path) == before and found.size <= limit:
            _hashed[before, md5] = found
    return found


def _state(path: Path) -> tuple[int, ...]:
    """Return what changes when a file is written or replaced."""
    found = path.stat()
    times = found.st_mtime_ns, found.st_ctime_ns
    return found.st_dev, found.st_ino, found.st_size, *times
