"""An environment on this machine, by conda's records of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ....files.hashing import read_regular
from .exceptions import InputFileError, PipPartsError, unusable
from .pinned import Environment, pin, together

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Any

    from .pinned import PinnedArchive

#: Bytes; the record of a package with a hundred thousand files has a fifth of it.
LIMIT = 256 << 20
#: What of a record names its archive.
KEYS = ("url", "sha256", "md5")
#: Where Python's packages lie, on Windows and elsewhere.
SITE_PACKAGES = ("Lib/site-packages", "lib/*/site-packages")
#: What Python knows an installed package by.
INSTALLED = re.compile(r"(?P<name>[^-]+).*\.(?:dist-info|egg-info|egg-link|egg)")


def read_prefix(prefix: Path) -> Environment:
    """Return the archives that are installed in an environment, for the platform of its packages.

    Only its records are read, and the names of what Python finds. conda's own search for what pip
    has installed is not used: it removes records that it takes for outdated.

    Raises:
        InputFileError: It is not an environment, is empty, has a record that cannot be read, or
            packages that are from no channel.
        PipPartsError: It has packages that pip has installed.
    """
    archives: list[PinnedArchive] = []
    foreign: list[str] = []
    files: set[str] = set()
    for record in _records(prefix):
        files.update(record["files"])
        try:
            archives.append(pin(*(record.get(key) or "" for key in KEYS)))
        except ValueError as error:
            foreign.append(f"{record['name']} ({error})")
    if by_pip := sorted(_installed_besides(prefix, files)):
        raise PipPartsError(prefix, by_pip)
    if foreign:
        raise InputFileError(
            prefix,
            f"it has packages that are from no channel: {', '.join(sorted(foreign))}",
            "Put them into a channel of your own and install them from there.",
        )
    with unusable(prefix):
        return Environment(exact=dict([together(archives)]))


def _records(prefix: Path) -> list[dict[str, Any]]:
    try:
        paths = sorted(p for p in (prefix / "conda-meta").iterdir() if p.name.endswith(".json"))
    except OSError as error:
        raise InputFileError(
            prefix,
            f"it is not a conda environment: conda-meta: {error.strerror or error}",
            "Give the folder of an environment, as `conda env list` shows it.",
        ) from None
    if not paths:
        raise InputFileError(prefix, "nothing is installed in it")
    return [_record(prefix, path) for path in paths]


def _record(prefix: Path, path: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(read_regular(path, LIMIT))
        texts = (record["name"], *(record.get(key) or "" for key in KEYS))
        files = record.setdefault("files", [])
        if isinstance(files, list) and all(isinstance(text, str) for text in (*texts, *files)):
            return record
        problem = "it is not a conda record"
    except OSError as error:
        problem = error.strerror or str(error)
    except (ValueError, KeyError, TypeError, RecursionError):
        problem = "it is not a conda record"
    raise InputFileError(
        prefix,
        f"its record conda-meta/{path.name} cannot be read: {problem}",
        "Repair the environment, or make a new one.",
    )


def _installed_besides(prefix: Path, files: Iterable[str]) -> set[str]:
    """Return the names of Python's packages that are not among the files of conda's packages."""
    known = {part for file in files for part in (file, file.rpartition("/")[0])}
    # some Pythons have a second way to their folder
    places = (place for pattern in SITE_PACKAGES for place in prefix.glob(pattern))
    return {
        match["name"]
        for place in places
        if not place.parent.is_symlink()
        for path in place.glob("*")
        if (match := INSTALLED.fullmatch(path.name))
        and path.relative_to(prefix).as_posix() not in known
    }
