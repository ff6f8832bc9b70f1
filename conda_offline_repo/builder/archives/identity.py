"""Whether an archive is the package that the index lists under its name.

A digest vouches for bytes, not for sense, and some channels state none. What is no package, or is
another one, breaks the customer's conda at the extraction, and conda's cache with it.
"""

from __future__ import annotations

import json
import tarfile
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..exceptions import InvalidArchiveError
from .zstd import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from ..upstream.entries import Entry

INDEX = "info/index.json"
FIELDS = ("name", "version", "build")
#: Bytes; far more than any such file has.
LARGEST_INDEX = 16 << 20
#: What Python's modules raise for what they cannot decode.
BROKEN = (
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zstd.ZstdError,
)


def own_index(path: Path) -> dict[str, Any]:
    """Return what an archive says of itself: its `info/index.json`.

    Raises:
        One of `BROKEN`: It is no archive of a conda package, or cannot be read.
    """
    with _members(path) as tar:
        return _index(tar)


def check(path: Path, entry: Entry) -> None:
    """Check that an archive is of its format and says itself to be what its entry says.

    A `.conda` archive costs next to nothing. A `.tar.bz2` may have to be decompressed to its end,
    so it is looked into only where no digest vouches for it.

    Raises:
        InvalidArchiveError: It is not.
    """
    if entry.has_digest and not entry.file.endswith(".conda"):
        return
    try:
        own = own_index(path)
    except BROKEN as error:
        raise InvalidArchiveError(entry.name, str(error) or type(error).__name__) from None
    for field in FIELDS:
        if own.get(field) != entry.record[field]:
            raise InvalidArchiveError(
                entry.name, f"its own {field} is {own.get(field)!r}, not {entry.record[field]!r}"
            )


@contextmanager
def _members(path: Path) -> Iterator[tarfile.TarFile]:
    """The part of an archive that describes it, to be read once from the beginning."""
    if path.name.endswith(".tar.bz2"):
        with tarfile.open(path, "r|bz2") as tar:
            yield tar
        return
    stem = path.name.removesuffix(".conda")
    with zipfile.ZipFile(path) as archive:
        archive.getinfo(f"pkg-{stem}.tar.zst")
        with (
            archive.open(f"info-{stem}.tar.zst") as packed,
            zstd.open(packed) as stream,
            tarfile.open(fileobj=stream, mode="r|") as tar,
        ):
            yield tar


def _index(tar: tarfile.TarFile) -> dict[str, Any]:
    for member in tar:
        if member.name == INDEX and member.isfile():
            file = tar.extractfile(member)
            if file is None or member.size > LARGEST_INDEX:
                break
            index = json.loads(file.read())
            if isinstance(index, dict):
                return index
            break
    raise ValueError(f"it has no {INDEX}")
