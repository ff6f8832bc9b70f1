"""What archives install, by their own account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ...files.lengths import LONGEST
from ...repository.package import File
from ..warnings import BuildWarning
from .archive import FILES, LINK, PATHS, read_descriptions

#: The length of C:\Users\firstname.lastname\AppData\Local\miniconda3\envs\environment-name
PREFIX_LENGTH = 72
#: Where modules are: in a noarch package, on Linux and macOS, and on Windows.
SITE_PACKAGES = re.compile(r"(?:(?:lib/python[0-9.]+t?|Lib)/)?site-packages/")
NAME = r"[^\W\d]\w*"
#: A command and an object in a module; conda 26.7 links no other (`conda.common.path.python`).
ENTRY_POINT = re.compile(
    rf"\s*[^\s./\\=\0][^/\\=\r\n\0]*=\s*{NAME}(\.{NAME})*\s*:\s*{NAME}(\.{NAME})*\s*"
)


@dataclass(frozen=True)
class Contents:
    """What an archive installs.

    Attributes:
        files: By path, as the package has it.
        entry_points: The commands of a `noarch: python` package, as `command = module:function`.
        known: Whether the archive says them.
    """

    files: Mapping[str, File] = field(default_factory=dict)
    entry_points: tuple[str, ...] = ()
    known: bool = False

    @property
    def commands(self) -> tuple[str, ...]:
        """The names of the commands of a `noarch: python` package."""
        points = (text.partition("=")[0].strip() for text in self.entry_points)
        scripts = (path.partition("/") for path in self.files)
        return (*points, *(name for folder, _, name in scripts if folder == "python-scripts"))

    @property
    def unlinkable(self) -> tuple[str, ...]:
        """The entry points that conda refuses, or makes broken commands of."""
        return tuple(text for text in self.entry_points if not ENTRY_POINT.fullmatch(text))


def contents_of(path: Path, *, noarch_python: bool = False) -> Contents:
    """Return the contents of an archive; nothing where it does not say them, or is not there."""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        parts = read_descriptions(path, PATHS, FILES, *([LINK] if noarch_python else []))
        files = {
            str(entry["_path"]): File(entry.get("sha256", ""), int(entry.get("size_in_bytes") or 0))
            for entry in parts.get(PATHS, parts.get(FILES, {}))["paths"]
        }
        noarch = parts.get(LINK, {}).get("noarch") or {}
        return Contents(files, tuple(map(str, noarch.get("entry_points") or ())), known=True)
    return Contents()


def long_path(name: str, contents: Contents) -> BuildWarning | None:
    """Return a warning if a package has a path that Windows would find too long in an environment.

    Args:
        name: Of the archive, as `subdir/file`.
    """
    # the modules of a noarch package
    paths = (
        f"Lib/{path}" if path.startswith("site-packages/") else path for path in contents.files
    )
    longest = max(paths, key=len, default="")
    if PREFIX_LENGTH + 1 + len(longest) <= LONGEST:
        return None
    return BuildWarning(
        "long-path",
        f"{name} has a path that Windows may find too long "
        f"({len(longest)} characters below the environment): {longest}",
    )
