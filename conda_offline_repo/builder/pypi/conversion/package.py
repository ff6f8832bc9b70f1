"""A `.conda` file, written so that the same content is always the same bytes.

Dates and owners are fixed, so neither the clock nor the system nor its umask matters. Another
release of the zstd library may compress to other bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tarfile import PAX_FORMAT, TarFile, TarInfo
from typing import IO, TYPE_CHECKING, Any
from zipfile import ZIP64_LIMIT, ZipInfo

try:
    from compression import zstd
except ImportError:  # before Python 3.14; conda-index brings it
    from backports import zstd

if TYPE_CHECKING:
    from zipfile import ZipFile

#: Of zstd. Level 15 takes three times as long for a hundredth, level 19 eleven times for a tenth.
LEVEL = 12
#: What conda replaces with the path of the environment.
PLACEHOLDER = "/opt/anaconda1anaconda2anaconda3"
DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Packed:
    """A file of the package.

    Attributes:
        path: In the package.
        sha256: Of its content.
        size: Its bytes.
        has_prefix: Whether conda writes the path of the environment into it.
    """

    path: str
    sha256: bytes
    size: int
    has_prefix: bool = False

    @property
    def entry(self) -> dict[str, Any]:
        """What `info/paths.json` says of it."""
        prefix = {"file_mode": "text", "prefix_placeholder": PLACEHOLDER}
        return {
            "_path": self.path,
            "path_type": "hardlink",
            "sha256": self.sha256.hex(),
            "size_in_bytes": self.size,
            **(prefix if self.has_prefix else {}),
        }


@contextmanager
def part(package: ZipFile, name: str, size: int = 0) -> Iterator[IO[bytes]]:
    """Open a part of a package for writing; `size` is about that of what goes into it."""
    info = ZipInfo(name, DATE)
    info.create_system, info.external_attr = 3, 0o644 << 16
    with package.open(info, "w", force_zip64=size * 1.05 > ZIP64_LIMIT) as file:
        yield file


@contextmanager
def tar_part(package: ZipFile, name: str, size: int = 0) -> Iterator[TarFile]:
    """Open a compressed tar file in a package for writing; `size` is about that of its content."""
    with (
        part(package, name, size) as file,
        zstd.ZstdFile(file, "w", level=LEVEL) as compressed,
        TarFile(fileobj=compressed, mode="w", format=PAX_FORMAT) as tar,
    ):
        yield tar


class _Hashed:
    """A stream that hashes what is read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self.sha256 = stream, hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self.sha256.update(data)
        return data


def add(
    tar: TarFile, path: str, stream: IO[bytes], size: int, *, executable: bool = False
) -> Packed:
    """Add a file of `size` bytes; the stream is read once."""
    entry = TarInfo(path)
    entry.size, entry.mode = size, 0o755 if executable else 0o644
    hashed = _Hashed(stream)
    tar.addfile(entry, hashed)
    return Packed(path, hashed.sha256.digest(), size)
