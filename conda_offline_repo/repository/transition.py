"""A release on its way into a repository, as readers see it.

While a publication is under way, the manifest of the next release lies beside the repository's own,
as `offline-repo.next.json`, with the signatures of both. A reader respects it where it is newer and
signed by whom the other names: so it can only allow what the vendor has made later. A build, which
can sign it, also names there the files that go, and those that an interrupted publication left.

Older versions name in the manifest itself what is on its way; that is still read. `publish` writes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..files.atomic import has_content
from ..files.hashing import exists
from ..files.web import Place, WebFolder
from . import manifest_json
from .exceptions import ManifestError, UnreadableError
from .manifest import BESIDE, MANIFEST_NAME, NEXT_NAME, NEXT_SIGNATURE_NAME, Manifest
from .signing import signature


def unfinished(repository: Place, manifest: Manifest, coming: Manifest | None) -> bool:
    """Return whether a publication is under way or was interrupted.

    `coming` is the next manifest, if that was read; it is to be of a server, which may have a page
    for whatever else lies beside.
    """
    beside = BESIDE if isinstance(repository, Path) else ()
    return bool(manifest.on_the_way or coming) or any(exists(repository / n) for n in beside)


def unfinished_text(repository: Place) -> str:
    """Return the warning for readers of a repository whose publication is unfinished."""
    return (
        f"A publication of {repository} is under way or was interrupted: its files are partly of "
        "the last release and partly of the next. To finish it, repeat the command that makes it "
        "(build, or sync); if this is a copy, copy it again afterwards."
    )


def age(release: Manifest) -> tuple[int, str]:
    """Return the number and date of a release, which say which of two is newer."""
    return release.release, release.created


def read_next(repository: Place) -> Manifest | None:
    """Return the next manifest; None if it does not exist or cannot be used.

    Raises:
        UnreadableError: It exists, but cannot be read.
    """
    try:
        return manifest_json.read(repository, NEXT_NAME)
    except ManifestError:
        return None
    except UnreadableError as error:
        cause = error.__cause__
        if not isinstance(repository, WebFolder) or not isinstance(cause, OSError):
            raise
        # what they do not have, servers of object stores refuse to who may not list it
        if isinstance(cause, PermissionError):
            return None
        # who cannot be asked for it will not send the manifest, which every repository has
        raise UnreadableError(repository / MANIFEST_NAME, cause) from cause


def read_manifest(repository: Place) -> Manifest | None:
    """Return the manifest of a repository as `allowing` does; raises as `manifest_json.read`."""
    coming, manifest = read_next(repository), manifest_json.read(repository)
    return manifest and allowing(repository, manifest, coming)


def is_current(repository: Path, manifest: Manifest | None) -> bool:
    """Return whether a repository still has just the manifest that was read there, or still none;
    False while a publication is under way or was interrupted.
    """
    if manifest is None:
        return not manifest_json.present(repository)
    path = repository / MANIFEST_NAME
    return not unfinished(repository, manifest, None) and has_content(path, manifest.raw)


def allowing(repository: Place, manifest: Manifest, coming: Manifest | None) -> Manifest:
    """Return a repository's manifest that also allows the files of the next release.

    `coming` is the next manifest, read before the other, after whose change it is deleted.
    """
    if coming is None or not is_next(repository, manifest, coming):
        return manifest
    on_the_way = {name: dict(allowed) for name, allowed in manifest.on_the_way.items()}
    for name, allowed in coming.on_the_way.items():
        on_the_way.setdefault(name, {}).update(allowed)
    if age(coming) > age(manifest):
        for name, file in (*coming.everything.items(), *coming.bridges.items()):
            if manifest.allowed(name) != {file.sha256: file.size}:
                on_the_way.setdefault(name, {})[file.sha256] = file.size
    return replace(manifest, on_the_way=on_the_way)


def is_next(repository: Place, manifest: Manifest, coming: Manifest) -> bool:
    """Return whether the next manifest has the same label, is newer or of the same release, and is
    signed by whom the repository's names.
    """
    same = replace(coming, on_the_way=manifest.on_the_way) == manifest
    if coming.label != manifest.label or not (same or age(coming) > age(manifest)):
        return False
    return not manifest.signers or not {*manifest.signers}.isdisjoint(
        signature.known_signers(repository, coming)
    )


def next_signatures(repository: Place, coming: Manifest) -> bytes:
    """Return the signatures of the next manifest, as the content of a file of their own."""
    signatures = signature.lying(repository / NEXT_SIGNATURE_NAME)
    return b"".join(sig.armored for sig in signatures if sig.is_of(coming.raw))
