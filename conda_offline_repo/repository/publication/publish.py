"""Bring a repository from one whole state to the next, whatever happens on the way.

New files are staged beside the repository. A first publication is one rename of a folder. Every
later one puts in place, in this order: the new manifest beside the repository's (see `transition`),
archives, index files with the entries of both releases where a manifest names them, those of the
release, the other files, the manifest; then it deletes. Back to an older release, the manifest is
the first to be replaced, and the newer one lies beside from then on: a reader's manifest is never
older than its index.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...files.atomic import (
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
from ...files.hashing import read_regular
from ...files.permissions import open_up
from ..index import bridge
from ..manifest import INDEX_NAME, MANIFEST_NAME, NEXT_NAME, NEXT_SIGNATURE_NAME, Manifest
from ..package import File
from ..reading import LARGEST
from ..signing import signature, sshsig
from ..signing.signature import SIGNATURE_NAME
from ..transition import age, read_next
from .ownership import clear


@dataclass(frozen=True)
class Sealed:
    """A manifest with its bytes and signatures.

    Attributes:
        signatures: The content of the file with its signatures; empty if it is not signed.
    """

    manifest: Manifest
    signatures: bytes


@dataclass(frozen=True)
class Transition:
    """The way of a repository to a release.

    Attributes:
        repository: Its folder, which need not exist.
        staging: The folder with the new files, on the same file system.
        beside: The manifest that lies beside meanwhile: the release's, or one that also names the
            files that go.
        last: The manifest until then; None if none can be read.
        coming: The paths of the staged files.
        surplus: The paths of the files to be deleted.
    """

    repository: Path
    staging: Path
    release: Sealed
    beside: Sealed
    last: Manifest | None
    coming: Sequence[str]
    surplus: Sequence[str]


class Writer(Protocol):
    """Changes a published repository; a method returns when its change is done, and lasts."""

    def has(self, name: str) -> bool:
        """Return whether the repository has a file."""

    def announced(self) -> None:
        """Prepare, now that readers know what comes; nothing is in its place yet."""
        return

    def put(self, name: str, content: bytes) -> None:
        """Write a file of this content into its place."""

    def place(self, names: Sequence[str]) -> None:
        """Bring files of the release into their places, in any order."""

    def delete(self, name: str) -> None:
        """Delete a file if it exists."""

    def clear(self, names: Iterable[str]) -> tuple[str, ...]:
        """Delete files; returns those that could not be deleted."""


@dataclass(frozen=True)
class Folder(Writer):
    """Changes a repository in a folder, from a staging folder; see `Transition`."""

    repository: Path
    staging: Path

    def has(self, name: str) -> bool:
        """See `Writer.has`."""
        return (self.repository / name).exists()

    def put(self, name: str, content: bytes) -> None:
        """See `Writer.put`."""
        put(partial(self.staging / name), self.repository / name, content)
        sync_folders(self.repository, [name])

    def place(self, names: Sequence[str]) -> None:
        """See `Writer.place`."""
        for name in names:
            place(self.staging / name, self.repository / name)
        sync_folders(self.repository, names)

    def delete(self, name: str) -> None:
        """See `Writer.delete`."""
        remove(self.repository / name)

    def clear(self, names: Iterable[str]) -> tuple[str, ...]:
        """See `Writer.clear`."""
        return clear(self.repository, names)


def carry_out(change: Transition) -> tuple[str, ...]:
    """Bring the repository in a folder to a release; returns as `update`."""
    if change.repository.is_dir() and any(change.repository.iterdir()):
        return update(change, Folder(change.repository, change.staging))
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


def update(change: Transition, writer: Writer) -> tuple[str, ...]:
    """Bring a repository to a release, as the head of this module says.

    The small files that it has, of manifests and indexes, are read in `change.repository`.

    Returns:
        The files that could not be deleted; until they are, readers see an unfinished publication.
    """
    last, new = change.last, change.release.manifest
    _announce(change, writer)
    writer.announced()
    packages = [n for n in change.coming if n in new.packages or n in new.attestations]
    others = [name for name in change.coming if name not in packages]
    index = [name for name in others if name.endswith(INDEX_NAME)]
    added = [name for name in packages if not writer.has(name)]
    writer.place(added)
    if last and last.raw != new.raw and age(new) <= age(last):
        _put(change, writer, NEXT_NAME, last.raw)
        _put_manifest(change, writer)
    # archives before the index that names them, and the index before the files for people
    writer.place([name for name in packages if name not in added])
    for name, content in _bridges(change, index).items():
        writer.put(name, content)
    writer.place(index)
    writer.place([name for name in others if name not in index])
    _put_manifest(change, writer)
    # last the files that show readers an unfinished publication
    for names in (change.surplus, (NEXT_SIGNATURE_NAME,), (NEXT_NAME,)):
        undeleted = writer.clear(names)
        if undeleted:
            break
    return undeleted


def _announce(change: Transition, writer: Writer) -> None:
    """Let readers know of what is on its way; the word of an interrupted command stays."""
    repository, last, previous = change.repository, change.last, read_next(change.repository)
    new, beside = change.release, change.beside
    if new.signatures or (last and last.signers):
        manifests = (new.manifest, beside.manifest, last, previous)
        signatures = (
            *signature.lying(repository / SIGNATURE_NAME),
            *signature.lying(repository / NEXT_SIGNATURE_NAME),
            *sshsig.parsed(new.signatures + beside.signatures),
        )
        valid = dict.fromkeys(
            sig.armored
            for sig in signatures
            if any(manifest and sig.is_of(manifest.raw) for manifest in manifests)
        )
        _put(change, writer, NEXT_SIGNATURE_NAME, b"".join(valid))
    if previous is None or not last or last.raw != new.manifest.raw:
        _put(change, writer, NEXT_NAME, beside.manifest.raw)


def _bridges(change: Transition, index: Sequence[str]) -> dict[str, bytes]:
    """Return the index files between the two releases, if a manifest names all of them: readers
    accept no others.
    """
    if len(index) < 2 or change.last is None:
        return {}
    bridges = {}
    for name in index:
        try:
            old = read_regular(change.repository / name, LARGEST)
            new = read_regular(change.staging / name, LARGEST)
        except OSError:  # the repository has no such index yet
            continue
        forward, back = bridge(old, new), bridge(new, old)
        for manifest, content in ((change.release.manifest, forward), (change.last, back)):
            if content and manifest.bridges.get(name) == File.of(content):
                bridges[name] = content
                break
        else:
            return {}
    return bridges


def _put_manifest(change: Transition, writer: Writer) -> None:
    """Put the manifest and its signatures in place; all signatures already lie beside."""
    if not change.release.signatures:
        writer.delete(SIGNATURE_NAME)
    _put(change, writer, MANIFEST_NAME, change.release.manifest.raw)
    if change.release.signatures:
        _put(change, writer, SIGNATURE_NAME, change.release.signatures)


def _put(change: Transition, writer: Writer, name: str, content: bytes) -> None:
    if not has_content(change.repository / name, content):
        writer.put(name, content)
