"""All that a repository holds besides its archives: index, handout, page, checksums, manifest."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ...exceptions import InvalidRequestError
from ...files.hashing import hash_bytes, read_regular
from ...repository.index import bridge
from ...repository.manifest import File, Manifest, Package, Remembered
from .html.render import PAGE_NAME
from .plain_conda import handout

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ...repository.manifest import Kept
    from ..archives.archive import Archive
    from ..request.request import Request
    from ..upstream.entries import Entry
    from ..upstream.solve import Solution

#: Of the year 9999, the last that a date has four digits for.
LAST_SECOND = 253_402_300_799
CHECKSUMS_NAME = "SHA256SUMS"


@dataclass(frozen=True)
class Release:
    """What a repository is to become: all that one publication brings.

    Attributes:
        manifest: Describes the rest.
        archives: Verified, in the repository or staged; installers, too.
        files: The content of every other file, by path.
        bridge: Index files that hold the entries of the old and the new state together, by path.
    """

    manifest: Manifest
    archives: tuple[Archive, ...]
    files: Mapping[str, bytes]
    bridge: Mapping[str, bytes]


def compose(
    request: Request,
    solutions: Iterable[Solution],
    entries: Iterable[Entry],
    archives: tuple[Archive, ...],
    index: Mapping[str, bytes],
    installers: tuple[Archive, ...],
    *,
    last: Manifest | None,
    repository: Path,
    built_with: Mapping[str, str],
    signers: tuple[str, ...],
    releases: Mapping[int, Kept],
) -> Release:
    """The release that the repository is to become; its number is one more than the last one's.

    It has no page yet: see `with_page`.

    Args:
        request: What was asked for.
        solutions: What the solver chose.
        entries: The channels' entries for it.
        archives: The verified archives.
        index: The index files, by path.
        installers: conda's installers that go along.
        last: The manifest of the published repository, if there is one.
        repository: The published repository.
        built_with: Versions of the tools, by name.
        signers: The fingerprints of the keys that will sign the manifest.
        releases: The earlier releases that are kept, by number.
    """
    packages = packages_of(entries, archives)
    files = {
        **index,
        **handout(request, [one.name for one in installers], packages, signed=bool(signers)),
    }
    described = {name: _describe(content) for name, content in files.items()}
    described |= {one.name: File(one.sha256, one.size) for one in installers}
    files[CHECKSUMS_NAME] = _checksums({**packages, **described})
    described[CHECKSUMS_NAME] = _describe(files[CHECKSUMS_NAME])
    between = _bridge(repository, index, last) if last else {}
    manifest = Manifest(
        label=request.label,
        build=last.build + 1 if last else 1,
        created=timestamp(source_date()),
        request=remember(request),
        solutions={solution.key: solution.names for solution in solutions},
        packages=packages,
        files=described,
        built_with=dict(built_with),
        signers=signers,
        releases=releases,
        bridges={name: _describe(content) for name, content in between.items()},
    )
    return Release(manifest, (*archives, *installers), files, between)


def with_page(release: Release, content: bytes) -> Release:
    """Return a release with this page, which the manifest and the checksums name."""
    files = {**release.files, PAGE_NAME: content}
    described = {**release.manifest.files, PAGE_NAME: _describe(content)}
    del described[CHECKSUMS_NAME]
    files[CHECKSUMS_NAME] = _checksums({**release.manifest.packages, **described})
    described[CHECKSUMS_NAME] = _describe(files[CHECKSUMS_NAME])
    return replace(release, manifest=replace(release.manifest, files=described), files=files)


def with_page_of(release: Release, last: Manifest, repository: Path) -> Release:
    """Return a release with the page as the repository has it, if the last release had one.

    A page says which release it is of, and is written otherwise by another version of this plugin:
    whether there is anything to publish is told by the rest.

    Args:
        release: Without a page.
        last: The manifest of the published repository.
        repository: Where that is.
    """
    stated = last.files.get(PAGE_NAME)
    if stated is None:
        return release
    try:
        content = read_regular(repository / PAGE_NAME, stated.size)
    except OSError:
        content = b""
    return with_page(release, content)


def _checksums(named: Mapping[str, Package | File]) -> bytes:
    return "".join(f"{named[name].sha256} *{name}\n" for name in sorted(named)).encode()


def _describe(content: bytes) -> File:
    digests = hash_bytes(content)
    return File(digests.sha256, digests.size)


def packages_of(entries: Iterable[Entry], archives: Iterable[Archive]) -> dict[str, Package]:
    """Return the manifest's packages, by name."""
    urls = {entry.name: entry.public_url for entry in entries}
    return {a.name: Package(a.sha256, a.md5, a.size, urls[a.name]) for a in archives}


def remember(request: Request) -> Remembered:
    """Return what the next build of the label need not be told again."""
    texts = {one.name: tuple(map(str, one.packages)) for one in request.environments}
    return Remembered(
        packages=texts.get("", ()),
        channels=tuple(source.url for source in request.sources),
        platforms=request.platforms,
        virtual_packages=request.virtual_packages,
        plugin=request.plugin,
        keep=request.keep,
        environments={name: packages for name, packages in texts.items() if name},
        exact=tuple(one.name for one in request.environments if one.exact),
    )


def source_date() -> int | None:
    """SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/), if it is set.

    Raises:
        InvalidRequestError: It is no number of seconds, which that specification wants refused.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) > LAST_SECOND:
        raise InvalidRequestError(
            f"SOURCE_DATE_EPOCH is {text[:40]!r}, which is no date.",
            "Set it to seconds since 1970, in digits, or unset it.",
        )
    return int(text)


def timestamp(seconds: float | None) -> str:
    """Return a time, or else now, as the manifest writes it."""
    # time.gmtime ends with the year 3000 on Windows
    since = timedelta(seconds=int(time.time() if seconds is None else seconds))
    return f"{datetime(1970, 1, 1, tzinfo=timezone.utc) + since:%Y-%m-%dT%H:%M:%SZ}"


def _bridge(repository: Path, index: Mapping[str, bytes], last: Manifest) -> dict[str, bytes]:
    """Index files with the entries of the published state and the new one; see `bridge`."""
    found = {}
    for name, content in index.items():
        try:
            path = repository / name
            published = read_regular(path, path.stat().st_size)
        except OSError:
            continue  # there is no old state in this subdir to bridge from
        if published != content and hash_bytes(published).sha256 in last.allowed(name):
            both = bridge(published, content)
            if both is not None:
                found[name] = both
    return found
