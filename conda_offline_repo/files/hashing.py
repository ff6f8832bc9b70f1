"""Files of disks and web servers, each read once, and their digests."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from .web import Place, WebFolder

if TYPE_CHECKING:
    from hashlib import _Hash


CHUNK = 1 << 18
#: Seconds between tries to open a file that is perhaps being replaced, which Windows refuses.
PAUSES = (0.01, 0.05, 0.2, 0.5)
#: Errors of a file that may be right, but cannot be read.
UNREADABLE = frozenset(
    (errno.EACCES, errno.EPERM, errno.EIO, errno.ENXIO, errno.ENODEV)
    + (errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN)
)


@dataclass(frozen=True)
class Digests:
    """Hexadecimal digests of a file, `md5` empty if not computed, and its size in bytes."""

    sha256: str
    md5: str
    size: int


def exists(path: Place) -> bool:
    """Return whether a file or a folder exists, be it a link that leads nowhere.

    Raises:
        OSError: A web server does not tell.
    """
    return path.exists() if isinstance(path, WebFolder) else os.path.lexists(path)


@contextmanager
def open_regular(path: Place) -> Iterator[BinaryIO]:
    """Open a file for reading, on a disk unbuffered; a pipe or a device would never end.

    Raises:
        OSError: The file cannot be opened, or is not a regular file; see `WebFolder.open`.
    """
    if isinstance(path, WebFolder):
        with path.open() as file:
            yield file
        return

    with open(path, "rb", buffering=0, opener=_open) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        yield file


def _open(name: str, flags: int) -> int:
    pauses = iter(PAUSES)
    while True:
        try:
            return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))
        except PermissionError:
            if os.name != "nt":
                raise
            if os.path.isdir(name):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name) from None
            if (pause := next(pauses, None)) is None:
                raise
            time.sleep(pause)


def read_regular(path: Place, limit: int, *, links: bool = False) -> bytes:
    """Return the content of a regular file of at most `limit` bytes.

    Raises:
        OSError: It cannot be read, is not a regular file, is larger, or, without `links`, is a
            symbolic link.
    """
    if isinstance(path, WebFolder):
        content = path.read(limit)
    elif not links and path.is_symlink():
        raise OSError(errno.EINVAL, "it is a link, not a file", str(path))
    else:
        content = _read(path, limit)
    if len(content) > limit:
        raise OSError(errno.EINVAL, f"it is larger than {limit} bytes", str(path))
    return content


def _read(path: Path, limit: int) -> bytes:
    content = bytearray()
    with open_regular(path) as file:
        while len(content) <= limit and (chunk := file.read(CHUNK)):
            content += chunk
    return bytes(content)


def hash_into(file: IO[bytes], *hashers: _Hash, limit: float = float("inf")) -> int:
    """Hash the rest of a file, or soon more than `limit` bytes of it; returns the bytes read."""
    size = 0
    while size <= limit and (chunk := file.read(CHUNK)):
        for hasher in hashers:
            hasher.update(chunk)
        size += len(chunk)
    return size


def hash_file(path: Place, *, md5: bool = False, limit: float = float("inf")) -> Digests:
    """Read a regular file once and return its digests, with MD5 if that is wanted.

    Reading stops soon after `limit` bytes: a larger file is not the expected one.

    Raises:
        OSError: The file cannot be read, or is not a regular file.
    """
    hashers = [hashlib.sha256(), *([hashlib.md5(usedforsecurity=False)] if md5 else [])]
    with open_regular(path) as file:
        size = hash_into(file, *hashers, limit=limit)
    sha256, *rest = (hasher.hexdigest() for hasher in hashers)
    return Digests(sha256, "".join(rest), size)


def hash_bytes(content: bytes) -> Digests:
    """Return the SHA-256 digest and the size of a content."""
    return Digests(hashlib.sha256(content).hexdigest(), "", len(content))


def copy_file(source: Path, target: Path) -> Digests:
    """Copy a file, hashing it on the way.

    Raises:
        OSError: The file cannot be read, the copy cannot be written, or `target` exists.
    """
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with open_regular(source) as file, target.open("xb") as copy:
        while chunk := file.read(CHUNK):
            copy.write(chunk)
            sha256.update(chunk)
            md5.update(chunk)
        return Digests(sha256.hexdigest(), md5.hexdigest(), copy.tell())
