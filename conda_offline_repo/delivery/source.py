"""What is delivered, wherever it lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..repository import signature
from ..repository.hashing import open_regular
from ..repository.journal import unfinished
from .exceptions import SourceUnfinishedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import BinaryIO

    from ..repository.locate import Repository
    from ..repository.manifest import Manifest


@dataclass(frozen=True)
class Source:
    """A whole release.

    Attributes:
        place: The folder that it is in, for messages.
        manifest: What it is.
        signers: The fingerprints of those who signed it; none if it is not signed.
        signature: The content of the file with the signatures; empty if there is none.
        open: Opens a file of it for reading, by its path in a repository; raises OSError.
    """

    place: Path
    manifest: Manifest
    signers: tuple[str, ...]
    signature: bytes
    open: Callable[[str], AbstractContextManager[BinaryIO]]


def from_folder(repository: Repository) -> Source:
    """Return the release that a folder holds.

    Raises:
        SourceUnfinishedError: It is no whole release.
    """
    folder = repository.path
    if unfinished(folder, repository.manifest):
        raise SourceUnfinishedError(folder)
    signatures = signature.content(folder / signature.SIGNATURE_NAME)
    fitting = {
        one.fingerprint
        for one in signature.parsed(signatures)
        if one.is_of(repository.manifest.raw)
    }
    if not fitting >= {*repository.signers}:  # it has just been published anew
        raise SourceUnfinishedError(folder)
    return Source(
        place=folder,
        manifest=repository.manifest,
        signers=repository.signers,
        signature=signatures if repository.signers else b"",
        open=lambda name: open_regular(folder / name),
    )
