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

from ...urls import SCHEME, local_path, public
from ..environment.state import read_state
from .exceptions import ForeignPackagesError, RepositoryGoneError

if TYPE_CHECKING:
    from collections.abc import Container

    from conda.models.records import PackageRecord

    from ..environment.state import State
    from .archives import LinkedArchive


def check_not_gone(state: State | None, channel: Path) -> None:
    """Refuse a channel without a repository that is the one of the environment.

    conda would say that the channel is invalid and advise to index it anew.

    Raises:
        RepositoryGoneError: The environment uses this folder.
    """
    if state and state.uses(channel):
        raise RepositoryGoneError(channel, context.target_prefix)


def check_origin(
    records: tuple[PackageRecord, ...],
    unlinked: Container[PackageRecord],
    archives: tuple[LinkedArchive, ...],
) -> None:
    """Refuse what the repository of the environment does not have.

    What is in the environment already may be linked anew. A channel that is named besides is its
    user's wish, if it is a folder or conda is not offline: then conda has just read its index.

    Args:
        records: What is about to be linked.
        unlinked: What is unlinked before.
        archives: Those of `records` that are of offline repositories.

    Raises:
        ForeignPackagesError: Some are of other channels' caches, or of older releases.
        RepositoryGoneError: The environment's repository is gone.
    """
    state = read_state(Path(context.target_prefix))
    if state is None:
        return
    present = {id(a.record): bool(a.allowed) or os.path.lexists(a.path) for a in archives}
    foreign = [
        record
        for record in records
        if record not in unlinked
        and (url := str(record.get("url") or ""))
        and not (present[id(record)] if id(record) in present else _in_channel(url, state))
    ]
    if foreign:
        raise ForeignPackagesError(
            state.path,
            context.target_prefix,
            [f"{r.name} {r.version} {r.build} ({public(str(r.url))})" for r in foreign],
            sorted({r.name for r in foreign}),
        )


def _in_channel(url: str, state: State) -> bool:
    """Return whether a URL is below a channel of this command that conda can read now."""
    if path := local_path(url):
        check_not_gone(state, path.parent.parent)
    return any(
        url.startswith(f"{channel}/") and (channel.startswith(SCHEME) or not context.offline)
        for channel in all_channel_urls(context.channels, subdirs=context.subdirs)
    )
