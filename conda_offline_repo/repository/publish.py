"""Bring a repository from one whole state to the next, whatever happens on the way.

What comes is staged beside the repository. A first publication is one rename of a folder. Every
later one goes: the manifest of the release beside the repository's (see `transition`), archives,
index files with the entries of both releases where a manifest states them, those of the release,
the other files, the manifest, deletions. To an older release the manifest goes first of what is
replaced, and the newer one lies beside from then on: what a reader believes in is never older than
what its index can be of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..files.atomic import (
    has_content,
    keep_only,
    partial,
    place,
    put,
    remove,
    replace,
    sync,
    sync_folders,
    write,
)
from ..files.hashing import hash_bytes, read_regular
from ..files.permissions import open_up
from . import signature, sshsig
from .index import bridge
from .manifest import INDEX_NAME, MANIFEST_NAME, NEXT_NAME, NEXT_SIGNATURE_NAME, File
from .ownership import clear
from .reading import LARGEST
from .signature import SIGNATURE_NAME
from .transition import age, read_next

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .manifest import Manifest


@dataclass(frozen=True)
class Sealed:
    """A manifest as it is put in place.

    Attributes:
        manifest: What it says, and its bytes.
        signatures: The content of the file with its signatures; empty if it is not signed.
    """

    manifest: Manifest
    signatures: bytes


@dataclass(frozen=True)
class Transition:
    """What brings a repository to a release.

    Attributes:
        repository: Its folder, there or not.
        staging: A folder of ours on the same file system, with what comes.
        release: What it is to be.
        beside: What lies beside meanwhile: the release, or also what goes.
        last: What it is until then; none if it is nothing that can be read.
        coming: The paths of what is staged.
        surplus: Those of what is to be deleted.
    """

    repository: Path
    staging: Path
    release: Sealed
    beside: Sealed
    last: Manifest | None
    coming: Sequence[str]
    surplus: Sequence[str]


def carry_out(change: Transition) -> tuple[str, ...]:
    """Bring a repository to a release.

    Returns:
        What could not be deleted; until it is, readers are told that the publication is unfinished.
    """
    if change.repository.is_dir() and any(change.repository.iterdir()):
        return _update(change)
    _create(change)
    return ()


def _create(change: Transition) -> None:
    repository, staging = change.repository, change.staging
    keep_only(staging, {*change.coming})
    write(staging / MANIFEST_NAME, change.release.manifest.raw)
    if change.release.signatures:
        write(staging / SIGNATURE_NAME, change.release.signatures)
    open_up((staging, *staging.rglob("*")), repository.parent)
    sync_folders(staging, change.coming)
    if repository.is_dir():  # empty; Windows renames onto nothing that exists
        repository.rmdir()
    replace(staging, repository)
    sync(repository.parent)


def _update(change: Transition) -> tuple[str, ...]:
    repository, last, new = change.repository, change.last, change.release.manifest
    _announce(change)
    packages = [name for name in change.coming if name in new.packages]
    others = [name for name in change.coming if name not in new.packages]
    index = [name for name in others if name.endswith(INDEX_NAME)]
    added = [name for name in packages if not (repository / name).exists()]
    _place(change, added)
    if last and last.raw != new.raw and age(new) <= age(last):
        _put(change, NEXT_NAME, last.raw)
        _put_manifest(change)
    # archives before the index that names them, and that before what people read
    _place(change, [name for name in packages if name not in added])
    between = _bridges(change, index)
    for name, content in between.items():
        put(partial(change.staging / name), repository / name, content)
    sync_folders(repository, between)
    _place(change, index)
    _place(change, [name for name in others if name not in index])
    _put_manifest(change)
    # last goes what tells readers that something is left
    for names in (change.surplus, (NEXT_SIGNATURE_NAME,), (NEXT_NAME,)):
        undeleted = clear(repository, names)
        if undeleted:
            break
    return undeleted


def _announce(change: Transition) -> None:
    """Let readers know of what is on its way; what an interrupted command has told stays."""
    repository, last, there = change.repository, change.last, read_next(change.repository)
    new, beside = change.release, change.beside
    if new.signatures or (last and last.signers):
        manifests = [one for one in (new.manifest, beside.manifest, last, there) if one]
        names = (SIGNATURE_NAME, NEXT_SIGNATURE_NAME)
        lying = (one for name in names for one in signature.lying(repository / name))
        given = sshsig.parsed(new.signatures + beside.signatures)
        signatures = dict.fromkeys(
            one.armored
            for one in (*lying, *given)
            if any(one.is_of(manifest.raw) for manifest in manifests)
        )
        _put(change, NEXT_SIGNATURE_NAME, b"".join(signatures))
    if there is None or not last or last.raw != new.manifest.raw:
        _put(change, NEXT_NAME, beside.manifest.raw)


def _bridges(change: Transition, index: Sequence[str]) -> dict[str, bytes]:
    """Return the index files that lead from the one release to the other, if their vendor has made
    them so: with these and no others, readers agree.
    """
    if len(index) < 2 or change.last is None:
        return {}
    new, last = change.release.manifest, change.last
    bridges = {}
    for name in index:
        try:
            here = read_regular(change.repository / name, LARGEST)
            comes = read_regular(change.staging / name, LARGEST)
        except OSError:  # there is none yet
            continue
        for stated, both in ((new, bridge(here, comes)), (last, bridge(comes, here))):
            if both is not None and name in stated.bridges:
                digests = hash_bytes(both)
                if stated.bridges[name] == File(digests.sha256, digests.size):
                    bridges[name] = both
                    break
        else:
            return {}
    return bridges


def _put_manifest(change: Transition) -> None:
    """Put the manifest in place, and its signatures; those of it and of the last one lie beside."""
    if not change.release.signatures:
        remove(change.repository / SIGNATURE_NAME)
    _put(change, MANIFEST_NAME, change.release.manifest.raw)
    if change.release.signatures:
        _put(change, SIGNATURE_NAME, change.release.signatures)


def _put(change: Transition, name: str, content: bytes) -> None:
    if not has_content(change.repository / name, content):
        put(change.staging / name, change.repository / name, content)
        sync(change.repository)


def _place(change: Transition, names: Sequence[str]) -> None:
    for name in names:
        place(change.staging / name, change.repository / name)
    sync_folders(change.repository, names)
