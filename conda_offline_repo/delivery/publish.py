"""Bring a target from the release that it has to another one, whatever happens on the way.

Nobody can sign here. So what is on its way is told by the other release's own manifest, which lies
beside, with the signatures of both: `offline-repo.next.json`. A reader takes it into account where
it is the newer one and signed by whom the other names; see `repository.upcoming`.

To a newer release: that beside, archives, index files with the entries of both where the vendor has
stated them, those of the release, the rest, the manifest, deletions. To an
older one the manifest goes first of what is replaced, and the newer one lies beside from then on:
what a reader believes in is never older than what its index can be of.
"""

from __future__ import annotations

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
from ..repository import signature, sshsig, upcoming
from ..repository.cleanup import clear
from ..repository.index import bridge
from ..repository.journal import NEXT_NAME, NEXT_SIGNATURE_NAME
from ..repository.manifest import INDEX_NAME, MANIFEST_NAME, File
from ..repository.reading import LARGEST
from ..repository.signature import SIGNATURE_NAME
from ..repository.upcoming import age

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .plan import Plan


def publish(found: Plan, staging: Path) -> tuple[str, ...]:
    """Bring the target to the release.

    Args:
        found: What there is to do; what is lacking is staged.
        staging: A folder on the target's file system.

    Returns:
        What is too much and could not be deleted; until it is, readers are told that the
        publication is unfinished.
    """
    if found.target.is_dir() and any(found.target.iterdir()):
        return _update(found, staging)
    _create(found, staging)
    return ()


def _create(found: Plan, staging: Path) -> None:
    target, source = found.target, found.source
    names = {one.name for one in found.lacking}
    keep_only(staging, names)
    write(staging / MANIFEST_NAME, source.manifest.raw)
    if source.signature:
        write(staging / SIGNATURE_NAME, source.signature)
    open_up((staging, *staging.rglob("*")), target.parent)
    sync_folders(staging, names)
    if target.is_dir():  # empty; Windows renames onto nothing that exists
        target.rmdir()
    replace(staging, target)
    sync(target.parent)


def _update(found: Plan, staging: Path) -> tuple[str, ...]:
    target, new, last = found.target, found.source.manifest, found.last
    _announce(found, staging)
    packages = [one.name for one in found.lacking if one.name in new.packages]
    coming = [name for name in packages if not (target / name).exists()]
    _place(target, staging, coming)
    if last and last.raw != new.raw and age(new) <= age(last):
        _put(target, staging, NEXT_NAME, last.raw)
        _put_manifest(found, staging)
    others = [one.name for one in found.lacking if one.name not in new.packages]
    # archives before the index that names them, and that before what people read
    _place(target, staging, [name for name in packages if name not in coming])
    index = [name for name in others if name.endswith(INDEX_NAME)]
    between = _bridges(found, staging, index)
    for name, content in between.items():
        put(partial(staging / name), target / name, content)
    sync_folders(target, between)
    _place(target, staging, index)
    _place(target, staging, [name for name in others if not name.endswith(INDEX_NAME)])
    _put_manifest(found, staging)
    kept = clear(target, found.surplus)
    if not kept:
        for name in (NEXT_NAME, NEXT_SIGNATURE_NAME):
            remove(target / name)
    return kept


def _bridges(found: Plan, staging: Path, index: Sequence[str]) -> dict[str, bytes]:
    """Return the index files that lead from the one release to the other, if their vendor has made
    them so: with these and no others, readers agree.
    """
    if len(index) < 2 or found.last is None:
        return {}
    new, last = found.source.manifest, found.last
    bridges = {}
    for name in index:
        try:
            here = read_regular(found.target / name, LARGEST)
            comes = read_regular(staging / name, LARGEST)
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


def _announce(found: Plan, staging: Path) -> None:
    """Let readers know of what is on its way; what an interrupted command has told stays."""
    target, new = found.target, found.source.manifest
    beside = upcoming.content(target)
    if found.source.signature:  # or else the target has none: see `accept`
        manifests = [one for one in (new.raw, found.last and found.last.raw, beside) if one]
        signatures = dict.fromkeys(
            one.armored
            for one in (
                *signature.lying(target / SIGNATURE_NAME),
                *signature.lying(target / NEXT_SIGNATURE_NAME),
                *sshsig.parsed(found.source.signature),
            )
            if any(map(one.is_of, manifests))
        )
        _put(target, staging, NEXT_SIGNATURE_NAME, b"".join(signatures))
    if beside is None or not found.last or found.last.raw != new.raw:
        _put(target, staging, NEXT_NAME, new.raw)


def _put_manifest(found: Plan, staging: Path) -> None:
    """Put the manifest in place, and then its signatures; until then they lie beside."""
    target, source = found.target, found.source
    _put(target, staging, MANIFEST_NAME, source.manifest.raw)
    if source.signature:
        _put(target, staging, SIGNATURE_NAME, source.signature)
    else:
        remove(target / SIGNATURE_NAME)


def _put(target: Path, staging: Path, name: str, content: bytes) -> None:
    if not has_content(target / name, content):
        put(staging / name, target / name, content)
        sync(target)


def _place(target: Path, staging: Path, names: Sequence[str]) -> None:
    for name in names:
        place(staging / name, target / name)
    sync_folders(target, names)
