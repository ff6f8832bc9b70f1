"""What a repository holds, package by package."""

from __future__ import annotations

from dataclasses import dataclass
from errno import EINVAL, EISDIR, ENOENT, ENOTDIR
from operator import attrgetter
from typing import TYPE_CHECKING

from ..files.hashing import hash_bytes, read_regular
from ..repository import reading
from ..repository.exceptions import ManifestError, UnreadableError
from ..repository.manifest import INDEX_NAME
from ..urls import public
from .dependencies import MISFIT, checked_entry, solved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from ..repository.locate import Repository
    from ..repository.manifest import Manifest
    from .dependencies import Records

#: How a system says that there is no such file.
NO_FILE = (EINVAL, EISDIR, ENOENT, ENOTDIR)


@dataclass(frozen=True)
class ListedPackage:
    """A package, as its index entry describes it.

    The size is in bytes; the channel is the URL of where it came from, without secrets, empty if
    that is not known; it was asked for in one of the environments at least, or came along.
    """

    name: str
    version: str
    build: str
    subdir: str
    file: str
    size: int
    license: str
    channel: str
    asked_for: bool


def list_packages(repository: Repository) -> tuple[ListedPackage, ...]:
    """List the packages of a repository, sorted by name; raises as `packages_of`."""
    manifest, place = repository.manifest, repository.path
    return packages_of(manifest, read_records(manifest, place), place)


def packages_of(manifest: Manifest, records: Records, place: Path) -> tuple[ListedPackage, ...]:
    """List the packages of a release, sorted by name.

    Args:
        manifest: What it is.
        records: Its index entries, by `subdir/file`; see `read_records`.
        place: Where the index files are, for messages.

    Raises:
        ManifestError: An index file does not fit the manifest.
    """
    asked_for = {
        solution.archives[name]
        for solution in solved(manifest, records, place)
        for name in solution.asked_for
    }
    listed = []
    for archive, package in manifest.packages.items():
        entry = checked_entry(manifest, records, place, archive)
        if entry is None:
            continue
        subdir, _, file = archive.rpartition("/")
        # whatever a channel says of the licence is no reason not to show the rest
        license = entry.get("license")
        listed.append(
            ListedPackage(
                name=entry["name"],
                version=entry["version"],
                build=entry["build"],
                subdir=subdir,
                file=file,
                size=package.size,
                license="" if license is None else str(license),
                channel=channel_of(archive, package.url),
                asked_for=archive in asked_for,
            )
        )
    return tuple(sorted(listed, key=attrgetter("name", "subdir", "file")))


def read_records(
    manifest: Manifest,
    place: Path,
    read: Callable[[str, int], bytes] | None = None,
    *,
    damaged: bool = False,
) -> dict[str, Mapping[str, Any]]:
    """Return the index entries of a release's packages, by `subdir/file`.

    Args:
        manifest: What it is.
        place: Where the index files are.
        read: Reads an index file of at most so many bytes, and raises OSError; from the folder
            `place`, unless told.
        damaged: Whether an index that is missing, cannot be read, or is not the one that the
            manifest states, is taken for one without entries.

    Raises:
        ManifestError: An index file does not fit the manifest.
        UnreadableError: One cannot be read.
    """
    read = read or (lambda name, limit: read_regular(place / name, limit))
    records: dict[str, Mapping[str, Any]] = {}
    for subdir in sorted({name.rpartition("/")[0] for name in manifest.packages}):
        name = f"{subdir}/{INDEX_NAME}"
        sizes = manifest.allowed(name)
        try:
            content = read(name, max(sizes.values(), default=0))
            if sizes.get(hash_bytes(content).sha256) != len(content):
                raise ValueError(MISFIT)
            index = reading.load(content)
            entries = {**index["packages"], **index["packages.conda"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            if damaged:
                continue
            if isinstance(error, OSError) and error.errno not in NO_FILE:
                raise UnreadableError(place / name, error) from error
            raise ManifestError(place / name, MISFIT) from error
        records |= {f"{subdir}/{file}": entry for file, entry in entries.items()}
    return records


def channel_of(archive: str, url: str) -> str:
    """Return the URL, without secrets, of the channel that an archive came from.

    Args:
        archive: As `subdir/file`.
        url: Of the archive. A channel may have its archives elsewhere; then it is their folder.
    """
    try:
        folder = public(url).rpartition("/")[0] if "://" in url else ""
    except ValueError:  # not a URL
        return ""
    subdir = archive.split("/")[-2]
    return folder.removesuffix(f"/{subdir}")
