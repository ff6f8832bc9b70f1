"""Lists of `conda list --export`: a line NAME=VERSION=BUILD for each package."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ....repository.names import check_platform
from ....specs import parse_spec
from .exceptions import Problems
from .pinned import PLATFORM, Environment
from .pip_part import read_pip

if TYPE_CHECKING:
    from ....specs import PackageSpec

LINE = re.compile(r"[A-Za-z0-9_.-]+=[^=\s]+=[^=\s]+", re.ASCII)
#: The build that conda gives to what pip has installed.
OF_PIP = "=pypi_0"


def is_spec_list(text: str) -> bool:
    """Return whether the first line that is not a comment is one of such a list."""
    lines = (line.strip() for line in text.splitlines())
    return bool(LINE.fullmatch(next((line for line in lines if line and line[0] != "#"), "")))


def read_spec_list(path: Path, text: str) -> Environment:
    """Return the packages of a list, as `conda create --file` takes them, those that pip has
    installed, by name and version, and its platform.

    Raises:
        InputFileError: A line is not a package, with all that is wrong.
    """
    problems = Problems(path)
    packages: list[PackageSpec] = []
    pip = []
    platforms = []
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        with problems.noting(f"line {number}: "):
            if match := PLATFORM.match(line):
                platforms.append(check_platform(match[1]))
            elif line.endswith(OF_PIP):
                pip.append(line.removesuffix(OF_PIP).replace("=", "==", 1))
            elif line and not line.startswith("#"):
                packages.append(parse_spec(line))
    part = read_pip(pip, path.absolute().parent, problems)
    problems.check()
    return Environment(packages=tuple(packages), pip=part, platforms=tuple(platforms[:1]))
