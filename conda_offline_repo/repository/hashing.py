"""Digests of files, each read once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Protocol

    class Readable(Protocol):
        """What bytes are read from."""

        def read(self, size: int, /) -> bytes:
            """At most `size` bytes; none at the end."""

    class Hasher(Protocol):
        """What bytes are hashed with."""

        def update(self, data: bytes, /) -> None:
            """Take more bytes."""


CHUNK = 1 << 20


@dataclass(frozen=True)
class Digests:
    """What the bytes of a file are: hexadecimal digests, and the size in bytes.

    `md5` is empty where it was not asked for.
    """

    sha256: str
    md5: str
    size: int


def hash_into(file: Readable, *hashers: Hasher) -> int:
    """Feed the rest of `file` to the hashers; returns the bytes read."""
    size = 0
    while chunk := file.read(CHUNK):
        for hasher in hashers:
            hasher.update(chunk)
        size += len(chunk)
    return size


def hash_file(path: Path, *, md5: bool = False) -> Digests:
    """Read a file once and tell its digests.

    Raises:
        OSError: It cannot be read.
    """
    sha256 = hashlib.sha256()
    other = hashlib.md5(usedforsecurity=False)
    with path.open("rb", buffering=0) as file:
        size = hash_into(file, sha256, *((other,) if md5 else ()))
    return Digests(sha256.hexdigest(), other.hexdigest() if md5 else "", size)


def hash_bytes(content: bytes) -> Digests:
    """The digests of bytes at hand."""
    return Digests(hashlib.sha256(content).hexdigest(), "", len(content))


def copy_file(source: Path, target: Path) -> Digests:
    """Copy a file, hashing it on the way; `target` must not exist.

    Raises:
        OSError: It cannot be read, or the copy cannot be written.
    """
    sha256 = hashlib.sha256()
    md5 = hashlib.md5(usedforsecurity=False)
    with source.open("rb", buffering=0) as file, target.open("xb", buffering=0) as copy:
        size = 0
        while chunk := file.read(CHUNK):
            copy.write(chunk)
            sha256.update(chunk)
            md5.update(chunk)
            size += len(chunk)
    return Digests(sha256.hexdigest(), md5.hexdigest(), size)
