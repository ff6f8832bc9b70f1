"""Bring a repository to what a build has composed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...files.atomic import sync_files, write
from ...files.lengths import check_lengths
from ...files.permissions import open_up
from ...repository import manifest_json
from ...repository.exceptions import SignatureError
from ...repository.publication.ownership import leftovers
from ...repository.publication.publish import Sealed, Transition, carry_out
from ...repository.signing import signature
from ...repository.transition import unfinished

if TYPE_CHECKING:
    from ...repository.manifest import Manifest
    from .compose import Release
    from .draft import Draft
    from .signing import Signer


def differs(release: Release, repository: Path, last: Manifest, *, renews: bool) -> bool:
    """Return whether publishing would change anything but the manifest's count, dates and tools,
    and what the last publication was to delete; if it `renews` it, also when the next one is due.
    """
    # what lies beside is in `last`, but not in the manifest
    stated = manifest_json.stated(repository) if unfinished(repository, last, None) else last
    same_time = replace(
        release.manifest,
        release=last.release,
        created=last.created,
        cutoff=last.cutoff,
        due=release.manifest.due if renews else last.due,
        built_with=last.built_with,
        proved_with=last.proved_with,
        on_the_way=stated.on_the_way,
        bridges=last.bridges,
    )
    return (
        not _has_text(same_time, stated.raw)
        or any(archive.staged for archive in release.archives)
        or bool(_changed(release, repository))
        or not last.on_the_way.keys() >= {*leftovers(release.manifest, repository, last)}
    )


def _has_text(manifest: Manifest, raw: bytes) -> bool:
    """Return whether these are the bytes of a manifest."""
    begin = 0
    for piece in manifest.pieces:
        if not raw.startswith(piece, begin):
            return False
        begin += len(piece)
    return begin == len(raw)


def finish(
    release: Release, repository: Path, staging: Path, last: Manifest, signer: Signer | None
) -> tuple[str, ...]:
    """Finish a publication that has nothing left to do but deletions, or has lost its signature.

    The release's number stays: who has copied it has all of it. See `publish` for the rest.
    """
    if _is_finished(repository, last):
        return ()
    whole = replace(release, manifest=replace(last, on_the_way={}))
    return publish(whole, repository, staging, last, signer)


def _is_finished(repository: Path, last: Manifest) -> bool:
    """Return whether nothing is left to be deleted, and the signatures are those of the manifest
    and no others, be it none at all.
    """
    if unfinished(repository, last, None):
        return False
    try:
        signature.signers(repository, last)
    except SignatureError:
        return False
    lying = signature.lying(repository / signature.SIGNATURE_NAME)
    return not last.signers or sorted(s.fingerprint for s in lying) == [*last.signers]


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
        last: The manifest of the published repository, with what is on its way, if there is one.
        signer: Signs what is published, if anybody does.

    Returns:
        What is left over and could not be deleted; until it is, readers are told that the
        publication is unfinished.
    """
    new = release.manifest
    check_lengths(repository, new.everything)
    surplus = leftovers(new, repository, last) if last else ()
    moving = dict(last.on_the_way) if last else {}
    moving |= {name: last.allowed(name) for name in surplus if last}
    # all signatures are made before anything is written
    sealed, beside = _seal(new, signer), _seal(replace(new, on_the_way=moving), signer)
    if last and last.signers and {*last.signers}.isdisjoint(new.signers):
        # readers believe in nothing that none of those signed whom the manifest names
        again = _seal(replace(last, signers=new.signers), signer)
        carry_out(Transition(repository, staging, again, again, last, (), ()))
        last = again.manifest
    staged = [archive for archive in release.archives if archive.staged]
    changed = _changed(release, repository)
    sync_files(archive.path for archive in staged)
    for name, draft in changed.items():
        write(staging / name, draft.pieces)
    coming = sorted((*changed, *(archive.name for archive in staged)))
    for name in {*new.everything}.difference(coming):
        open_up([repository / name], (repository / name).parent)
    return carry_out(Transition(repository, staging, sealed, beside, last, coming, surplus))


def _changed(release: Release, repository: Path) -> dict[str, Draft]:
    return {name: d for name, d in release.files.items() if not d.is_at(repository / name)}


def _seal(manifest: Manifest, signer: Signer | None) -> Sealed:
    raw = manifest.content
    return Sealed(replace(manifest, raw=raw), signer.sign(raw) if signer else b"")
