"""Archives that are named exactly, checked before anything is asked of their channels."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from conda.base.context import context
from conda.models.channel import Channel

from ....repository.names import archive_problem
from ....repository.reading import MD5, SHA256
from ....urls import NETWORK, file_url, public

if TYPE_CHECKING:
    from ....specs import PackageSpec

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
#: What conda writes in the place of a token where it records what is installed, and what is left
#: of that in its explicit lists.
MASKED_TOKEN = re.compile("(?:/t/)?<TOKEN>(?=/)")
NOARCH = "noarch"
#: The comment in conda's lists that tells for which platform they are.
PLATFORM = re.compile(r"#\s*platform:\s*(\S+)")


class RefusedError(ValueError):
    """What pip would install is not a wheel; the text says what it is."""


@dataclass(frozen=True)
class PinnedArchive:
    """An archive that is named exactly: its URL, which may hold credentials, and the digests that
    are stated, in lower case.
    """

    url: str = field(repr=False)
    sha256: str | None = None
    md5: str | None = None


@dataclass(frozen=True)
class PinnedWheel:
    """A wheel that a lock file names exactly: its URL, which may hold credentials, and digest."""

    url: str = field(repr=False)
    sha256: str


@dataclass(frozen=True)
class PipPart:
    """What pip is to install in an environment.

    Attributes:
        requirements: One text each, as a line of a requirements file has it: name, extras,
            versions, marker, and `--hash`es; or `NAME @ URL` with the URL of a wheel. Checked,
            sorted, without credentials.
        constraints: In the same form.
        options: Of pip, on where indexes are: `--index-url URL` and its like, one text each, as
            they stand in a requirements file; may hold credentials.
        urls: By their URLs in the requirements, with the digests there, those that hold
            credentials.
    """

    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    options: tuple[str, ...] = field(default=(), repr=False)
    urls: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Environment:
    """An environment: packages that are to be solved for, or archives that are named exactly.

    Attributes:
        name: Its name in a file that has several; else empty.
        packages: As they were typed, checked.
        exact: By platform, the archives; `noarch` for a list that fits every platform.
        foreign: By platform, group and name, what it has besides that cannot be shipped, and why:
            what is built from its sources.
        pip: What pip is to install besides.
        wheels: By platform, the wheels that a lock file names exactly.
        groups: What can be chosen of the lock file: its environments, or its categories.
        channels: Those that the file names, highest priority first.
        no_defaults: Whether the file says that no configured channels are to be added.
        platforms: Those that the file says it is for; none if it does not say so.
        left_out: What the file says, and what is not done because of it, a sentence each.
        file: Where it comes from, if from a file.
    """

    name: str = ""
    packages: tuple[PackageSpec, ...] = ()
    exact: Mapping[str, tuple[PinnedArchive, ...]] = field(default_factory=dict)
    foreign: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    pip: PipPart = PipPart()
    wheels: Mapping[str, tuple[PinnedWheel, ...]] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    channels: tuple[str, ...] = field(default=(), repr=False)
    no_defaults: bool = False
    platforms: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    file: Path | None = None


def absolute_url(address: str, folder: Path) -> str:
    """Return the URL of an archive that is named by its URL, or by a path relative to `folder`."""
    if SCHEME.match(address):
        return address
    return file_url(Path(os.path.abspath(folder / os.path.expanduser(address))))


def pin(url: str, sha256: str | None = None, md5: str | None = None) -> PinnedArchive:
    """Return an archive by its URL, which may hold credentials, and the digests that are stated.

    Where conda's settings say that a channel has moved, the URL is that of its new place.

    Raises:
        ValueError: It is not an archive of a channel; says why, without showing any of the URL.
    """
    sha256, md5 = (sha256 or "").lower(), (md5 or "").lower()
    for name, digest, pattern in (("sha256", sha256, SHA256), ("md5", md5, MD5)):
        if digest and not pattern.fullmatch(digest):
            raise ValueError(f"what should be its {name} digest is not one")
    folder, _, file = MASKED_TOKEN.sub("", url, count=1).rpartition("/")
    # mamba writes an epoch as `1%21`
    url = f"{folder}/{file if archive_problem(unquote(file)) else unquote(file)}"
    _check_url(url)
    if context.migrated_channel_aliases or context.migrated_custom_channels:
        moved = Channel(url).url(with_credentials=True)
        if public(moved) != public(url):
            url = moved
    return PinnedArchive(url, sha256 or None, md5 or None)


def _check_url(url: str) -> None:
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
    if folder.rpartition("/")[2] not in context.known_subdirs:
        raise ValueError(
            "its folder is not named like a platform that conda knows, so it does not belong to a "
            "channel"
        )


def together(
    archives: Iterable[PinnedArchive], stated: str | None = None
) -> tuple[str, tuple[PinnedArchive, ...]]:
    """Return the platform of an environment, `noarch` if its archives fit every platform; and the
    archives, sorted by subdir and file name, each once.

    Raises:
        ValueError: They are for several platforms, or for another one than is stated, or two are of
            one package; names both, without credentials.
    """
    places = {archive: _place(archive) for archive in archives}
    platforms = sorted({subdir for subdir, _ in places.values()} - {NOARCH}) or [NOARCH]
    if len(platforms) > 1:
        raise ValueError(f"it has packages for several platforms: {', '.join(platforms)}")
    by_name: dict[str, PinnedArchive] = {}
    for archive, (_, file) in places.items():
        name = file.rsplit("-", 2)[0]
        known = by_name.get(name, archive)
        if public(known.url) != public(archive.url):
            raise ValueError(
                f"{public(known.url)} and {public(archive.url)} are of one package; an environment "
                "has only one of them"
            )
        sha256, md5 = known.sha256 or archive.sha256, known.md5 or archive.md5
        if (sha256, md5) != (archive.sha256 or sha256, archive.md5 or md5):
            raise ValueError(f"{public(archive.url)} is listed with two different digests")
        by_name[name] = replace(known, sha256=sha256, md5=md5)
    if stated and platforms[0] not in (stated, NOARCH):
        raise ValueError(f"it has packages for {platforms[0]}")
    return platforms[0], tuple(sorted(by_name.values(), key=_place))


def _place(archive: PinnedArchive) -> tuple[str, str]:
    _, subdir, file = urlsplit(archive.url).path.rsplit("/", 2)
    return subdir, file
