"""Who signed a repository: `offline-repo.json.sig`, OpenSSH's signatures of the manifest's bytes.

Several may stand in the file: of the old and the new key when keys change, and of the old and the
new manifest while a publication is under way. Who may sign stands in the manifest, or anybody could
add a signature of his own.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..files.hashing import read_regular
from . import manifest_json
from .exceptions import ManifestError, SignatureError, UnreadableError
from .manifest import NEXT_SIGNATURE_NAME
from .sshsig import parse, parsed

if TYPE_CHECKING:
    from pathlib import Path

    from .manifest import Manifest
    from .sshsig import Signature

SIGNATURE_NAME = "offline-repo.json.sig"
#: Bytes, far more than any number of keys needs.
LARGEST = 64 << 10
#: How often a reader looks again while a publication changes manifest and signatures.
TRIES = 5


def content(path: Path) -> bytes:
    """Return what a file with signatures holds; nothing if there is none that can be read."""
    try:
        return read_regular(path, LARGEST)
    except OSError:
        return b""


def lying(path: Path) -> tuple[Signature, ...]:
    """Return the signatures in a file, whatever they are of; none if they cannot be read."""
    return parsed(content(path))


def signers(repository: Path, stated: Manifest) -> tuple[str, ...]:
    """Return who signed a manifest, as sorted fingerprints; none if it is not signed.

    Signatures of others than those whom the manifest names do not count. A manifest that names
    nobody was signed by hand; there all count.

    Args:
        repository: The folder.
        stated: The manifest, read from it.

    Raises:
        SignatureError: There is a signature, or there should be, and it is not one of this
            manifest.
        UnreadableError: The file cannot be read.
    """
    try:
        return _signers(repository / SIGNATURE_NAME, stated)
    except SignatureError:
        # until a delivery has put the signature of a new manifest into its place, it lies beside
        beside = repository / NEXT_SIGNATURE_NAME
        if not os.path.lexists(beside):
            raise
        return _signers(beside, stated)


def _signers(path: Path, stated: Manifest) -> tuple[str, ...]:
    try:
        content = read_regular(path, LARGEST)
    except FileNotFoundError:
        if stated.signers:
            raise SignatureError(
                path, f"it is missing, though {', '.join(stated.signers)} signed the manifest"
            ) from None
        return ()
    except PermissionError as error:
        raise UnreadableError(path, error) from error
    except OSError as error:
        raise SignatureError(path, error.strerror or str(error)) from error
    return signers_of(content, stated, path)


def known_signers(repository: Path, stated: Manifest) -> tuple[str, ...]:
    """Return who signed a manifest; none, too, where that cannot be told."""
    try:
        return signers(repository, stated)
    except ManifestError:
        return ()


def signers_of(content: bytes, stated: Manifest, path: Path) -> tuple[str, ...]:
    """Return who signed a manifest by the content of a file with signatures; see `signers`.

    Raises:
        SignatureError: It is not a signature of this manifest; `path` is named.
    """
    try:
        found = parse(content)
    except ValueError as error:
        raise SignatureError(path, str(error)) from error
    try:
        fitting = {one.fingerprint for one in found if one.is_of(stated.raw)}
    except ModuleNotFoundError as error:
        raise SignatureError(
            path,
            f"checking it needs {error.name}, which is not installed. Install it into the base "
            "environment, from the plugin's channel in the folder if it has one",
        ) from error
    if not fitting:
        names = ", ".join(sorted({one.fingerprint for one in found}))
        raise SignatureError(
            path, f"it is not the signature of this manifest, but one that {names} made of another"
        )
    lacking = {*stated.signers} - fitting
    if lacking:
        raise SignatureError(
            path,
            f"the signature of {', '.join(sorted(lacking))}, whom the manifest names, is not in it",
        )
    return tuple(sorted(stated.signers or fitting))


def read(repository: Path) -> tuple[Manifest, tuple[str, ...]] | None:
    """Return the manifest of a folder and who signed it; None where there is no manifest.

    Raises:
        ManifestError: As `manifest.read`; a SignatureError as `signers`.
        UnreadableError: One of the files cannot be read.
    """
    found = manifest_json.read(repository)
    return None if found is None else checked(repository, found)


def checked(repository: Path, found: Manifest) -> tuple[Manifest, tuple[str, ...]]:
    """Return a manifest and who signed it; raises as `read`.

    Where a publication has just replaced both, it is the manifest that is there now.

    Args:
        repository: The folder.
        found: The manifest, as it was read from there.
    """
    for _ in range(TRIES):
        try:
            return found, signers(repository, found)
        except SignatureError:
            again = manifest_json.read(repository)
            if again is None or again.raw == found.raw:
                raise
            found = again
    raise SignatureError(repository / SIGNATURE_NAME, "it changes again and again")
