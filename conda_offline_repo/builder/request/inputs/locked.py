"""Archives that are named exactly, checked before anything is asked of their channels."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ....exceptions import InvalidRequestError
from ....repository.names import archive_problem, check_platform
from ....urls import NETWORK, file_url, public

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ....specs import PackageSpec

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
#: What conda writes in the place of a token where it records what is installed, and what is left
#: of that in its explicit lists.
MASKED_TOKEN = re.compile("(?:/t/)?<TOKEN>(?=/)")
DIGESTS = {"sha256": re.compile("[0-9a-f]{64}"), "md5": re.compile("[0-9a-f]{32}")}
NOARCH = "noarch"


@dataclass(frozen=True)
class PinnedArchive:
    """An archive that is named exactly.

    Attributes:
        url: Where it lies; it may hold credentials.
        sha256: Lower-case hexadecimal, if it is stated.
        md5: The same.
    """

    url: str = field(repr=False)
    sha256: str | None = None
    md5: str | None = None


@dataclass(frozen=True)
class Environment:
    """An environment: packages that are to be solved for, or archives that are named exactly.

    Attributes:
        name: Its name in a file that has several; else empty.
        packages: As they were typed, checked.
        exact: By platform, the archives; `noarch` for a list that fits every platform.
        channels: Those that the file names, highest priority first.
    """

    name: str = ""
    packages: tuple[PackageSpec, ...] = ()
    exact: Mapping[str, tuple[PinnedArchive, ...]] = field(default_factory=dict)
    channels: tuple[str, ...] = field(default=(), repr=False)


def absolute_url(address: str, folder: Path) -> str:
    """Return the URL of an archive that is named by its URL, or by a path as seen from `folder`."""
    if SCHEME.match(address):
        return address
    return file_url(Path(os.path.normpath(folder.absolute() / os.path.expanduser(address))))


def pin(url: str, *, sha256: str | None = None, md5: str | None = None) -> PinnedArchive:
    """Return an archive by its URL, which may hold credentials, and the digests that are stated.

    Raises:
        ValueError: Nothing of a channel is named so; says why, without showing any of the URL.
    """
    digests = {"sha256": (sha256 or "").lower(), "md5": (md5 or "").lower()}
    for name, digest in digests.items():
        if digest and not DIGESTS[name].fullmatch(digest):
            raise ValueError(f"what should be its {name} digest is not one")
    url = MASKED_TOKEN.sub("", url, count=1)
    _check(url)
    return PinnedArchive(url, digests["sha256"] or None, digests["md5"] or None)


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("its URL is damaged") from None
    if parts.scheme not in (*NETWORK, "file") or (parts.scheme in NETWORK and not host):
        raise ValueError("it has no URL of http, https or file")
    if not url.isprintable() or any(character in url for character in " \\$<>"):
        raise ValueError("its URL has a character that no URL has, or a variable")
    if "?" in url or "#" in url:
        raise ValueError("its URL does not end with the name of a file")
    folder, _, file = parts.path.rpartition("/")
    if problem := archive_problem(file):
        raise ValueError(problem)
    if file.count("-") < 2:
        raise ValueError("its file name is not NAME-VERSION-BUILD")
    subdir = folder.rpartition("/")[2]
    try:
        if subdir != NOARCH:
            check_platform(subdir)
    except InvalidRequestError:
        raise ValueError(
            "the folder that it is in is not named as a platform that conda knows, so it does not "
            "belong to a channel"
        ) from None


def together(archives: Iterable[PinnedArchive]) -> dict[str, tuple[PinnedArchive, ...]]:
    """Return the archives of an environment by the platform that they are for, `noarch` if they fit
    every platform; sorted by subdir and file name, each once.

    Raises:
        ValueError: They are for several platforms, or two are of one package; names both, without
            credentials.
    """
    archives = tuple(archives)
    platforms = sorted({_place(archive)[0] for archive in archives} - {NOARCH}) or [NOARCH]
    if len(platforms) > 1:
        raise ValueError(f"it has packages for several platforms: {', '.join(platforms)}")
    by_name: dict[str, PinnedArchive] = {}
    for archive in archives:
        name = _place(archive)[1].rsplit("-", 2)[0]
        known = by_name.get(name, archive)
        if public(known.url) != public(archive.url):
            raise ValueError(
                f"{public(known.url)} and {public(archive.url)} are of one package, of which an "
                "environment has one"
            )
        sha256, md5 = known.sha256 or archive.sha256, known.md5 or archive.md5
        if (sha256, md5) != (archive.sha256 or sha256, archive.md5 or md5):
            raise ValueError(f"{public(archive.url)} is listed with two different digests")
        by_name[name] = replace(known, sha256=sha256, md5=md5)
    return {platforms[0]: tuple(sorted(by_name.values(), key=_place))}


def _place(archive: PinnedArchive) -> tuple[str, str]:
    """Return subdir and file name."""
    _, subdir, file = urlsplit(archive.url).path.rsplit("/", 2)
    return subdir, file
