"""Files that describe environments, whose format is told by their content."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from .conda_lock import read_conda_lock
from .environment_yml import read_environment
from .exceptions import InputFileError
from .explicit import MARK, read_explicit
from .lock_file import read_lock_file
from .spec_list import is_spec_list, read_spec_list
from .text import read_text

if TYPE_CHECKING:
    from .pinned import Environment

#: A key of the outermost level.
KEY = re.compile(r"^['\"]?([a-z]+)['\"]?[ \t]*:(?=\s|$)", re.MULTILINE)
CONDA_LOCK = {"version", "metadata", "package"}
PIXI_LOCK = {"version", "environments"}
ENVIRONMENT = {"channels", "dependencies"}
#: A line of an explicit list.
ADDRESS = re.compile(r"\S+\.(?:conda|tar\.bz2)(?:#\S+)?$")


def read_file(path: Path, only: Collection[str] = ()) -> tuple[Environment, ...]:
    """Return the environments that a file describes: one, or those of a lock file, sorted by name.

    Nothing is solved, downloaded or looked up. Credentials in the file's URLs stay in those that
    are returned, and are in no message.

    Args:
        path: An environment.yml, an explicit list, a list of `conda list --export`, a
            conda-lock.yml or a pixi.lock, under any name, in UTF-8, or in UTF-16 with a byte order
            mark.
        only: The environments of a pixi.lock, or the categories of a conda-lock.yml, to take; none
            for all.

    Raises:
        InputFileError: It cannot be read, is none of these, or is not one that can be built from.
        PipPartsError: It has packages for pip that are not wheels, whatever it is built for.
        LockReaderMissingError: It is a pixi.lock, and py-rattler is not installed.
    """
    text = read_text(path)
    if not text.strip():
        raise InputFileError(path, "it is empty")
    keys = set(KEY.findall(text))
    lines = [line.strip() for line in text.splitlines()]
    is_explicit = MARK in lines
    if keys >= CONDA_LOCK and not is_explicit:
        return (read_conda_lock(path, text, only),)
    if keys >= PIXI_LOCK and not is_explicit:
        return read_lock_file(path, text, only)
    if only:
        raise InputFileError(
            path,
            f"it is not a lock file, of which {', '.join(only)} could be chosen",
            "Leave out --only.",
        )
    if is_explicit:
        return (read_explicit(path, text),)
    if is_spec_list(text):
        return (read_spec_list(path, text),)
    if keys & ENVIRONMENT or text.lstrip().startswith("{"):
        return (read_environment(path, text),)
    raise InputFileError(
        path,
        "it is not an environment.yml, a list of conda's, a conda-lock.yml or a pixi.lock",
        f"Above the URLs of an explicit list goes the line {MARK}."
        if any(map(ADDRESS.match, lines))
        else "Packages by name go on the command line. An environment.yml has `dependencies:`, an "
        "explicit list the line @EXPLICIT: conda list --explicit --md5",
    )
