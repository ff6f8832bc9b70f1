"""Explicit lists: the URLs of an environment's archives, as `conda list --explicit` writes them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ....repository.names import check_platform
from .exceptions import InputFileError, Problems, unusable
from .pinned import NOARCH, PLATFORM, Environment, absolute_url, pin, together
from .pip_line import exact_wheel, parsed

if TYPE_CHECKING:
    from .pinned import PinnedArchive, PinnedWheel

#: The line that makes a list explicit.
MARK = "@EXPLICIT"
#: A comment that stands for a package of pip's, in the lists of conda-lock.
PIP = re.compile(r"#\s*pip\s+(?P<name>\S+)\s+@\s+(?P<place>.+)")
#: The beginning of a path of Windows.
DRIVE = re.compile(r"[A-Za-z]:\\|\\\\")
#: An address and, behind `#`, a digest: MD5, or SHA-256 with or without its name.
LINE = re.compile(
    r"(?P<address>[^#]+)"
    r"(?:#(?:(?:md5:)?(?P<md5>[0-9a-f]{32})|(?:sha256:)?(?P<sha256>[0-9a-f]{64})))?",
    re.IGNORECASE,
)
HINT = (
    f"Below {MARK}, each line is the URL of a .conda or .tar.bz2 file, with its digest: "
    "conda list --explicit --md5"
)


def read_explicit(path: Path, text: str) -> Environment:
    """Return the archives of an explicit list, for the platform of its URLs, and the wheels that
    its comments `# pip NAME @ URL --hash=sha256:…` name.

    If all of them are `noarch`, the comment `# platform: …` tells the platform; without it, it is
    `noarch`. Paths are relative to the current folder, as in conda.

    Raises:
        InputFileError: It names no archive, or its archives do not go together; has all mistakes.
        PipPartsError: It has packages for pip that are not wheels.
    """
    archives: list[PinnedArchive] = []
    wheels: list[PinnedWheel] = []
    problems = Problems(path)
    comment = None
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if line.startswith("#"):
            comment = comment or PLATFORM.match(line)
            if match := PIP.match(line):
                with problems.noting(f"line {number}, {match['name']}: "):
                    place, options = parsed(match["place"])
                    wheels.append(exact_wheel(place, options.hash, Path()))
        elif line and line != MARK:
            with problems.noting(f"line {number} names no archive of a channel: ", HINT):
                archives.append(_archive(line))
    problems.check()
    if not archives:
        raise InputFileError(path, "it names no archive")
    with unusable(path, "Make a list for each environment and platform."):
        platform, exact = together(archives)
    if comment and platform == NOARCH:
        with unusable(path, where="in its comment: "):
            platform = check_platform(comment[1])
    return Environment(exact={platform: exact}, wheels={platform: (*wheels,)} if wheels else {})


def _archive(line: str) -> PinnedArchive:
    match = LINE.fullmatch(line)
    if not match:
        raise ValueError("what is behind '#' is neither an MD5 nor a SHA-256 digest")
    if os.name != "nt" and DRIVE.match(line):
        raise ValueError("a path of Windows cannot be used on this system")
    return pin(absolute_url(match["address"].strip(), Path()), match["sha256"], match["md5"])
