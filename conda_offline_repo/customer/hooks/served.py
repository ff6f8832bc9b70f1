"""The repository of an environment on a web server: read once for each command, with its indexes.

conda compares what it downloads with the digest of its record, and the solver has its records from
an index in conda's cache. So the cached indexes and the records have to be those of the manifest.
"""

from __future__ import annotations

from collections.abc import Iterable

from conda.base.context import context
from conda.models.channel import Channel, all_channel_urls

from ..._conda import commands, indexes
from ...files.hashing import hash_bytes
from ...files.web import WebFolder
from ...repository.exceptions import IndexMisfitError, UnreadableError
from ...repository.manifest import INDEX_NAME, Manifest
from ...urls import decoded, is_folder
from ..environment.state import read_state
from .history_check import expected_by_use, on_servers

#: What conda takes for the index of a subdir that a server does not have.
EMPTY = b"{}"


def server() -> WebFolder | None:
    """Return the repository that conda's command, or `use`, installs from, if a server has it.

    Raises:
        StateUnreadableError: The environment's state cannot be read.
    """
    if expected_by_use.get() is not None:
        return next(iter(on_servers), None)
    state = read_state(commands.original() or commands.target())
    place = state and state.place
    return place if isinstance(place, WebFolder) else None


def name_in(repository: WebFolder, url: str) -> str | None:
    """Return the path of an archive in a repository, by its URL; None if it is elsewhere."""
    if "://" not in url or is_folder(url):
        return None
    try:
        address = decoded(url)
    except ValueError:
        return None
    start = decoded(f"{repository.url}/") + "/"
    return address[len(start) :] if address.startswith(start) else None


def channel(repository: WebFolder) -> str | None:
    """Return the URL of a subdir of a repository as conda's command has it among its channels; None
    if it does not.
    """
    own = decoded(f"{repository.url}/noarch")
    urls = all_channel_urls(commands.channels(), subdirs=("noarch",))
    return next((url for url in urls if decoded(url) == own), None)


def refresh(repository: WebFolder, manifest: Manifest) -> None:
    """Bring conda's cached indexes of a repository up to date, and compare them with its manifest.

    What does not fit the manifest then is asked for whole: servers such as nginx call a file
    unchanged that another one of its size has replaced within a second.

    Raises:
        CondaError: The server does not have one, or cannot be reached.
        IndexMisfitError, UnreadableError: As `check_indexes`.
    """
    urls = Channel(repository.url).urls(with_credentials=True, subdirs=context.subdirs)
    channels = tuple(map(Channel, urls))
    indexes.ask_again(channels)
    stale = [channel for channel in channels if not _fits(repository, manifest, channel.subdir)]
    if stale:
        indexes.forget(stale)
        indexes.ask_again(stale)
        check_indexes(repository, manifest, [channel.subdir for channel in stale])


def check_indexes(repository: WebFolder, manifest: Manifest, subdirs: Iterable[str]) -> None:
    """Compare conda's cached indexes of a repository with its manifest.

    Raises:
        IndexMisfitError: One is not what the manifest names.
        UnreadableError: One cannot be read.
    """
    for subdir in subdirs:
        if not _fits(repository, manifest, subdir):
            raise IndexMisfitError(repository / f"{subdir}/{INDEX_NAME}")


def _fits(repository: WebFolder, manifest: Manifest, subdir: str) -> bool:
    name = f"{subdir}/{INDEX_NAME}"
    try:
        content = cached_index(repository, name)
    except OSError as error:
        raise UnreadableError(repository / name, error) from error
    allowed, digests = manifest.allowed(name), hash_bytes(content)
    unknown = not allowed and content.strip() == EMPTY
    return unknown or allowed.get(digests.sha256) == digests.size


def cached_index(repository: WebFolder, name: str) -> bytes:
    """Return what conda's cache has of an index of a repository, by its path there.

    Raises:
        OSError: It has none.
    """
    return indexes.cached_index(Channel(f"{repository.url}/{name.rpartition('/')[0]}"))
