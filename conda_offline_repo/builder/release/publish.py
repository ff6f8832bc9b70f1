"""Bring a repository from one whole state to the next, whatever happens on the way.

The new state is staged beside the repository. A first publication is one rename of a folder. Every
later one goes: the old manifest with what is on its way, archives, index files, the new manifest
with what is on its way out, deletions, the new manifest. Until the new manifest is there the
repository is the old one with more in it than it states; from then on it is the new one. What is on
its way from what to what is in the manifest itself, so that a reader can tell a publication under
way from damage, and nothing but the manifest allows a file to be another than it states.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...files import atomic
from ...files.atomic import (
    has_content,
    keep_only,
    place,
    put,
    sync,
    sync_files,
    sync_folders,
    write,
)
from ...files.hashing import Digests, hash_bytes
from ...files.permissions import open_up
from ...repository import journal, manifest, signature
from ...repository.cleanup import clear, leftovers
from . import sealing

if TYPE_CHECKING:
    from pathlib import Path

    from ...repository.manifest import Manifest
    from .compose import Release
    from .signing import Signer


def differs(release: Release, repository: Path, last: Manifest) -> bool:
    """Return whether publishing would change anything but the manifest's count, date and tools, and
    what the last publication was to delete.
    """
    same_time = replace(
        release.manifest,
        build=last.build,
        created=last.created,
        built_with=last.built_with,
        on_the_way=last.on_the_way,
        bridges=last.bridges,
    )
    return (
        same_time.content != (repository / manifest.MANIFEST_NAME).read_bytes()
        or any(archive.staged for archive in release.archives)
        or not all(
            has_content(repository / name, content) for name, content in release.files.items()
        )
        or not last.on_the_way.keys() >= {*leftovers(release.manifest, repository, last)}
    )


def finish(
    release: Release, repository: Path, staging: Path, last: Manifest, signer: Signer | None
) -> tuple[str, ...]:
    """Finish a publication that has nothing left to do but deletions, or has lost its signature.

    The release's number stays: who has copied it has all of it.

    Args:
        release: What the repository holds; see `differs`.
        repository: The published folder.
        staging: A folder of ours on the same file system.
        last: Its manifest.
        signer: Signs it, if anybody does.

    Returns:
        What could not be deleted.
    """
    if not journal.unfinished(repository, last) and sealing.is_signed(repository, last):
        return ()
    now = replace(last, on_the_way={})
    sealing.sign(signer, (now,), repository)
    kept = clear(repository, leftovers(release.manifest, repository, last))
    if not kept:
        sealing.put_manifest(now, repository, staging, signer)
    return kept


def publish(
    release: Release,
    repository: Path,
    staging: Path,
    last: Manifest | None,
    signer: Signer | None,
) -> tuple[str, ...]:
    """Bring a repository to a release.

    Args:
        release: What it is to be.
        repository: The published folder, or where it is to be.
        staging: A folder of ours on the same file system.
        last: The manifest of the published repository, if there is one.
        signer: Signs what is published, if anybody does.

    Returns:
        What is left over and could not be deleted; until it is, the manifest says that the
        publication is unfinished.
    """
    if last:
        return _update(release, repository, staging, last, signer)
    _create(release, repository, staging, signer)
    return ()


def _create(release: Release, repository: Path, staging: Path, signer: Signer | None) -> None:
    keep_only(staging, {archive.name for archive in release.archives})
    sync_files(archive.path for archive in release.archives)
    for name, content in sorted(release.files.items()):
        write(staging / name, content)
    write(staging / manifest.MANIFEST_NAME, release.manifest.content)
    if signer:
        write(staging / signature.SIGNATURE_NAME, signer.sign(release.manifest.content))
    open_up((staging, *staging.rglob("*")), repository.parent)
    sync_folders(staging, {*release.files, *(archive.name for archive in release.archives)})
    if repository.is_dir():  # empty; Windows renames onto nothing that exists
        repository.rmdir()
    atomic.replace(staging, repository)
    sync(repository.parent)


def _update(
    release: Release, repository: Path, staging: Path, last: Manifest, signer: Signer | None
) -> tuple[str, ...]:
    surplus = leftovers(release.manifest, repository, last)
    changed = {
        name: content
        for name, content in release.files.items()
        if not has_content(repository / name, content)
    }
    bridge = {name: content for name, content in release.bridge.items() if name in changed}
    index = {name for name in changed if name.endswith(manifest.INDEX_NAME)}
    if len(index) < 2:
        bridge = {}
    # an archive that takes the place of another goes last, right before the index that names it
    arriving = sorted(
        (archive for archive in release.archives if archive.staged),
        key=lambda archive: ((repository / archive.name).exists(), archive.name),
    )
    sync_files(archive.path for archive in arriving)
    coming = {a.name: [Digests(a.sha256, a.md5, a.size)] for a in arriving}
    for name, content in (*bridge.items(), *changed.items()):
        coming.setdefault(name, []).append(hash_bytes(content))
    begun = replace(journal.arriving(last, coming), signers=release.manifest.signers)
    published = journal.leaving(release.manifest, last, surplus)
    sealing.sign(signer, (begun, published, release.manifest), repository)
    sealing.put_manifest(begun, repository, staging, signer)
    for archive in arriving:
        place(archive.path, repository / archive.name)
    sync_folders(repository, {archive.name for archive in arriving})
    for step in (bridge, changed):
        for name, content in sorted(step.items()):
            put(staging / name, repository / name, content)
        sync_folders(repository, step)
    sealing.put_manifest(published, repository, staging, signer)
    for name in (*release.files, *(archive.name for archive in release.archives)):
        open_up([repository / name], (repository / name).parent)
    kept = clear(repository, surplus)
    if not kept:
        sealing.put_manifest(release.manifest, repository, staging, signer)
    return kept
