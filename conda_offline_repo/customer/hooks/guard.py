"""What happens inside conda's own commands on the customer's machine.

Before a solve, conda's cached index of an offline repository is brought up to date, because the
libmamba solver reads nothing else when conda is offline. After it, every archive that is about to
be linked from an offline repository is compared with its record, because conda itself checks
nothing that comes from a folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.base.context import context
from conda.models.channel import Channel, all_channel_urls

from ..._conda import commands, indexes
from ...files.hashing import UNREADABLE, hash_file
from ...files.web import Place, WebFolder
from ...repository.exceptions import FolderNameError, UnreadableError
from ...repository.manifest import INDEX_NAME, Manifest, on_platform, package_name
from ...repository.names import is_sibling
from ...urls import local_path
from ..environment.state import read_state
from ..exceptions import NewerFormatError, RepositoryDamagedError, SiblingIndexError
from . import served
from .archives import check_archives, complete, expected_manifest, from_repositories, repository_of
from .caches import check_caches, check_extracted, only_cached, remove_refused
from .exceptions import ArchivesRefusedError
from .history_check import check_environment, expected_by_use, on_servers, warn
from .origin import check_not_gone, check_origin

if TYPE_CHECKING:
    from conda.models.match_spec import MatchSpec
    from conda.models.records import PackageRecord

    from .archives import LinkedArchive


def prepare_solve(
    specs_to_add: Iterable[MatchSpec] = (), specs_to_remove: Iterable[MatchSpec] = ()
) -> None:
    """Check and refresh the index of every offline repository in play (`conda_pre_solves`).

    To take packages away needs none; what a solver links instead, `check_solution` checks.

    Raises:
        RepositoryDamagedError: An index file is not the one of the manifest.
        HalfPublishedError: A server's is not, and stays so.
        SiblingIndexError: conda may read another file in the place of an index.
        UnreadableError: A repository cannot be read.
        RepositoryGoneError: The folder that the environment uses is no longer a repository.
        NewerFormatError: As `check_format`.
        FolderNameError: The solver cannot read a channel in this folder.
        StateUnreadableError: The environment's state cannot be read.
        OfflineRepoError: See `check_environment` and `expected_manifest`.
    """
    if specs_to_remove and not specs_to_add:
        return
    server = served.server()
    if server is None or expected_by_use.get() is not None:
        _prepare(specs_to_add, server)
        return
    from ...repository.halfway import once_whole  # most environments use no server

    def read() -> None:
        on_servers.clear()
        _prepare(specs_to_add, server)

    once_whole(read, warn)


def _prepare(specs_to_add: Iterable[MatchSpec], server: WebFolder | None) -> None:
    state = read_state(commands.target())
    manifest_of, repository_at = cache(expected_manifest), cache(repository_of)
    check_environment(specs_to_add, manifest_of)
    if server and (url := served.channel(server)):
        if context.solver == "libmamba" and _is_mixed(url):
            raise _astray(server)
        manifest = manifest_of(server)
        if expected_by_use.get() is None:
            served.refresh(server, manifest)
        else:
            served.check_indexes(server, manifest, context.subdirs)
        check_format(server, manifest, solutions_with(manifest, specs_to_add))
    for url in all_channel_urls(commands.channels(), subdirs=context.subdirs):
        subdir = local_path(url)
        if subdir is None:
            continue
        repository = repository_at(subdir.parent)
        if repository is None:
            check_not_gone(state, subdir.parent)
            continue
        if context.solver == "libmamba" and _leads_astray(repository, url):
            raise _astray(repository)
        manifest = manifest_of(repository)
        _check_index(repository, subdir, manifest)
        check_format(repository, manifest, solutions_with(manifest, specs_to_add))
        if context.offline:
            indexes.refresh_index_cache(Channel(url.rpartition("/")[0]), (subdir.name,))


def check_solution(
    _: Any, unlink_precs: Iterable[PackageRecord], link_precs: Iterable[PackageRecord]
) -> None:
    """Refuse to link what differs from its record (`conda_post_solves`).

    Raises:
        RepositoryDamagedError, SiblingIndexError, UnreadableError: As `prepare_solve`.
        OfflineRepoError: See `from_repositories`, `check_origin`, `check_archives` and
            `check_caches`.
    """
    records, unlinked = tuple(link_precs), frozenset(unlink_precs)
    archives = from_repositories(records)
    others = check_origin(records, unlinked, archives, solved=True)
    _check_indexes(archives)
    check_archives([a for a in archives if a.record not in unlinked or not only_cached(a)])
    check_caches((*archives, *others))
    complete(archives)


def check_unpacked(
    records: Sequence[PackageRecord], unlinked: Iterable[PackageRecord] = ()
) -> None:
    """Refuse to link what differs, after conda has extracted it; raises as `check_solution` does.

    A package that the repository no longer has may come from conda's cache, as when an environment
    is cloned or taken back to an earlier revision, if its archive there has the record's digest.

    What was extracted of a refused archive is removed from the package cache, so that it is not
    linked later.
    """
    archives = from_repositories(records)
    others = check_origin(records, frozenset(unlinked), archives, solved=False)
    try:
        check_archives([archive for archive in archives if not only_cached(archive)])
    except ArchivesRefusedError:
        remove_refused(archives)
        raise
    check_extracted((*archives, *others))


def solutions_with(manifest: Manifest, specs: Iterable[MatchSpec]) -> tuple[tuple[str, ...], ...]:
    """Return the archives of each environment of a release for this machine that has packages, or
    of all if none has them.
    """
    names = {spec.name for spec in specs}
    solutions = tuple(on_platform(manifest.solutions, context.subdir).values())
    having = (s for s in solutions if names.issubset(map(package_name, s)))
    return tuple(having) or solutions


def check_format(repository: Place, manifest: Manifest, solutions: Iterable[Iterable[str]]) -> None:
    """Check that this conda reads the index entries of one of some solutions.

    Raises:
        NewerFormatError: It does not.
    """
    newer = [manifest.newer(archives) for archives in solutions]
    if not (newer and all(newer)):
        return
    from ..._conda.features import reads_version_3

    if not reads_version_3():
        raise NewerFormatError(repository, sorted({*map(package_name, chain(*newer))}))


def _leads_astray(repository: Path, url: str) -> bool:
    """Return whether the libmamba solver would look for a repository somewhere else, or crash.

    It does not read some characters as they are, even escaped. And where conda itself has decoded
    the last part of a URL alone, it cannot decode the rest any more.
    """
    return _is_mixed(url) or not {*"%#?"}.isdisjoint(str(repository))


def _is_mixed(url: str) -> bool:
    return not url.isascii() and not {*"% "}.isdisjoint(url)


def _astray(repository: Place) -> FolderNameError:
    return FolderNameError(
        repository,
        f"The solver {context.solver}",
        "the path has %, # or ?, or letters that are not ASCII beside a space",
        "Rename the folder, and run `conda offline-repo use` with its new path; or choose another "
        "solver with --solver, or for good: conda config --set solver NAME",
    )


def _check_indexes(archives: Iterable[LinkedArchive]) -> None:
    """Compare the indexes that a solver has read with the manifests, after it."""
    subdirs = {str(archive.path.parent): archive for archive in archives}
    for _, archive in sorted(subdirs.items()):
        repository, subdir = archive.repository, archive.path.parent
        if isinstance(repository, WebFolder):
            served.check_indexes(repository, archive.manifest, (subdir.name,))
        elif isinstance(subdir, Path):
            _check_index(repository, subdir, archive.manifest)


def _check_index(repository: Path, subdir: Path, manifest: Manifest) -> None:
    """Compare an index file with the manifest; a copy that was interrupted leaves them apart."""
    name = (subdir / INDEX_NAME).relative_to(repository).as_posix()
    allowed = manifest.allowed(name)
    try:
        siblings = sorted(filter(is_sibling, os.listdir(subdir)))
        if siblings:
            folder = subdir.relative_to(repository).as_posix()
            raise SiblingIndexError(repository, (f"{folder}/{file}" for file in siblings))
        digests = hash_file(repository / name, limit=max(allowed.values(), default=0))
    except (FileNotFoundError, NotADirectoryError):
        if name in manifest.files:
            raise RepositoryDamagedError(repository, missing=(name,)) from None
        return
    except OSError as error:
        if error.errno in UNREADABLE:
            raise UnreadableError(Path(error.filename or subdir), error) from error
        raise RepositoryDamagedError(repository, changed=(name,)) from None
    if allowed.get(digests.sha256) != digests.size:
        raise RepositoryDamagedError(repository, changed=(name,))
