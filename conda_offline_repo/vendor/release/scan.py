"""The last look before publication: no credential may stand in what leaves."""

from __future__ import annotations

import bz2
import zipfile
from contextlib import ExitStack
from io import BufferedReader
from typing import TYPE_CHECKING, cast

from ...repository import manifest
from ...repository.hashing import CHUNK
from ..archives.zstd import zstd
from ..exceptions import InvalidArchiveError, SecretFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import RawIOBase
    from pathlib import Path
    from typing import IO

    from ...redaction import Secrets
    from ..archives.archive import Archive
    from .compose import Release

#: In compressed packages of others, shorter texts are found by chance.
SHORTEST_IN_ARCHIVES = 8


class Search:
    """A search for secrets in all that is about to be published, in any form.

    Args:
        secrets: What must not be in it.
        searched: The digests of archives that were searched for the same secrets; gets more.
    """

    def __init__(self, secrets: Secrets, searched: set[str]) -> None:
        self._forms = [form.encode() for form in secrets.forms()]
        self._long = [form for form in self._forms if len(form) >= SHORTEST_IN_ARCHIVES]
        self._searched = searched

    def archive(self, archive: Archive) -> None:
        """Search an archive, decoded; the same bytes once. Any thread may call it.

        Raises:
            SecretFoundError: It holds a secret; it is named, the secret is not.
            InvalidArchiveError: It cannot be decoded, so nobody could install it either.
        """
        if not self._long or archive.sha256 in self._searched:
            return
        if _contains_any(archive.path, self._long):
            raise SecretFoundError(archive.name)
        self._searched.add(archive.sha256)

    def release(self, release: Release) -> None:
        """Search the files of a release, and those of its archives that are new in the repository:
        the others were searched when they came.

        Raises:
            SecretFoundError: A file holds a secret; it is named, the secret is not.
            InvalidArchiveError: An archive cannot be decoded.
        """
        files = {**release.files, manifest.MANIFEST_NAME: release.manifest.content}
        for name, content in files.items():
            if any(form in content for form in self._forms):
                raise SecretFoundError(name)
        for archive in release.archives:
            if archive.staged:
                self.archive(archive)


def _contains_any(path: Path, forms: list[bytes]) -> bool:
    overlap = max(map(len, forms)) - 1
    try:
        for stream in _decoded(path):
            tail = b""
            while chunk := stream.read(CHUNK):
                window = tail + chunk
                if any(form in window for form in forms):
                    return True
                tail = window[-overlap:]
    except (OSError, EOFError, zipfile.BadZipFile, zstd.ZstdError) as error:
        raise InvalidArchiveError(path.name, str(error)) from error
    return False


def _decoded(path: Path) -> Iterator[IO[bytes]]:
    """Yield the contents of an archive as streams of bytes, its compression undone.

    conda's installers are taken as they are.
    """
    with ExitStack() as stack:
        if path.name.endswith(".tar.bz2"):
            yield stack.enter_context(bz2.open(path))
            return
        if not path.name.endswith(".conda"):
            yield stack.enter_context(path.open("rb"))
            return
        archive = stack.enter_context(zipfile.ZipFile(path))
        for member in archive.infolist():
            # zipfile and zstd ask each other for little at a time
            raw = cast("RawIOBase", archive.open(member))
            stream = stack.enter_context(BufferedReader(raw, CHUNK))
            if member.filename.endswith(".zst"):
                yield stack.enter_context(zstd.open(stream))
            else:
                yield stream
