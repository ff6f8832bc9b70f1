"""The last look before publication: no credential may stand in what leaves."""

from __future__ import annotations

import bz2
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

from conda.base.context import context

from . import manifest
from .exceptions import InvalidArchiveError, SecretFoundError
from .hashing import CHUNK
from .zstd import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

    from .publish import State
    from .secrets import Secrets

#: In compressed packages of others, shorter texts are found by chance.
SHORTEST_IN_ARCHIVES = 8


def scan(state: State, secrets: Secrets) -> None:
    """Search all that is about to be published, archives decoded, for the secrets in any form.

    Archives that the repository holds already were searched when they came.

    Raises:
        SecretFoundError: A file holds one; it is named, the secret is not.
        InvalidArchiveError: An archive cannot be decoded, so nobody could install it either.
    """
    forms = [form.encode() for form in secrets.forms()]
    if not forms:
        return
    files = {**state.files, manifest.MANIFEST_NAME: state.manifest.content}
    for name, content in files.items():
        if any(form in content for form in forms):
            raise SecretFoundError(name)
    long = [form for form in forms if len(form) >= SHORTEST_IN_ARCHIVES]
    arrived = [archive for archive in state.archives if archive.staged]
    with ThreadPoolExecutor(max_workers=context.default_threads or None) as executor:
        results = executor.map(lambda archive: _holds(archive.path, long), arrived)
        for archive, found in zip(arrived, results, strict=True):
            if found:
                raise SecretFoundError(archive.name)


def _holds(path: Path, forms: list[bytes]) -> bool:
    if not forms:
        return False
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
    """The contents of an archive as streams of bytes, its compression undone."""
    with ExitStack() as stack:
        if path.name.endswith(".tar.bz2"):
            yield stack.enter_context(bz2.open(path))
            return
        archive = stack.enter_context(zipfile.ZipFile(path))
        for member in archive.infolist():
            stream = stack.enter_context(archive.open(member))
            if member.filename.endswith(".zst"):
                yield stack.enter_context(zstd.open(stream))
            else:
                yield stream
