"""Paths that Windows would find too long, told to the vendor before the customer meets them."""

from __future__ import annotations

import json
import tarfile
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING

from .zstd import zstd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ..upstream.solve import Solution
    from .archive import Archive

#: https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation (260 with a NUL)
LONGEST = 259
#: The length of C:\Users\firstname.lastname\AppData\Local\miniconda3\envs\environment-name
PREFIX_LENGTH = 72
SITE_PACKAGES = "site-packages/"


def too_long(archives: Iterable[Archive], solutions: Iterable[Solution]) -> tuple[str, ...]:
    """Return the paths inside of new packages for Windows that would be too long in an environment.

    Only `.conda` archives are looked into: their list of files is a small part of its own. What the
    repository holds already was looked into when it came.

    Returns:
        A sentence for each package that has any.
    """
    wanted = {
        f"{record.subdir}/{record.fn}"
        for solution in solutions
        if solution.platform.startswith("win-")
        for record in solution.records
    }
    found = []
    for archive in archives:
        if archive.staged and archive.name in wanted and archive.name.endswith(".conda"):
            longest = max(_installed_paths(archive.path), key=len, default="")
            if PREFIX_LENGTH + 1 + len(longest) > LONGEST:
                found.append(
                    f"{archive.name} has a path that Windows may find too long "
                    f"({len(longest)} characters below the environment): {longest}"
                )
    return tuple(found)


def _installed_paths(path: Path) -> Iterator[str]:
    """Yield where the files of a package go below a Windows environment."""
    with (
        suppress(OSError, ValueError, KeyError, zipfile.BadZipFile, tarfile.TarError),
        zipfile.ZipFile(path) as archive,
        archive.open(f"info-{path.name.removesuffix('.conda')}.tar.zst") as packed,
        zstd.open(packed) as stream,
        tarfile.open(fileobj=stream, mode="r|") as tar,
    ):
        for member in tar:
            if member.name == "info/paths.json" and (file := tar.extractfile(member)):
                for entry in json.load(file)["paths"]:
                    yield _installed(str(entry["_path"]))


def _installed(path: str) -> str:
    """Return where a file goes: a noarch package's modules go below Lib."""
    return f"Lib/{path}" if path.startswith(SITE_PACKAGES) else path
