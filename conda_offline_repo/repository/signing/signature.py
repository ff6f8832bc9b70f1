"""Who signed a repository: `offline-repo.json.sig`, OpenSSH's signatures of the manifest's bytes.

The file may have several: of the old and the new key when keys change, and of the old and the new
manifest while a publication is under way. The manifest names who may sign, or anybody could add a
signature.
"""

from __future__ import annotations

from contextlib import suppress

from ...files.hashing import UNREADABLE, read_regular
from ...files.web import Place, WebFolder, channel_of, is_web_page
from .. import manifest_json
from ..exceptions import CheckerMissingError, ManifestError, SignatureError, UnreadableError
from ..manifest import NEXT_SIGNATURE_NAME, Manifest
from ..names import PLUGIN, SIGNATURES_PACKAGE
from .sshsig import Signature, parse, parsed

SIGNATURE_NAME = "offline-repo.json.sig"
#: Bytes, far more than any number of keys needs.
LARGEST = 64 << 10
#: How often a reader looks again while a publication changes manifest and signatures.
TRIES = 5


def content(path: Place) -> bytes:
    """Return the content of a file with signatures; nothing if it cannot be read."""
    try:
        return read_regular(path, LARGEST)
    except OSError:
        return b""


def lying(path: Place) -> tuple[Signature, ...]:
    """Return all signatures in a file; none if they cannot be read."""
    return parsed(content(path))


def signers(repository: Place, manifest: Manifest) -> tuple[str, ...]:
    """Return who signed a manifest, as sorted fingerprints; none if it is not signed.

    Only signatures of those whom the manifest names count. A manifest that names nobody was signed
    by hand; there all count.

    Raises:
        SignatureError: The signature is missing, or not one of this manifest.
        UnreadableError: The file cannot be read.
    """
    path, beside = repository / SIGNATURE_NAME, repository / NEXT_SIGNATURE_NAME
    try:
        content = _read(path)
        if content is not None:
            return signers_of(content, manifest, path)
        if not manifest.signers:
            return ()
        names = ", ".join(manifest.signers)
        raise SignatureError(path, f"it is missing, though {names} signed the manifest")
    except SignatureError:
        # until a delivery has put the signature of a new manifest into its place, it lies beside
        content = _read(beside)
        if content is None:
            raise
        return signers_of(content, manifest, beside)


def _read(path: Place) -> bytes | None:
    """Return the content of a file with signatures; None if it is missing."""
    try:
        content = read_regular(path, LARGEST)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        # servers of object stores refuse what they do not have, as S3 does to who may not list it
        if not isinstance(path, WebFolder):
            raise UnreadableError(path, error) from error
        return None
    except OSError as error:
        if isinstance(path, WebFolder) and error.errno in UNREADABLE:
            raise UnreadableError(path, error) from error
        raise SignatureError(path, error.strerror or str(error)) from error
    return None if isinstance(path, WebFolder) and is_web_page(content) else content


def known_signers(repository: Place, manifest: Manifest) -> tuple[str, ...]:
    """Return who signed a manifest as `signers`, but none where that raises a ManifestError."""
    with suppress(ManifestError):
        return signers(repository, manifest)
    return ()


def signers_of(content: bytes, manifest: Manifest, path: Place) -> tuple[str, ...]:
    """Return who signed a manifest, by the content of the file with signatures; see `signers`.

    Raises:
        SignatureError: It is not a signature of this manifest; names `path`.
        CheckerMissingError: What checks signatures is not installed.
    """
    try:
        signatures = parse(content)
        fitting = {sig.fingerprint for sig in signatures if sig.is_of(manifest.raw)}
    except ValueError as error:
        raise SignatureError(path, str(error)) from error
    except ModuleNotFoundError as error:
        channel = channel_with(SIGNATURES_PACKAGE, manifest, path.parent)
        raise CheckerMissingError(path, SIGNATURES_PACKAGE, channel) from error
    if not fitting:
        names = ", ".join(sorted({sig.fingerprint for sig in signatures}))
        raise SignatureError(
            path, f"it is not the signature of this manifest, but one that {names} made of another"
        )
    if lacking := {*manifest.signers} - fitting:
        names = ", ".join(sorted(lacking))
        raise SignatureError(
            path, f"the signature of {names}, whom the manifest names, is not in it"
        )
    return tuple(sorted(manifest.signers or fitting))


def channel_with(package: str, manifest: Manifest, repository: Place) -> str | None:
    """Return the channel with the plugin in a repository, if it has this package."""
    start = f"{PLUGIN}/noarch/{package}-"
    if isinstance(repository, WebFolder):
        plugin: Place = repository / PLUGIN
        return channel_of(plugin) if any(n.startswith(start) for n in manifest.packages) else None
    repository = repository.absolute()
    return channel_of(repository / PLUGIN) if any(repository.glob(f"{start}*")) else None


def checked(repository: Place, manifest: Manifest) -> tuple[Manifest, tuple[str, ...]]:
    """Return the manifest of a folder and who signed it.

    That is the given manifest, read from there, or the new one if a publication has just replaced
    it and its signatures.

    Raises:
        ManifestError: As `manifest_json.read`; a SignatureError as `signers`.
        UnreadableError: One of the files cannot be read.
    """
    for _ in range(TRIES):
        try:
            return manifest, signers(repository, manifest)
        except SignatureError:
            new = manifest_json.read(repository)
            if new is None or new.raw == manifest.raw:
                raise
            manifest = new
    raise SignatureError(repository / SIGNATURE_NAME, "it keeps changing")
