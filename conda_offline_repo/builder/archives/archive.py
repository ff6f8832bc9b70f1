"""An archive whose bytes have been checked, and its own description.

A digest vouches for bytes, not for sense, and some channels state none. A file that is not the
package breaks the customer's conda at the extraction, and conda's cache with it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conda_package_streaming.package_streaming import stream_conda_component, stream_conda_info

from ..exceptions import InvalidArchiveError
from ..warnings import BuildWarning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Any

    from ...files.hashing import Digests
    from ..upstream.entry import Entry
    from ..upstream.solution import Solution

INDEX = "info/index.json"
PATHS = "info/paths.json"
#: Bytes; far more than any such file has.
LARGEST = {INDEX: 16 << 20, PATHS: 256 << 20}
#: https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation (260 with a NUL)
LONGEST = 259
#: The length of C:\Users\firstname.lastname\AppData\Local\miniconda3\envs\environment-name
PREFIX_LENGTH = 72


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


def read_description(path: Path, name: str = INDEX) -> dict[str, Any]:
    """Return the content of a JSON file in an archive, one of those in `LARGEST`.

    Raises:
        ValueError: The archive is not a conda package, cannot be read, or has no such file.
    """
    try:
        with path.open("rb") as file:
            if path.name.endswith(".conda"):  # without the other part it cannot be installed
                stream_conda_component(str(path), file, "pkg")
            for tar, member in stream_conda_info(str(path), file):
                if member.name == name and member.isfile():
                    part = tar.extractfile(member)
                    if part is None or member.size > LARGEST[name]:
                        break
                    content = json.loads(part.read())
                    if isinstance(content, dict):
                        return content
                    break
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    except Exception as error:  # each implementation of zstd has errors of its own
        raise ValueError(str(error) or type(error).__name__) from error
    raise ValueError(f"it has no {name}")


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


def long_paths(
    archives: Iterable[Archive], solutions: Iterable[Solution]
) -> Iterator[BuildWarning]:
    """Yield a warning of each new package for Windows with a path that would be too long in an
    environment.

    Only `.conda` archives are looked into: their list of files is a small part of its own.
    """
    windows = {
        name
        for solution in solutions
        if solution.platform.startswith("win-")
        for name in solution.names
    }
    for archive in archives:
        if archive.staged and archive.name in windows and archive.name.endswith(".conda"):
            longest = max(_installed_paths(archive.path), key=len, default="")
            if PREFIX_LENGTH + 1 + len(longest) > LONGEST:
                yield BuildWarning(
                    "long-path",
                    f"{archive.name} has a path that Windows may find too long "
                    f"({len(longest)} characters below the environment): {longest}",
                )


def _installed_paths(path: Path) -> list[str]:
    """Return the paths of a package's files below a Windows environment."""
    paths = []
    with suppress(ValueError, KeyError, TypeError):
        for entry in read_description(path, PATHS)["paths"]:
            file = str(entry["_path"])
            # the modules of a noarch package
            paths.append(f"Lib/{file}" if file.startswith("site-packages/") else file)
    return paths
