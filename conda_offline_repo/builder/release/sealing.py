"""The manifest and its signatures, which change together.

While one manifest takes the place of another, the file with the signatures has those of both, so
that no reader finds a manifest without its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...files.atomic import has_content, put, remove, sync
from ...repository import manifest, signature
from ...repository.exceptions import SignatureError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ...repository.manifest import Manifest
    from .signing import Signer


def is_signed(repository: Path, last: Manifest) -> bool:
    """Return whether the signatures are those of the manifest and no others, be it none at all."""
    try:
        signature.signers(repository, last)
    except SignatureError:
        return False
    found = [one.fingerprint for one in signature.lying(repository / signature.SIGNATURE_NAME)]
    return not last.signers or sorted(found) == [*last.signers]


def sign(signer: Signer | None, manifests: Iterable[Manifest], repository: Path) -> None:
    """Make the signatures that a publication needs: it must not lack one in the middle."""
    if signer:
        _signatures_now(repository, signer)
        for one in manifests:
            signer.sign(one.content)


def put_manifest(content: Manifest, repository: Path, staging: Path, signer: Signer | None) -> None:
    """Put a manifest in place, and before and after it the signatures of what is there then."""
    name, signatures = manifest.MANIFEST_NAME, signature.SIGNATURE_NAME
    if not has_content(repository / name, content.content):
        if signer:
            both = _signatures_now(repository, signer) + signer.sign(content.content)
            put(staging / signatures, repository / signatures, both)
            sync(repository)
        put(staging / name, repository / name, content.content)
        sync(repository)
    if signer and not has_content(repository / signatures, signer.sign(content.content)):
        put(staging / signatures, repository / signatures, signer.sign(content.content))
        sync(repository)
    if not signer and not content.signers:
        remove(repository / signatures)


def _signatures_now(repository: Path, signer: Signer) -> bytes:
    """Return signatures of the manifest on the disk: those there are, or else ours."""
    content = (repository / manifest.MANIFEST_NAME).read_bytes()
    found = (
        one for one in signature.lying(repository / signature.SIGNATURE_NAME) if one.is_of(content)
    )
    return b"".join(one.armored for one in found) or signer.sign(content)
