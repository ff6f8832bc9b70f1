"""What a repository holds, package by package."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from errno import EINVAL, EISDIR, ENOENT, ENOTDIR
from typing import TYPE_CHECKING

from ..repository import reading
from .exceptions import ManifestError, UnreadableError
from .hashing import hash_bytes, read_regular
from .manifest import INDEX_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from .locate import Repository
    from .manifest import Manifest

MISFIT = "it is missing or does not fit the manifest"


@dataclass(frozen=True)
class ListedPackage:
    """A package, as its index entry describes it; the size is in bytes."""

    name: str
    version: str
    build: str
    subdir: str
    file: str
    size: int
    license: str


def list_packages(repository: Repository) -> tuple[ListedPackage, ...]:
    """List the packages of a repository, sorted by name; raises as `packages_of`."""
    return packages_of(repository.manifest, _reader(repository.path), repository.path)


def packages_of(
    manifest: Manifest, read: Callable[[str, int], bytes], place: Path
) -> tuple[ListedPackage, ...]:
    """List the packages of a release, sorted by name.

    Args:
        manifest: What it is.
        read: Reads an index file of at most so many bytes; raises OSError.
        place: Where the index files are, for messages.

    Raises:
        ManifestError: An index file does not fit the manifest.
        UnreadableError: One cannot be read.
    """
    listed = []
    for subdir in {name.rpartition("/")[0] for name in manifest.packages}:
        name = f"{subdir}/{INDEX_NAME}"
        records = _records(name, manifest.allowed(name), read, place)
        for archive, package in manifest.packages.items():
            folder, _, file = archive.rpartition("/")
            if folder == subdir and not (manifest.on_the_way and file not in records):
                try:
                    listed.append(_listed(subdir, file, records[file], package.size))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise ManifestError(place / name, MISFIT) from error
    return tuple(sorted(listed, key=lambda package: (package.name, package.subdir, package.file)))


def records_of(manifest: Manifest, repository: Path) -> dict[str, Mapping[str, Any]]:
    """Return the index entries of a repository's packages, by `subdir/file`.

    An index that is missing, or is not the one that the manifest states, has none.
    """
    found: dict[str, Mapping[str, Any]] = {}
    read = _reader(repository)
    for name in manifest.files:
        if name.endswith(INDEX_NAME):
            subdir = name.rpartition("/")[0]
            with suppress(ManifestError, UnreadableError):
                records = _records(name, manifest.allowed(name), read, repository)
                found |= {f"{subdir}/{file}": record for file, record in records.items()}
    return found


def _reader(folder: Path) -> Callable[[str, int], bytes]:
    return lambda name, limit: read_regular(folder / name, limit)


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


def _listed(subdir: str, file: str, record: Any, size: int) -> ListedPackage:
    return ListedPackage(
        name=reading.text(record["name"]),
        version=reading.text(record["version"]),
        build=reading.text(record["build"]),
        subdir=subdir,
        file=file,
        size=size,
        license=_license(record.get("license")),
    )


def _license(value: Any) -> str:
    """Return what a channel says of the licence; whatever it is, it is no reason not to show the
    rest.
    """
    return "" if value is None else str(value)
