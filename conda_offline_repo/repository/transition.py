"""A release on its way into a repository, as readers know of it.

While a publication is under way, the manifest of the release that comes lies beside the
repository's own, as `offline-repo.next.json`, with the signatures of both. A reader takes it into
account where it is the newer one and signed by whom the other names: so it can make nothing of a
repository but what its vendor has made of it later. A build, which can sign it, states there what
goes as well, and what an interrupted publication left.

Builds of older versions state in the manifest itself what is on its way; that is still read.
`publish` writes it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from . import manifest_json, signature
from .exceptions import ManifestError
from .manifest import BESIDE, NEXT_NAME, NEXT_SIGNATURE_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from .manifest import Manifest


def unfinished(repository: Path, stated: Manifest) -> bool:
    """Return whether a publication is under way, or was interrupted and not yet carried on."""
    return bool(stated.on_the_way) or any(os.path.lexists(repository / name) for name in BESIDE)


def unfinished_text(repository: Path) -> str:
    """Return what a reader is told of a repository whose publication is unfinished."""
    return (
        f"A publication of {repository} is under way or was interrupted: what it has is "
        "partly of the last release and partly of the next. It is finished by repeating the "
        "command that makes it (build, or sync); if this is a copy, copy it again afterwards."
    )


def age(release: Manifest) -> tuple[int, str]:
    """Return what tells which of two releases of a label is newer: its number and date."""
    return release.release, release.created


def read_next(repository: Path) -> Manifest | None:
    """Return the manifest beside; None if there is none that can be used.

    Raises:
        UnreadableError: There may be one, but it cannot be read.
    """
    try:
        return manifest_json.read(repository, NEXT_NAME)
    except ManifestError:
        return None


def read_manifest(repository: Path) -> Manifest | None:
    """Return the manifest of a repository as `allowing` does; raises as `manifest_json.read`."""
    coming = read_next(repository)
    stated = manifest_json.read(repository)
    return stated and allowing(repository, stated, coming)


def allowing(repository: Path, stated: Manifest, coming: Manifest | None) -> Manifest:
    """Return a repository's manifest with what its files may hold on the way to the next release.

    Args:
        repository: The folder.
        stated: Its manifest.
        coming: The one beside, as it was read before the manifest: it goes after that has changed.
    """
    if coming is None or not is_next(repository, stated, coming):
        return stated
    on_the_way = {name: dict(allowed) for name, allowed in stated.on_the_way.items()}
    for name, allowed in coming.on_the_way.items():
        on_the_way.setdefault(name, {}).update(allowed)
    if age(coming) > age(stated):
        for name, file in (*coming.everything.items(), *coming.bridges.items()):
            if stated.allowed(name) != {file.sha256: file.size}:
                on_the_way.setdefault(name, {})[file.sha256] = file.size
    return replace(stated, on_the_way=on_the_way)


def is_next(repository: Path, stated: Manifest, coming: Manifest) -> bool:
    """Return whether the manifest beside is of the same label, newer or of the same release, and
    signed by whom the repository's names.
    """
    same = replace(coming, on_the_way=stated.on_the_way) == stated
    if coming.label != stated.label or not (same or age(coming) > age(stated)):
        return False
    return not stated.signers or not {*stated.signers}.isdisjoint(
        signature.known_signers(repository, coming)
    )


def signatures_beside(repository: Path, coming: Manifest) -> bytes:
    """Return the signatures of the manifest beside, as they stand in a file of their own."""
    lying = signature.lying(repository / NEXT_SIGNATURE_NAME)
    return b"".join(one.armored for one in lying if one.is_of(coming.raw))
