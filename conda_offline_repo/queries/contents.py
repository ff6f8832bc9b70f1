"""What a repository holds, package by package."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from errno import EINVAL, EISDIR, ENOENT, ENOTDIR
from typing import TYPE_CHECKING

from ..files.hashing import hash_bytes, read_regular
from ..repository import reading
from ..repository.exceptions import ManifestError, UnreadableError
from ..repository.manifest import INDEX_NAME
from ..urls import public
from .dependencies import MISFIT, solved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from ..repository.locate import Repository
    from ..repository.manifest import Manifest, Package


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


def packages_of(
    manifest: Manifest, records: Mapping[str, Mapping[str, Any]], place: Path
) -> tuple[ListedPackage, ...]:
    """List the packages of a release, sorted by name.

    Args:
        manifest: What it is.
        records: Its index entries, by `subdir/file`; see `read_records`.
        place: Where the index files are, for messages.

    Raises:
        ManifestError: An index file does not fit the manifest.
    """
    asked_for = {
        one.archives[name] for one in solved(manifest, records, place) for name in one.asked_for
    }
    listed = []
    for archive, package in manifest.packages.items():
        if not (manifest.on_the_way and archive not in records):
            try:
                record = records[archive]
                listed.append(_listed(archive, record, package, archive in asked_for))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                index = f"{archive.rpartition('/')[0]}/{INDEX_NAME}"
                raise ManifestError(place / index, MISFIT) from error
    return tuple(sorted(listed, key=lambda package: (package.name, package.subdir, package.file)))


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
    found: dict[str, Mapping[str, Any]] = {}
    for subdir in sorted({name.rpartition("/")[0] for name in manifest.packages}):
        name = f"{subdir}/{INDEX_NAME}"
        with suppress(*(ManifestError, UnreadableError) if damaged else ()):
            records = _records(name, manifest.allowed(name), read, place)
            found |= {f"{subdir}/{file}": record for file, record in records.items()}
    return found


def _records(
    name: str, allowed: Mapping[str, int], read: Callable[[str, int], bytes], place: Path
) -> dict[str, Any]:
    """The entries of an index that has one of these digests, with these sizes."""
    path = place / name
    try:
        content = read(name, max(allowed.values(), default=0))
        if allowed.get(hash_bytes(content).sha256) != len(content):
            raise ManifestError(path, MISFIT)
        index = reading.load(content)
        return {**index["packages"], **index["packages.conda"]}
    except OSError as error:
        if error.errno in (EINVAL, ENOENT, ENOTDIR, EISDIR):
            raise ManifestError(path, MISFIT) from error
        raise UnreadableError(path, error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ManifestError(path, MISFIT) from error


def _listed(archive: str, record: Any, package: Package, asked_for: bool) -> ListedPackage:
    subdir, _, file = archive.rpartition("/")
    return ListedPackage(
        name=reading.text(record["name"]),
        version=reading.text(record["version"]),
        build=reading.text(record["build"]),
        subdir=subdir,
        file=file,
        size=package.size,
        license=_license(record.get("license")),
        channel=channel_of(archive, package.url),
        asked_for=asked_for,
    )


def channel_of(archive: str, url: str) -> str:
    """Return the URL, without secrets, of the channel that an archive came from.

    Args:
        archive: As `subdir/file`.
        url: Of the archive. A channel may have its archives elsewhere; then it is their folder.
    """
    try:
        folder = public(url).rpartition("/")[0] if "://" in url else ""
    except ValueError:  # it is no URL
        return ""
    subdir = archive.split("/")[-2]
    return folder.removesuffix(f"/{subdir}")


def _license(value: Any) -> str:
    """Return what a channel says of the licence; whatever it is, it is no reason not to show the
    rest.
    """
    return "" if value is None else str(value)
