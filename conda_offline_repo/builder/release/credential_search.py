"""The last look before publication: no credential may stand in what leaves.

conda-package-streaming, which reads archives elsewhere, hands on their files alone. What lies
between these and behind the last stream leaves as well, so archives are decoded here.
"""

from __future__ import annotations

import bz2
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias

from ...files.hashing import CHUNK
from ...files.workers import WAIT
from ...repository import manifest
from ..exceptions import InvalidArchiveError, SecretFoundError

try:
    from compression import zstd
except ImportError:  # before Python 3.14; conda-index brings it
    from backports import zstd

if TYPE_CHECKING:
    Decompressor: TypeAlias = bz2.BZ2Decompressor | zstd.ZstdDecompressor

    from ...redaction import Secrets
    from ..archives.archive import Archive
    from .compose import Release

#: In compressed packages of others, shorter texts are found by chance.
SHORTEST_IN_ARCHIVES = 8


class Search:
    """A search for secrets in all that is about to be published, in any form.

    Archives are searched in threads, one for each processor, while a build goes on; it is a context
    that these do not outlast.

    Args:
        secrets: What must not be in it.
        searched: The digests of archives that were searched for the same secrets; gets more.
    """

    def __init__(self, secrets: Secrets, searched: set[str]) -> None:
        self._forms = [form.encode() for form in secrets.forms()]
        self._long = [form for form in self._forms if len(form) >= SHORTEST_IN_ARCHIVES]
        self._searched = searched
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(os.cpu_count())
        self._begun: list[Future[None]] = []
        self._failure: BaseException | None = None

    def __enter__(self) -> Search:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._threads.shutdown(cancel_futures=True)

    def archive(self, archive: Archive) -> None:
        """Begin to search an archive, decoded; the same bytes once. Any thread may call it.

        Raises:
            SecretFoundError, InvalidArchiveError: As `finish`, of an earlier one.
        """
        if self._failure:
            raise self._failure
        if self._long and archive.sha256 not in self._searched:
            self._begun.append(self._threads.submit(self._search, archive))

    def finish(self) -> None:
        """Wait until all archives are searched.

        Raises:
            SecretFoundError: One holds a secret; it is named, the secret is not.
            InvalidArchiveError: It cannot be decoded, so nobody could install it either.
        """
        while wait(self._begun, WAIT, FIRST_EXCEPTION).not_done and not self._failure:
            pass
        if self._failure:
            raise self._failure

    def release(self, release: Release) -> None:
        """Search the files of a release and its new archives; the others were searched before.

        Raises:
            SecretFoundError: A file holds a secret; it is named, the secret is not.
            InvalidArchiveError: An archive cannot be decoded.
        """
        files = {name: draft.pieces for name, draft in release.files.items()}
        files[manifest.MANIFEST_NAME] = release.manifest.pieces
        for name, pieces in files.items():
            if self._forms and _holds(pieces, self._forms, self._stop):
                raise SecretFoundError(name)
        self.finish()
        for archive in release.archives:
            if archive.staged:
                self.archive(archive)
        self.finish()

    def _search(self, archive: Archive) -> None:
        try:
            if _contains_any(archive.path, self._long, self._stop):
                raise SecretFoundError(archive.name)
        except BaseException as error:  # goes to whoever asks next
            self._failure = self._failure or error
            raise
        if not self._stop.is_set():
            self._searched.add(archive.sha256)


def _contains_any(path: Path, forms: list[bytes], stop: threading.Event) -> bool:
    try:
        return any(_holds(pieces, forms, stop) for pieces in _decoded(path))
    except (OSError, EOFError, zipfile.BadZipFile, zstd.ZstdError) as error:
        raise InvalidArchiveError(path.name, str(error)) from error


def _holds(pieces: Iterator[bytes], forms: list[bytes], stop: threading.Event) -> bool:
    """Return whether one of the forms stands in a content; False when it is to stop."""
    overlap, tail = max(1, *(len(form) - 1 for form in forms)), b""
    for piece in pieces:
        if stop.is_set():
            return False
        border = tail + piece[:overlap]
        if any(form in piece or form in border for form in forms):
            return True
        tail = (tail + piece[-overlap:])[-overlap:]
    return False


def _decoded(path: Path) -> Iterator[Iterator[bytes]]:
    """Yield the contents of an archive, decompressed, in pieces; those of an installer as is."""

    def pieces(file: IO[bytes]) -> Iterator[bytes]:
        return iter(partial(file.read, CHUNK), b"")

    with path.open("rb", buffering=0) as file:
        if path.name.endswith(".tar.bz2"):
            yield _decompressed(pieces(file), bz2.BZ2Decompressor)
        elif path.name.endswith(".conda"):
            archive = zipfile.ZipFile(file)
            for member in archive.infolist():
                with archive.open(member) as packed:
                    compressed = member.filename.endswith(".zst")
                    content = pieces(packed)
                    yield _decompressed(content, zstd.ZstdDecompressor) if compressed else content
        else:
            yield pieces(file)


def _decompressed(pieces: Iterator[bytes], new: Callable[[], Decompressor]) -> Iterator[bytes]:
    """Yield what consecutive compressed streams decompress to, and after them, as it is, what is
    not a stream: those who install ignore it.

    The files of `bz2` and `zstd` do the same, but hand on little at a time.

    Raises:
        EOFError: The last stream is not whole.
        OSError, ZstdError: There is no stream at the beginning, or it is damaged.
    """
    decompressor, first = new(), True
    for piece in pieces:
        rest, fresh = piece, False
        while rest or not (decompressor.eof or decompressor.needs_input):
            if decompressor.eof:
                decompressor, first, fresh = new(), False, True
            try:
                decoded = decompressor.decompress(rest, CHUNK)
            except (OSError, zstd.ZstdError):
                if first or not fresh:
                    raise
                yield rest
                yield from pieces
                return
            yield decoded
            rest, fresh = decompressor.unused_data, False
    if not decompressor.eof:
        raise EOFError("it ends before its compressed data does")
