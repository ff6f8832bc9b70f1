"""Explicit lists: the URLs of an environment's archives, as `conda list --explicit` writes them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ....exceptions import InvalidRequestError
from ....repository.names import check_platform
from .exceptions import InputFileError
from .locked import NOARCH, Environment, absolute_url, pin, together

if TYPE_CHECKING:
    from .locked import PinnedArchive

#: The line that makes a list explicit.
MARK = "@EXPLICIT"
PLATFORM = re.compile(r"#\s*platform:\s*(\S+)")
#: An address and, behind `#`, a digest: MD5, or SHA-256 with or without its name.
LINE = re.compile(
    r"(?P<address>[^#]+)"
    r"(?:#(?:(?:md5:)?(?P<md5>[0-9a-f]{32})|(?:sha256:)?(?P<sha256>[0-9a-f]{64})))?",
    re.IGNORECASE,
)


def is_explicit(text: str) -> bool:
    """Return whether this is the text of an explicit list."""
    return any(line.strip() == MARK for line in text.splitlines())


def read_explicit(path: Path, text: str) -> Environment:
    """Return what an explicit list names, for the platform of its URLs.

    Where all of them are for every platform, the comment `# platform: …` tells which one is meant;
    without it, it is `noarch`. Paths are, as in conda, those seen from the current folder.

    Raises:
        InputFileError: It names no archive, or what it names cannot be together.
    """
    archives: list[PinnedArchive] = []
    stated = None
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith("#"):
            stated = stated or PLATFORM.match(line)
        elif line and line != MARK:
            archives.append(_archive(path, number, line))
    if not archives:
        raise InputFileError(path, "it names no archive")
    try:
        exact = together(archives)
    except ValueError as error:
        raise InputFileError(
            path, str(error), "Make a list for each environment and platform."
        ) from None
    if stated and NOARCH in exact:
        exact = {_stated(path, stated[1]): exact[NOARCH]}
    return Environment(exact=exact)


def _archive(path: Path, number: int, line: str) -> PinnedArchive:
    match = LINE.fullmatch(line)
    try:
        if not match:
            raise ValueError("what is behind '#' is neither an MD5 nor a SHA-256 digest")
        url = absolute_url(match["address"].strip(), Path())
        return pin(url, sha256=match["sha256"], md5=match["md5"])
    except ValueError as error:
        raise InputFileError(
            path,
            f"line {number} names no archive of a channel: {error}",
            f"Below {MARK}, each line is the URL of a .conda or .tar.bz2 file, with its digest: "
            "conda list --explicit --sha256",
        ) from None


def _stated(path: Path, platform: str) -> str:
    try:
        return check_platform(platform)
    except InvalidRequestError as error:
        raise InputFileError(
            path, f"the platform {platform!r} of its comment is unknown", *error.hints
        ) from None
