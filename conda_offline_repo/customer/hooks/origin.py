"""Whether packages that conda is about to link come from the repository of their environment.

conda, when it is offline, lets its solvers choose among all that its package caches hold, whatever
channel that came from, and there is no setting against it. Besides, it installs files that a
command names, and asks folders that it names for channels.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.models.channel import all_channel_urls

from ..._conda import commands
from ...exceptions import OfflineRepoError
from ...files.hashing import hash_file
from ...settings import customers_file
from ...urls import SCHEME, local_path
from .archives import LinkedArchive, elsewhere, expected_manifest, is_named, repository_of
from .exceptions import ForeignPackagesError, RepositoryGoneError, UnnamedPackagesError, listed
from .history_check import expected_by_use, known_state, warn

if TYPE_CHECKING:
    from conda.models.records import PackageRecord

    from ...repository.manifest import Manifest
    from ..environment.state import State


def check_origin(
    records: Iterable[PackageRecord],
    unlinked: frozenset[PackageRecord],
    archives: Sequence[LinkedArchive],
    *,
    solved: bool,
) -> tuple[LinkedArchive, ...]:
    """Refuse what an environment does not take.

    A solver may choose from its repository alone, and from channels that the user names besides.
    What the user names is taken as plain conda takes it, with a warning; by an environment that
    expects a signature, only what a release names by its digest. What is in an environment already
    may be linked anew, and a copy of an environment is what the original is.

    Args:
        records: What is about to be linked.
        unlinked: What goes.
        archives: Those of `records` that are in repositories.
        solved: Whether a solver has chosen; else the command names it.

    Returns:
        The archives besides `archives` that are to be checked like them.

    Raises:
        StateMissingError: As `known_state`.
        ForeignPackagesError: A solver has chosen a package of no channel of the command.
        UnnamedPackagesError: No release names a package, and a signature is expected.
        RepositoryGoneError: The repository is not where it was.
        OfflineRepoError: See `expected_manifest`, and `check_policies` of what is new.
    """
    prefix = commands.target()
    new = [record for record in records if record not in unlinked]
    if not new or commands.original():
        return ()
    coming = [archive for archive in archives if archive.record not in unlinked]
    if coming and customers_file("policy") and expected_by_use.get() is None:
        from ...repository.locate import Repository  # most machines have no policy
        from .policy import check_policies

        for place, manifest in {a.repository: a.manifest for a in coming}.items():
            paths = [archive.path for archive in coming if archive.repository == place]
            names = {f"{path.parent.name}/{path.name}" for path in paths}
            for text in check_policies(Repository(place, manifest), archives=names):
                warn(text)
    state = known_state(prefix)
    if state is None:
        return ()
    new = [record for record in new if not _stays(record, unlinked, state)]
    # what a server does not have, `check_archives` refuses
    present = {
        id(a.record): bool(a.allowed) or not isinstance(a.path, Path) or os.path.lexists(a.path)
        for a in archives
    }
    foreign = [
        record
        for record in new
        if (url := str(record.get("url") or ""))
        and not (present[id(record)] if id(record) in present else _in_channel(url, state))
    ]
    if solved and foreign:
        manifest = expected_manifest(state.place)
        withdrawn = {r.name for r in foreign} & {old.name for old in unlinked}
        exact = [*manifest.exact_options(context.subdir).values()] if withdrawn else []
        raise ForeignPackagesError(state.path, str(prefix), foreign, manifest.names, exact)
    if expected_by_use.get() is not None:
        return ()
    return _check_named(prefix, state, new, archives)


def _stays(record: PackageRecord, unlinked: Iterable[PackageRecord], state: State) -> bool:
    """Return whether a record is of the very archive that an environment has from elsewhere.

    A solver may offer what the caches have under their own URL, which to conda is another package.
    """
    cached = local_path(str(record.get("url") or ""))
    old = next((old for old in unlinked if old.name == record.name), None)
    if cached is None or old is None or not old.get("sha256"):
        return False
    if str(old.get("url") or "").startswith(f"{state.channel}/"):
        return False  # the repository does not have it any more: not what an update is to bring
    try:
        same = all(record.get(key) == old.get(key) for key in ("version", "build", "subdir"))
        return same and hash_file(cached).sha256 == old.sha256
    except OSError:
        return False


def _check_named(
    prefix: Path,
    state: State,
    records: Sequence[PackageRecord],
    archives: Sequence[LinkedArchive],
) -> tuple[LinkedArchive, ...]:
    """Refuse what no release names, or warn of it; see `check_origin`."""
    from ..trust.signers import expected

    own = {id(archive.record) for archive in archives if state.uses(archive.repository)}
    others = [record for record in records if id(record) not in own]
    if not others:
        return ()
    repository = state.place
    trusted = expected(repository, state.label, state)
    manifest: Manifest | None = None
    try:
        if isinstance(repository, Path) and repository_of(repository) is None:
            raise RepositoryGoneError(repository, str(prefix))
        manifest = expected_manifest(repository)
    except OfflineRepoError:
        if trusted is not None:
            raise
    candidates = [elsewhere(record, repository, manifest) for record in others if manifest]
    named = tuple(archive for archive in candidates if is_named(archive))
    unnamed = [record for record in others if id(record) not in {id(a.record) for a in named}]
    if unnamed and trusted is not None:
        raise UnnamedPackagesError(state.path, trusted, unnamed)
    if unnamed:
        packages = ", ".join(listed(unnamed))
        warn(f"Not from the offline repository {state.path} of this environment: {packages}.")
    return named if trusted is not None else ()


def _in_channel(url: str, state: State) -> bool:
    """Return whether a URL is below a channel of this command that conda can read now."""
    if path := local_path(url):
        check_not_gone(state, path.parent.parent)
    return any(
        url.startswith(f"{channel}/") and (channel.startswith(SCHEME) or not context.offline)
        for channel in all_channel_urls(commands.channels(), subdirs=context.subdirs)
    )


def check_not_gone(state: State | None, channel: Path) -> None:
    """Refuse a channel that is the environment's repository no longer.

    conda would say that the channel is invalid and advise to index it anew.
    """
    if state and state.uses(channel):
        raise RepositoryGoneError(channel, str(commands.target()))
