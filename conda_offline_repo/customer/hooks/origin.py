"""Where the packages of an environment that uses a repository come from: from there alone.

conda, when it is offline, lets its solvers choose among all that its package caches hold, whatever
channel that came from, and there is no setting against it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.models.channel import all_channel_urls

from ...urls import SCHEME, file_path, public
from ..environment.state import read_state
from .exceptions import ForeignPackagesError, RepositoryGoneError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conda.models.records import PackageRecord

    from ...repository.manifest import Manifest
    from ..environment.state import State
    from .archives import LinkedArchive


def check_not_gone(folder: Path) -> None:
    """Refuse to go on without the repository that the environment uses.

    conda would say that the channel is invalid and advise to index it anew.

    Raises:
        RepositoryGoneError: The environment's repository is this folder, which is none.
    """
    state = read_state(Path(context.target_prefix))
    if state and state.uses(folder):
        raise RepositoryGoneError(folder, context.target_prefix)


def check_origin(
    records: tuple[PackageRecord, ...],
    there: frozenset[PackageRecord],
    archives: tuple[LinkedArchive, ...],
    stated: Mapping[Path, Manifest],
) -> None:
    """Refuse what the repository of the environment does not have.

    What is in the environment already may be linked anew. A channel that is named besides is its
    user's wish, if it is a folder or conda is not offline: then conda has just read its index.

    Args:
        records: What is about to be linked.
        there: What is unlinked before.
        archives: Those of `records` that are of offline repositories.
        stated: The manifests of these.

    Raises:
        ForeignPackagesError: Some are of other channels' caches, or of older releases.
        RepositoryGoneError: The environment's repository is none any more.
    """
    state = read_state(Path(context.target_prefix))
    if state is None:
        return
    by_record = {id(archive.record): archive for archive in archives}
    foreign = []
    for record in records:
        archive = by_record.get(id(record))
        if record in there or not record.get("url"):
            continue
        if archive is None:
            _check_not_below(str(record.url), state)
            known = _of_a_channel(str(record.url))
        else:
            known = bool(stated[archive.repository].allowed(archive.name)) or os.path.lexists(
                archive.path
            )
        if not known:
            foreign.append(record)
    if foreign:
        raise ForeignPackagesError(
            state.path,
            context.target_prefix,
            [f"{r.name} {r.version} {r.build} ({public(str(r.url))})" for r in foreign],
            sorted({r.name for r in foreign}),
        )


def _check_not_below(url: str, state: State) -> None:
    if url.startswith(SCHEME):
        path = Path(file_path(url)).parent.parent
        if state.uses(path):
            raise RepositoryGoneError(path, context.target_prefix)


def _of_a_channel(url: str) -> bool:
    """Return whether a URL is below a channel of this command that conda can read now."""
    return any(
        url.startswith(f"{channel}/") and (channel.startswith(SCHEME) or not context.offline)
        for channel in all_channel_urls(context.channels, subdirs=context.subdirs)
    )
