"""The release that is on its way into a repository which cannot be signed where it arrives.

It is told by its own manifest and signatures, which lie beside those of the repository while its
files arrive. It is believed where it is the newer one and signed by whom the other names: so what
lies beside can make nothing of a repository but what its vendor has made of it later.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..files.hashing import read_regular
from . import manifest_json, signature
from .exceptions import ManifestError
from .journal import NEXT_NAME, NEXT_SIGNATURE_NAME
from .reading import LARGEST

if TYPE_CHECKING:
    from pathlib import Path

    from .manifest import Manifest


def age(one: Manifest) -> tuple[int, str]:
    """Return what tells which of two releases of a label is newer: its number and date."""
    return one.build, one.created


def content(repository: Path) -> bytes | None:
    """Return the bytes of the manifest beside; None if there is none that can be read."""
    try:
        return read_regular(repository / NEXT_NAME, LARGEST)
    except OSError:
        return None


def read(repository: Path) -> Manifest | None:
    """Return the manifest beside; None if there is none that can be used.

    Raises:
        UnreadableError: There may be one, but it cannot be read.
    """
    try:
        return manifest_json.read(repository, NEXT_NAME)
    except ManifestError:
        return None


def allowing(repository: Path, found: Manifest, beside: Manifest | None) -> Manifest:
    """Return a repository's manifest with what its files may hold on the way to the next release.

    Args:
        repository: The folder.
        found: Its manifest.
        beside: The next one, as it was read before the manifest: it goes after that has changed.
    """
    if beside is None or not is_next(repository, found, beside):
        return found
    on_the_way = {name: dict(allowed) for name, allowed in found.on_the_way.items()}
    for name, one in (*beside.everything.items(), *beside.bridges.items()):
        if found.allowed(name) != {one.sha256: one.size}:
            on_the_way.setdefault(name, {})[one.sha256] = one.size
    return replace(found, on_the_way=on_the_way)


def is_next(repository: Path, found: Manifest, beside: Manifest) -> bool:
    """Return whether the manifest beside is of the same label, newer, and signed by whom the
    repository's names.
    """
    if beside.label != found.label or age(beside) <= age(found):
        return False
    return not found.signers or not {*found.signers}.isdisjoint(_signers(repository, beside))


def signatures(repository: Path, beside: Manifest) -> bytes:
    """Return the signatures of the manifest beside, as they stand in a file of their own."""
    lying = signature.lying(repository / NEXT_SIGNATURE_NAME)
    return b"".join(one.armored for one in lying if one.is_of(beside.raw))


def _signers(repository: Path, beside: Manifest) -> tuple[str, ...]:
    try:
        return signature.signers(repository, beside)
    except ManifestError:
        return ()
