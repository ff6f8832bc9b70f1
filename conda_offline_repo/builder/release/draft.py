"""What is composed, on its way to its publication."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

from ...files.hashing import CHUNK, hash_file
from ...repository.package import File

#: Bytes of a content that are kept in memory; more wait on the disk.
IN_MEMORY = 1 << 16


class Draft:
    """The content of a file that is to be published, which may be large.

    Args:
        pieces: The content, written down as it comes.

    Attributes:
        described: What the manifest will say of it.

    Raises:
        OSError: The disk refuses.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  as long as the draft
        sha256, size = hashlib.sha256(), 0
        for piece in pieces:
            self._file.write(piece)
            sha256.update(piece)
            size += len(piece)
        self.described = File(sha256.hexdigest(), size)

    def __reduce__(self) -> tuple[Any, ...]:
        return Draft, ([*self.pieces],)

    @property
    def pieces(self) -> Iterator[bytes]:
        """The content, from its beginning; only one reader at a time gets it."""
        self._file.seek(0)
        return iter(partial(self._file.read, CHUNK), b"")

    @property
    def content(self) -> bytes:
        """All of the content."""
        return b"".join(self.pieces)

    def is_at(self, path: Path) -> bool:
        """Return whether a path is a regular file with exactly this content."""
        try:
            digests = None if path.is_symlink() else hash_file(path, limit=self.described.size)
        except OSError:
            return False
        return bool(digests and File(digests.sha256, digests.size) == self.described)
