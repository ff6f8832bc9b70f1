"""An archive whose bytes have been checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ...files.hashing import Digests
    from ..upstream.entries import Entry


@dataclass(frozen=True)
class Archive:
    """An archive whose bytes are what the channel says of them.

    Attributes:
        name: `subdir/file`.
        path: Where it lies now: in the repository, or staged.
        staged: Whether it has to be brought into the repository.
        sha256: Hexadecimal.
        md5: Hexadecimal.
        size: Bytes.
    """

    name: str
    path: Path
    staged: bool
    sha256: str
    md5: str
    size: int


def archive(entry: Entry, path: Path, staged: bool, digests: Digests) -> Archive:
    """Return the archive of an entry, which lies at a path and has these digests."""
    return Archive(
        name=entry.name,
        path=path,
        staged=staged,
        sha256=digests.sha256,
        md5=entry.md5 or digests.md5,
        size=digests.size,
    )
