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
from ...repository.manifest import File, Manifest, Package
from ..request.request import remember
from .html.render import PAGE_NAME
from .plain_conda import handout

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ..archives.archive import Archive
    from ..upstream.entries import Entry
    from .plan import BuildPlan

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
    """

    manifest: Manifest
    archives: tuple[Archive, ...]
    files: Mapping[str, bytes]


def compose(
    plan: BuildPlan, archives: tuple[Archive, ...], installers: tuple[Archive, ...]
) -> Release:
    """The release that a repository is to become; its number is one more than the last one's.

    It has neither page nor checksums yet: see `completed`.

    Args:
        plan: What it is to hold.
        archives: The verified archives of the packages.
        installers: conda's installers that go along.
    """
    request, last = plan.request, plan.last
    packages = packages_of(plan.all_entries, archives)
    index = {**plan.index, **plan.plugin_index}
    names = [installer.name for installer in installers]
    files = {**index, **handout(request, names, packages, signed=bool(plan.signers))}
    manifest = Manifest(
        label=request.label,
        build=last.build + 1 if last else 1,
        created=timestamp(source_date()),
        request=remember(request),
        solutions=plan.installs,
        packages=packages,
        files={
            **{name: _describe(content) for name, content in files.items()},
            **{installer.name: File(installer.sha256, installer.size) for installer in installers},
        },
        built_with=plan.built_with,
        signers=plan.signers,
        releases=plan.kept.releases,
        bridges=_bridges(plan.repository, index, last) if last else {},
    )
    return Release(manifest, (*archives, *installers), files)


def completed(release: Release, page: bytes | None) -> Release:
    """Return a release with its page, if it has one, and the checksums of all its files."""
    files = {**release.files} if page is None else {**release.files, PAGE_NAME: page}
    described = {**release.manifest.files}
    if page is not None:
        described[PAGE_NAME] = _describe(page)
    files[CHECKSUMS_NAME] = _checksums({**release.manifest.packages, **described})
    described[CHECKSUMS_NAME] = _describe(files[CHECKSUMS_NAME])
    return replace(release, manifest=replace(release.manifest, files=described), files=files)


def published_page(last: Manifest, repository: Path) -> bytes | None:
    """Return the page that a repository has; None if its release has none.

    A page says which release it is of, and is written otherwise by another version of this plugin:
    whether there is anything to publish is told by the rest, with this page.
    """
    stated = last.files.get(PAGE_NAME)
    if stated is None:
        return None
    try:
        return read_regular(repository / PAGE_NAME, stated.size)
    except OSError:
        return b""


def _checksums(named: Mapping[str, Package | File]) -> bytes:
    return "".join(f"{named[name].sha256} *{name}\n" for name in sorted(named)).encode()


def _describe(content: bytes) -> File:
    digests = hash_bytes(content)
    return File(digests.sha256, digests.size)


def packages_of(entries: Iterable[Entry], archives: Iterable[Archive]) -> dict[str, Package]:
    """Return the manifest's packages, by name."""
    urls = {entry.name: entry.public_url for entry in entries}
    return {a.name: Package(a.sha256, a.md5, a.size, urls[a.name]) for a in archives}


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


def _bridges(repository: Path, index: Mapping[str, bytes], last: Manifest) -> dict[str, File]:
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
                found[name] = _describe(both)
    return found
