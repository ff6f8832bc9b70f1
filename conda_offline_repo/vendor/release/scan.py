"""The last look before publication: no credential may stand in what leaves."""

from __future__ import annotations

import bz2
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
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

    from ...progress import Progress
    from ...redaction import Secrets
    from ..archives.archive import Archive
    from .compose import Release

#: In compressed packages of others, shorter texts are found by chance.
SHORTEST_IN_ARCHIVES = 8


def scan(release: Release, secrets: Secrets, progress: Progress, searched: set[str]) -> None:
    """Search all that is about to be published, archives decoded, for the secrets in any form.

    Archives that the repository holds already were searched when they came.

    Args:
        release: What is to be published.
        secrets: What must not be in it.
        progress: Told how far it is.
        searched: The digests of archives that were searched for the same secrets; gets more.

    Raises:
        SecretFoundError: A file holds one; it is named, the secret is not.
        InvalidArchiveError: An archive cannot be decoded, so nobody could install it either.
    """
    forms = [form.encode() for form in secrets.forms()]
    if not forms:
        return
    files = {**release.files, manifest.MANIFEST_NAME: release.manifest.content}
    for name, content in files.items():
        if any(form in content for form in forms):
            raise SecretFoundError(name)
    long = [form for form in forms if len(form) >= SHORTEST_IN_ARCHIVES]
    arrived = [
        archive
        for archive in release.archives
        if long and archive.staged and archive.sha256 not in searched
    ]
    if arrived:
        _scan(arrived, long, progress)
        searched |= {archive.sha256 for archive in arrived}


def _scan(archives: list[Archive], forms: list[bytes], progress: Progress) -> None:
    def one(archive: Archive) -> bool:
        found = _contains_any(archive.path, forms)
        progress.advance(archive.size, packages=1)
        return found

    by_size = sorted(archives, key=lambda archive: archive.size, reverse=True)
    size = sum(archive.size for archive in archives)
    with (
        progress.counting("Searching for credentials in", len(archives), size),
        # more threads than cores would only hinder each other
        ThreadPoolExecutor(max_workers=os.cpu_count()) as executor,
    ):
        for archive, found in zip(by_size, executor.map(one, by_size), strict=True):
            if found:
                raise SecretFoundError(archive.name)


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
