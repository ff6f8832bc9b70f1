"""The archives that conda is about to link from offline repositories: compared with their records,
which the solver has from the index, and with the manifest.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..._conda import commands
from ...files.hashing import Digests, hash_file
from ...files.web import Place, WebFolder
from ...files.workers import run_all
from ...repository import manifest_json
from ...repository.exceptions import OTHER_FILE
from ...repository.names import PLUGIN
from ...urls import local_path
from ..environment.state import read_state
from . import served
from .exceptions import ArchivesRefusedError
from .history_check import expected_by_use, on_servers, warn

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ...repository.manifest import Manifest

#: By a file's identity, and whether it has the MD5 digest.
_hashed: dict[tuple[tuple[int, ...], bool], Digests] = {}


@dataclass(frozen=True)
class LinkedArchive:
    """An archive of an offline repository that conda is about to link.

    Attributes:
        record: conda's record of it.
        path: Where the repository has it.
        repository: The repository.
        manifest: The repository's manifest.
        sha256: The digest that the record states, in lower case; empty if none is to count.
        md5: The same.
        allowed: The sizes that the manifest allows, by SHA-256 digest; empty if it does not name
            it.
    """

    record: PackageRecord
    path: Place
    repository: Place
    manifest: Manifest
    sha256: str
    md5: str
    allowed: Mapping[str, int]


def repository_of(channel: Path) -> Path | None:
    """Return the offline repository that a channel is, or whose plugin's channel it is.

    What remains of a repository without its manifest counts as one.

    Raises:
        UnreadableError: A folder cannot be read.
    """
    for folder in (channel, *([channel.parent] if channel.name == PLUGIN else [])):
        if manifest_json.present(folder) or manifest_json.remains(folder):
            return folder
    return None


def from_repositories(records: Iterable[PackageRecord]) -> tuple[LinkedArchive, ...]:
    """Return the archives of those records that come from offline repositories.

    Raises:
        OfflineRepoError: See `expected_manifest`.
    """
    archives = []
    repository_at, manifest_of = cache(repository_of), cache(expected_manifest)
    server = served.server()
    for record in records:
        url = str(record.get("url") or "")
        path: Place | None = local_path(url)
        repository: Place | None = None
        if isinstance(path, Path):
            repository = repository_at(path.parent.parent)
            name = path.relative_to(repository).as_posix() if repository else ""
        elif server and (name := served.name_in(server, url) or ""):
            repository, path = server, server / name
        if path and repository:
            sha256, md5 = ((record.get(key) or "").lower() for key in ("sha256", "md5"))
            manifest = manifest_of(repository)
            allowed = manifest.allowed(name)
            archives.append(LinkedArchive(record, path, repository, manifest, sha256, md5, allowed))
    return tuple(archives)


def elsewhere(record: PackageRecord, repository: Place, manifest: Manifest) -> LinkedArchive:
    """Return the archive of a record that lies elsewhere, as if it were of a repository: what the
    manifest names by its file name, whatever the record states.
    """
    path = local_path(str(record.get("url") or "")) or repository / record.fn
    allowed = manifest.allowed_file(record.fn)
    return LinkedArchive(record, path, repository, manifest, "", "", allowed)


def is_named(archive: LinkedArchive) -> bool:
    """Return whether an archive from `elsewhere` is what the manifest names.

    conda compares what it downloads with the digest of the record.
    """
    if local_path(str(archive.record.get("url") or "")):
        return _problem(archive) is None
    return (archive.record.get("sha256") or "").lower() in archive.allowed


def expected_manifest(repository: Place) -> Manifest:
    """Return a repository's manifest, signed as conda's target environment expects it.

    That of a server is read once.

    Raises:
        ManifestError, UnreadableError: It, or its signature, is missing or cannot be used.
        NotSignedError, OtherSignerError: It does not have the expected signature.
        AllowedSignersError, StateUnreadableError: Whose signature is expected cannot be read.
    """
    # imported here, because most of conda's commands meet no repository
    from ...repository.locate import Repository
    from ...repository.signing.signature import checked
    from ...repository.transition import allowing, read_next, unfinished, unfinished_text
    from ..trust.signers import expected, require

    if isinstance(repository, WebFolder) and repository in on_servers:
        return on_servers[repository].manifest
    coming = read_next(repository)
    manifest = manifest_json.stated(repository)
    expected_signers = expected_by_use.get()
    prefix = commands.original() or commands.target()
    if expected_signers is None:
        state = read_state(prefix)
        expected_signers = expected(repository, manifest.label, state)
    elif not expected_signers:
        expected_signers = None
    signers: tuple[str, ...] = ()
    if expected_signers is not None:
        manifest, signers = checked(repository, manifest)
        require(Repository(repository, manifest, signers), expected_signers, prefix)
    manifest = allowing(repository, manifest, coming)
    if isinstance(repository, WebFolder):
        on_servers[repository] = Repository(repository, manifest, signers)
    if expected_by_use.get() is None:
        if unfinished(repository, manifest, coming):
            warn(unfinished_text(repository))
        if manifest.due or manifest.withdrawn:
            from ..installed import notices

            for text in notices(repository, manifest, prefix):
                warn(text)
    return manifest


def check_archives(archives: Sequence[LinkedArchive]) -> None:
    """Compare each archive with its record and with the manifest.

    Raises:
        ArchivesRefusedError: One differs; all that differ are named.
    """
    problems = zip(archives, run_all(_problem, archives), strict=True)
    refused = {str(archive.path): problem for archive, problem in problems if problem}
    if refused:
        raise ArchivesRefusedError(refused)


def _problem(archive: LinkedArchive) -> str | None:
    md5 = bool(archive.md5) and not archive.sha256
    allowed = archive.allowed
    if isinstance(archive.path, WebFolder):  # what conda downloads, it compares with the record
        if not allowed:
            return "the manifest does not name it"
        return None if archive.sha256 in ("", *allowed) else OTHER_FILE
    try:
        digests = _hash_once(archive.path, md5=md5, limit=max(allowed.values(), default=0))
    except FileNotFoundError:
        return "it is missing" if allowed else "the repository does not have it any more"
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    if not allowed:
        return "the manifest does not name it"
    if allowed.get(digests.sha256) != digests.size:
        return OTHER_FILE
    right = digests.md5 == archive.md5 if md5 else archive.sha256 in ("", digests.sha256)
    return None if right else "it is not the file that the index names"


def _hash_once(path: Path, *, md5: bool, limit: int) -> Digests:
    """Return the digests of a file as `hash_file` does; read it again only after a change.

    conda asks after the solve and again before it links. What it links then it has extracted of its
    own copy, which is hashed on its own.
    """
    if os.name == "nt":  # which tells no time of a change that nobody can set
        return hash_file(path, md5=md5, limit=limit)
    identity = _identity(path)
    digests = _hashed.get((identity, md5))
    if digests is None:
        digests = hash_file(path, md5=md5, limit=limit)
        if _identity(path) == identity and digests.size <= limit:
            _hashed[identity, md5] = digests
    return digests


def _identity(path: Path) -> tuple[int, ...]:
    """Return what changes when a file is written or replaced."""
    stat = path.stat()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def complete(archives: Iterable[LinkedArchive]) -> None:
    """Let conda's records of a server state what it takes to download their archives.

    That is the digest, which an index may lack, and the login that conda is configured with, which
    solvers may leave out.
    """
    for archive in archives:
        if isinstance(archive.path, WebFolder):
            from ..._conda.network.sessions import with_login  # most use no server

            record = archive.record
            if not archive.sha256 and len(archive.allowed) == 1:
                record.sha256 = next(iter(archive.allowed))
            record.url = with_login(record.url, str(archive.repository))
