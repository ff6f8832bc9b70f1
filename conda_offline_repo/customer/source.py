"""The repository that `use` is to take: found and checked, in a folder or on a web server."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.models.channel import Channel

from .._conda import configuration, overrides
from ..exceptions import InvalidRequestError
from ..files.web import Place, WebFolder
from ..queries.contents import package_records
from ..repository.exceptions import FolderNameError, OfflineError
from ..repository.halfway import once_whole
from ..repository.locate import Repository, locate_one
from ..repository.names import check_folder
from ..repository.verify import verify
from ..urls import decoded, public
from .environment.condarc import CONDARC
from .environment.confinement import reading
from .exceptions import RepositoryDamagedError, SiblingIndexError
from .hooks import served

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ..progress import Progress


def reachable(path: Place, prefix: Path) -> AbstractContextManager[None]:
    """Let conda reach a repository while the context lasts, as it will in an environment.

    Raises:
        InvalidRequestError: It is a URL with credentials, which no file is to have.
        OfflineError: It is a URL, and conda is offline by more than the environment's own file.
    """
    if isinstance(path, Path):
        return nullcontext()
    if path.address != path.url:
        raise InvalidRequestError(
            f"The URL of {path} has a login, which would have to be written into the environment.",
            "Give the URL alone, and the login where conda looks for it: in your .netrc, in the "
            "setting channel_settings with a plugin that logs in, or in custom_channels.",
        )
    if configuration.merged(prefix, "").offline:
        settings = (s for s in configuration.settings() if s.name == "offline")
        source = [s.source for s in settings if Path(s.source) != prefix / CONDARC][-1]
        raise OfflineError(path.url, "CONDA_OFFLINE" if source == "envvars" else source)
    return overrides.settings(offline=False, **reading(path.url))


def located(
    path: Place, progress: Progress, label: str | None = None, usual: str | None = None
) -> Repository:
    """Return the repository at a path or URL; the labels are as for `locate_one`.

    Of one on a server, the indexes are compared with the manifest: what conda downloads later, it
    compares with the digests in these.

    Raises:
        OfflineRepoError: See `locate_one`, `check_indexes` and `once_whole`.
    """

    def read() -> Repository:
        repository = locate_one(path, label, usual)
        check_indexes(repository)
        return repository

    return once_whole(read, progress.step)


def check_indexes(repository: Repository) -> None:
    """Compare the indexes of a repository on a server with its manifest; others are left alone.

    Raises:
        FolderNameError: conda cannot read a channel there, or reads another one.
        IndexMisfitError: One is not what the manifest names.
        UnreadableError, CondaError: One cannot be read.
    """
    if isinstance(repository.path, WebFolder):
        check_folder(repository.path, context.subdirs)
        _check_not_elsewhere(repository.path)
        served.refresh(repository.path, repository.manifest)


def _check_not_elsewhere(path: WebFolder) -> None:
    read = Channel(path.url).urls(with_credentials=False, subdirs=("noarch",))[0]
    if decoded(read) != decoded(f"{path.url}/noarch"):
        raise FolderNameError(
            path,
            "conda",
            f"its settings say that it is {public(read).rpartition('/')[0]} now",
            "Give that URL, or change migrated_custom_channels or migrated_channel_aliases in "
            "conda's configuration.",
        )


def records(repository: Repository, names: Iterable[str]) -> dict[str, PackageRecord]:
    """Return archives of a repository as `package_records`: of a server, from conda's cache."""
    path = repository.path
    if not isinstance(path, WebFolder):
        return package_records(repository, names)
    return package_records(repository, names, lambda name, _: served.cached_index(path, name))


def check_files(repository: Repository, progress: Progress) -> None:
    """Compare every file of a repository in a folder with its manifest.

    Raises:
        RepositoryDamagedError: Files differ.
        SiblingIndexError: conda may read other files in the place of its index.
    """
    if isinstance(repository.path, WebFolder):
        return
    report = verify(repository, progress)
    if not report.good:
        problems = {kind: getattr(report, kind) for kind in ("missing", "changed", "unreadable")}
        raise RepositoryDamagedError(repository.path, **problems)
    if report.misleading:
        raise SiblingIndexError(repository.path, report.misleading)
