"""A repository on a web server that is read while another release comes into its place.

A publication, and a `sync`, put files in an order in which what is read always fits together. Other
copies do not: for a moment, the index is of one release, and the manifest or its signature of
another. So a reader asks again for a while.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ..files.hashing import hash_file
from ..files.web import Place, WebFolder
from ..files.workers import run_all
from .exceptions import (
    ChangedError,
    HalfPublishedError,
    IndexMisfitError,
    ManifestError,
    UnreadableError,
)
from .manifest import INDEX_NAME, MANIFEST_NAME, Manifest
from .transition import read_manifest

if TYPE_CHECKING:
    from .locate import Repository

    Result = TypeVar("Result")

#: Seconds for which a reader asks again, and those between two times.
PATIENCE = 60.0
PAUSE = 2.0


def once_whole(read: Callable[[], Result], say: Callable[[str], None]) -> Result:
    """Return what is read of repositories, as soon as what web servers have of them fits together.

    Args:
        read: Reads them from the start, the manifest first, each time that it is called.
        say: Called once with why it takes longer.

    Raises:
        HalfPublishedError: It does not fit together after `PATIENCE`.
        OfflineRepoError: As `read`.
    """
    deadline = None
    while True:
        try:
            return read()
        except ManifestError as error:
            if not error.halfway or not isinstance(error.path, WebFolder):
                raise
            url = WebFolder.at(error.path.channel).url
            if deadline is None:
                deadline = time.monotonic() + PATIENCE
                say(f"{url} is being published; asking again for up to {PATIENCE:g} s")
            elif time.monotonic() >= deadline:
                raise HalfPublishedError(url, error, PATIENCE) from None
            time.sleep(PAUSE)


def check_indexes(repository: Repository) -> None:
    """See that what a web server has of a repository are the indexes of its manifest.

    Raises:
        IndexMisfitError: One is another, or missing.
        UnreadableError: One cannot be read.
    """
    manifest, place = repository.manifest, repository.path
    if not isinstance(place, WebFolder):
        return

    def check(name: str) -> None:
        allowed = manifest.allowed(name)
        try:
            digests = hash_file(place / name, limit=max(allowed.values()))
        except FileNotFoundError:
            raise IndexMisfitError(place / name) from None
        except OSError as error:
            raise UnreadableError(place / name, error) from error
        if allowed.get(digests.sha256) != digests.size:
            raise IndexMisfitError(place / name)

    indexes = [name for name in manifest.files if name.endswith(f"/{INDEX_NAME}")]
    run_all(check, indexes, place.at_once)


def check_current(place: Place, manifest: Manifest) -> None:
    """See that a web server still has the manifest that was read, and no other one on its way, or
    damage proves nothing.

    Raises:
        ChangedError: It has another.
        ManifestError, UnreadableError: It cannot be read any more.
    """
    if isinstance(place, WebFolder):
        now = read_manifest(place)
        if now is None or (now.raw, now.on_the_way) != (manifest.raw, manifest.on_the_way):
            raise ChangedError(place / MANIFEST_NAME)
