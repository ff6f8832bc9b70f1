"""Explicit lists: the URLs of an environment's archives, as `conda list --explicit` writes them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ....repository.names import check_platform
from .exceptions import InputFileError, unusable
from .pinned import NOARCH, Environment, absolute_url, pin, together

if TYPE_CHECKING:
    from .pinned import PinnedArchive

#: The line that makes a list explicit.
MARK = "@EXPLICIT"
PLATFORM = re.compile(r"#\s*platform:\s*(\S+)")
#: An address and, behind `#`, a digest: MD5, or SHA-256 with or without its name.
LINE = re.compile(
    r"(?P<address>[^#]+)"
    r"(?:#(?:(?:md5:)?(?P<md5>[0-9a-f]{32})|(?:sha256:)?(?P<sha256>[0-9a-f]{64})))?",
    re.IGNORECASE,
)


def read_explicit(path: Path, text: str) -> Environment:
    """Return the archives of an explicit list, for the platform of its URLs.

    If all of them are `noarch`, the comment `# platform: …` tells the platform; without it, it is
    `noarch`. Paths are relative to the current folder, as in conda.

    Raises:
        InputFileError: It names no archive, or its archives do not go together.
    """
    archives: list[PinnedArchive] = []
    comment = None
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if line.startswith("#"):
            comment = comment or PLATFORM.match(line)
        elif line and line != MARK:
            archives.append(_archive(path, number, line))
    if not archives:
        raise InputFileError(path, "it names no archive")
    with unusable(path, "Make a list for each environment and platform."):
        platform, exact = together(archives)
    if comment and platform == NOARCH:
        with unusable(path, where="in its comment: "):
            platform = check_platform(comment[1])
    return Environment(exact={platform: exact})


def _archive(path: Path, number: int, line: str) -> PinnedArchive:
    hint = (
        f"Below {MARK}, each line is the URL of a .conda or .tar.bz2 file, with its digest: "
        "conda list --explicit --md5"
    )
    with unusable(path, hint, where=f"line {number} names no archive of a channel: "):
        match = LINE.fullmatch(line)
        if not match:
            raise ValueError("what is behind '#' is neither an MD5 nor a SHA-256 digest")
        return pin(absolute_url(match["address"].strip(), Path()), match["sha256"], match["md5"])
