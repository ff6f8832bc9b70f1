"""An archive whose bytes have been checked, and its own description.

A digest vouches for bytes, not for sense, and some channels state none. A file that is not the
package breaks the customer's conda at the extraction, and conda's cache with it.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda_package_streaming.package_streaming import stream_conda_component, stream_conda_info

from ..exceptions import InvalidArchiveError

if TYPE_CHECKING:
    from ...files.hashing import Digests
    from ..upstream.entry import Entry

INDEX = "info/index.json"
PATHS = "info/paths.json"
LINK = "info/link.json"
#: What older packages have in the place of `PATHS`, and newer ones besides: the paths, one a line.
FILES = "info/files"
#: Bytes; far more than any such file has.
LARGEST = {INDEX: 16 << 20, PATHS: 256 << 20, LINK: 16 << 20, FILES: 256 << 20}


@dataclass(frozen=True)
class Archive:
    """An archive with the bytes that the channel states: `subdir/file`, and where it lies now, in
    the repository or staged.
    """

    name: str
    path: Path
    staged: bool
    sha256: str
    md5: str
    size: int

    @classmethod
    def of(cls, entry: Entry, path: Path, digests: Digests, *, staged: bool) -> Archive:
        """Return the archive of an entry at a path, with these digests."""
        return cls(entry.name, path, staged, digests.sha256, entry.md5 or digests.md5, digests.size)


def read_descriptions(path: Path, *names: str) -> dict[str, dict[str, Any]]:
    """Return the contents of JSON files in an archive, those of `LARGEST`, that it has.

    The lines of `FILES` come in the form of `PATHS`, and only where that has not come before. A
    `.tar.bz2` is read no further than to where it begins with what it installs, if it has one.

    Raises:
        ValueError: The archive is not a conda package, or cannot be read.
    """
    contents: dict[str, dict[str, Any]] = {}
    try:
        with path.open("rb") as file:
            if path.name.endswith(".conda"):  # without the other part it cannot be installed
                stream_conda_component(str(path), file, "pkg")
            for tar, member in stream_conda_info(str(path), file):
                if member.name in names and member.isfile():
                    part = tar.extractfile(member)
                    if part and member.size <= LARGEST[member.name]:
                        content = _parsed(member.name, part.read())
                        if isinstance(content, dict):
                            contents[member.name] = content
                missing = {*names} - contents.keys()
                if missing <= {FILES} or (missing == {PATHS} and member.name[:5] != "info/"):
                    break
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    except Exception as error:  # each implementation of zstd has errors of its own
        raise ValueError(str(error) or type(error).__name__) from error
    return contents


def _parsed(name: str, content: bytes) -> Any:
    if name == FILES:
        return {"paths": [{"_path": line.strip()} for line in content.decode().split("\n")]}
    return json.loads(content)


def read_beginnings(path: Path, names: Collection[str]) -> dict[str, bytes]:
    """Return the first four bytes of files that an archive installs, as far as it can be read."""
    beginnings: dict[str, bytes] = {}
    with suppress(Exception), path.open("rb") as file:  # each implementation of zstd has its own
        for tar, member in stream_conda_component(str(path), file, "pkg"):
            if member.name in names and (part := tar.extractfile(member)):
                beginnings[member.name] = part.read(4)
                if len(beginnings) == len(names):
                    break
    return beginnings


def read_description(path: Path) -> dict[str, Any]:
    """Return the `info/index.json` of an archive.

    Raises:
        ValueError: The archive is not a conda package, cannot be read, or has no such file.
    """
    description = read_descriptions(path, INDEX).get(INDEX)
    if description is None:
        raise ValueError(f"it has no {INDEX}")
    return description


def check_identity(path: Path, entry: Entry) -> None:
    """Check that an archive is of its format and is the package of its entry.

    A `.conda` archive costs next to nothing. A `.tar.bz2` may have to be decompressed to its end,
    so it is looked into only where no digest vouches for it.

    Raises:
        InvalidArchiveError: It is not.
    """
    if entry.has_digest and not entry.file.endswith(".conda"):
        return
    try:
        own = read_description(path)
    except ValueError as error:
        raise InvalidArchiveError(entry.public_url, str(error)) from None
    for field in ("name", "version", "build"):
        if own.get(field) != entry.record[field]:
            raise InvalidArchiveError(
                entry.public_url,
                f"its own {field} is {own.get(field)!r}, not {entry.record[field]!r}",
            )
