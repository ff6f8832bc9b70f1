"""An environment on this machine, by conda's records of it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from ....files.hashing import read_regular
from .exceptions import InputFileError, Problems, unusable
from .pinned import Environment, RefusedError, pin, together
from .pip_part import read_pip

if TYPE_CHECKING:
    from .pinned import PinnedArchive

#: Bytes; the record of a package with a hundred thousand files has a fifth of it.
LIMIT = 256 << 20
#: What of a record names its archive.
KEYS = ("url", "sha256", "md5")
#: Where Python's packages lie, on Windows and elsewhere.
SITE_PACKAGES = ("Lib/site-packages", "lib/*/site-packages")
#: What Python knows an installed package by; pip leaves behind those that begin with `~`.
INSTALLED = re.compile(r"(?P<name>[^~-][^-]*).*\.(?:dist-info|egg-info|egg-link|egg)")


def read_prefix(prefix: Path) -> Environment:
    """Return the archives that are installed in an environment, for the platform of its packages,
    and what pip has installed besides, by name and version or by the URL of its wheel.

    Only its records are read, and those of Python. conda's own search for what pip has installed is
    not used: it removes records that it takes for outdated.

    Raises:
        InputFileError: It is not an environment, is empty, has a record that cannot be read, or
            packages that are from no channel.
        PipPartsError: pip has installed something that is not a wheel.
    """
    archives: list[PinnedArchive] = []
    foreign: list[str] = []
    files: set[str] = set()
    problems = Problems(prefix)
    for record in _records(prefix):
        files.update(record["files"])
        try:
            archives.append(pin(*(record.get(key) or "" for key in KEYS)))
        except ValueError as error:
            foreign.append(f"{record['name']} ({error})")
    if foreign:
        problems.add(
            f"it has packages that are from no channel: {', '.join(sorted(foreign))}",
            "Put them into a channel of your own and install them from there.",
        )
    pip = read_pip(_of_pip(prefix, files, problems), prefix, problems)
    problems.check()
    with unusable(prefix):
        return Environment(exact=dict([together(archives)]), pip=pip)


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


def _of_pip(prefix: Path, files: Collection[str], problems: Problems) -> Iterator[str]:
    """Yield, as lines of pip, what Python finds that is not among the files of conda's packages."""
    known = {part for file in files for part in (file, file.rpartition("/")[0])}
    of_conda = {_project(path) for path in known}
    # some Pythons have a second way to their folder
    places = (place for pattern in SITE_PACKAGES for place in prefix.glob(pattern))
    for path in sorted(
        path for place in places if not place.parent.is_symlink() for path in place.glob("*")
    ):
        if path.relative_to(prefix).as_posix() in known or not (project := _project(path.name)):
            continue
        if project in of_conda:
            problems.add(
                f"pip has installed {path.stem} over conda's package of this name",
                "Install that version with conda, or make the environment anew.",
            )
            continue
        with problems.noting(f"{path.name}: "):
            yield _line(path)


def _project(path: str) -> str | None:
    """Return the normalized name of a package of Python's by the path of its record."""
    match = INSTALLED.fullmatch(path.rpartition("/")[2])
    return canonicalize_name(match["name"]) if match else None


def _line(path: Path) -> str:
    """Return a package of Python's as a line of pip.

    Raises:
        RefusedError: It came from sources.
        ValueError: Its record cannot be read.
    """
    if path.suffix == ".egg-link":
        raise RefusedError("an editable install")
    if path.suffix != ".dist-info":
        raise RefusedError("an installation from sources")
    try:
        metadata = HeaderParser().parsestr(read_regular(path / "METADATA", LIMIT).decode())
        name, version = metadata["Name"].strip(), metadata["Version"].strip()
        direct = path / "direct_url.json"
        origin = json.loads(read_regular(direct, LIMIT)) if direct.exists() else {}
        if "vcs_info" in origin:
            raise RefusedError("sources in version control")
        if "dir_info" in origin:
            editable = origin["dir_info"].get("editable")
            raise RefusedError("an editable install" if editable else "a folder of sources")
        if not origin.get("url"):
            return f"{name}=={version}"
        archive = origin["archive_info"]
        stated = archive.get("hash") or f"sha256={archive.get('hashes', {}).get('sha256', '')}"
        kind, _, digest = stated.partition("=")
        return f"{name} @ {origin['url']}" + (f"#{kind}={digest}" if digest else "")
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
    except (KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("its METADATA or direct_url.json is damaged") from None
