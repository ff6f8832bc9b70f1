"""What happens inside conda's own commands on the customer's machine.

Before a solve, conda's cached index of an offline repository is brought up to date, because the
libmamba solver reads nothing else when conda is offline. After it, every archive that is about to
be linked from an offline repository is compared with its record, because conda itself checks
nothing that comes from a folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.models.channel import Channel, all_channel_urls

from .. import _compat
from ..repository import journal, manifest
from ..repository.hashing import hash_file
from ..urls import SCHEME, file_path
from .archives import check_archives, from_repositories, is_repository
from .caches import check_caches, remove_refused
from .exceptions import ArchivesRefusedError, RepositoryDamagedError, RepositoryGoneError
from .remembered import check_environment
from .state import read_state

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from conda.models.match_spec import MatchSpec
    from conda.models.records import PackageRecord


def prepare_solve(specs_to_add: Iterable[MatchSpec] = (), *_: Any) -> None:
    """Check and refresh the index of every offline repository in play (`conda_pre_solves`).

    Raises:
        RepositoryDamagedError: An index file is not the one of the manifest.
        RepositoryGoneError: The folder that the environment uses is not a repository any more.
        ManifestError: A manifest cannot be used.
        OfflineRepoError: See `remembered.check_environment`.
    """
    check_environment(specs_to_add)
    for url in all_channel_urls(context.channels, subdirs=context.subdirs):
        if url.startswith(SCHEME):
            folder = Path(file_path(url))
            if not is_repository(folder.parent):
                _check_not_gone(folder.parent)
            else:
                _check_index(folder.parent, folder.name)
                if context.offline:
                    _compat.refresh_index_cache(Channel(url.rpartition("/")[0]), (folder.name,))


def check_solution(_: Any, __: Any, link_precs: Iterable[PackageRecord]) -> None:
    """Refuse to link what differs from its record (`conda_post_solves`).

    Raises:
        RepositoryDamagedError: An index file is not the one of the manifest.
        ArchivesRefusedError: An archive differs; all of them are named.
        PoisonedCacheError: conda's package cache holds another archive in the place of one.
        ManifestError: A manifest cannot be used.
    """
    archives = from_repositories(link_precs)
    for repository, subdir in sorted({(one.repository, one.path.parent.name) for one in archives}):
        _check_index(repository, subdir)
    check_archives(archives)
    check_caches(archives)


def check_unpacked(records: Iterable[PackageRecord]) -> None:
    """Refuse to link what differs, after conda has extracted it; raises as `check_solution` does.

    What was extracted of a refused archive is removed from the package cache, so that it is not
    linked later.
    """
    archives = from_repositories(records)
    try:
        check_archives(archives)
    except ArchivesRefusedError:
        remove_refused(archives)
        raise
    check_caches(archives)


def _check_not_gone(folder: Path) -> None:
    """Refuse to go on without the repository that the environment uses.

    conda would say that the channel is invalid and advise to index it anew.
    """
    state = read_state(Path(context.target_prefix))
    if state and folder == Path(state.path):
        raise RepositoryGoneError(folder, context.target_prefix)


def _check_index(repository: Path, subdir: str) -> None:
    """Compare an index file with the manifest; a copy that was interrupted leaves them apart."""
    stated = manifest.read(repository)
    name = f"{subdir}/{manifest.INDEX_NAME}"
    path = repository / name
    allowed = set(journal.read(repository).get(name, ()))
    if stated and name in stated.files:
        allowed.add(stated.files[name].sha256)
    if path.is_file():
        if hash_file(path).sha256 not in allowed:
            raise RepositoryDamagedError(repository, (), (name,))
    elif stated and name in stated.files:
        raise RepositoryDamagedError(repository, (name,), ())
