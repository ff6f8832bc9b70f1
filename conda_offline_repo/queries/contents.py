"""The packages of a repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from errno import EINVAL, EISDIR, ENOENT, ENOTDIR
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from conda.models.channel import Channel
from conda.models.records import PackageRecord

from ..files.hashing import hash_bytes, read_regular
from ..repository import reading
from ..repository.exceptions import IndexMisfitError, UnreadableError
from ..repository.index import entries as index_entries
from ..repository.manifest import INDEX_NAME, Manifest, solution_key
from ..repository.names import PLUGIN
from ..urls import NETWORK, public_or
from .dependencies import MISFIT, Records, checked_entry, solved, solved_besides

if TYPE_CHECKING:
    from ..files.web import Place
    from ..repository.locate import Repository
    from ..repository.package import Attestations, Package

#: The error numbers for a missing file, or for one that is not a regular file.
NO_FILE = (EINVAL, EISDIR, ENOENT, ENOTDIR)
#: The servers of PyPI's wheels.
PYPI = ("files.pythonhosted.org", "pypi.org")


@dataclass(frozen=True)
class ListedWheel:
    """The wheel that a package was made from.

    Attributes:
        index: `PyPI`, another server, or `a folder`.
        file: Its file name.
        url: Where it came from, without secrets.
        sha256: Of its bytes, in lower-case hexadecimal.
        purl: The package URL of its project and version.
    """

    index: str
    file: str
    url: str
    sha256: str
    purl: str

    def __str__(self) -> str:
        return f"{self.index}: {self.file}"


@dataclass(frozen=True)
class ListedPackage:
    """A package, as its index entry describes it.

    The size is in bytes. The channel is the URL of its origin, without secrets; empty if unknown,
    and for a package that was made from a wheel. `asked_for` is whether any environment requests
    it; otherwise it is a dependency. `scripts` is as in `Package`.
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
    wheel: ListedWheel | None = None
    attestations: Attestations | None = None
    scripts: Mapping[str, tuple[str, ...]] | None = None

    @property
    def archive(self) -> str:
        """Its archive, as `subdir/file`."""
        return f"{self.subdir}/{self.file}"


def list_packages(repository: Repository) -> tuple[ListedPackage, ...]:
    """List the packages of a repository as `packages_of` does."""
    manifest, path = repository.manifest, repository.path
    return packages_of(manifest, read_records(manifest, path), path)


def packages_of(manifest: Manifest, records: Records, path: Place) -> tuple[ListedPackage, ...]:
    """List the packages of a release, sorted by name.

    Args:
        manifest: Of the release.
        records: Its index entries, by `subdir/file`; see `read_records`.
        path: Of the repository, for messages.

    Raises:
        ManifestError: An index file does not fit the manifest.
    """
    asked_for = {
        solution.archives[name]
        for solution in solved(manifest, records, path)
        for name in solution.asked_for
    }
    packages = []
    for archive, package in manifest.packages.items():
        entry = checked_entry(manifest, records, path, archive)
        if entry is None:
            continue
        subdir, _, file = archive.rpartition("/")
        license = entry.get("license")  # of any type
        packages.append(
            ListedPackage(
                name=entry["name"],
                version=entry["version"],
                build=entry["build"],
                subdir=subdir,
                file=file,
                size=package.size,
                license="" if license is None else str(license),
                channel="" if package.wheel else channel_of(archive, package.url),
                asked_for=archive in asked_for,
                wheel=wheel_of(package),
                attestations=package.attestations,
                scripts=package.scripts,
            )
        )
    return tuple(sorted(packages, key=attrgetter("name", "subdir", "file")))


def requested_versions(repository: Repository) -> dict[int, dict[str, dict[str, str]]]:
    """Return the versions of the requested packages, by release, `solution_key` and name.

    Of earlier releases that are what is requested now, and what nothing else there needs.

    Raises:
        ManifestError: An index file does not fit the manifest.
        UnreadableError: An index file cannot be read.
    """
    manifest, path = repository.manifest, repository.path
    records = read_records(manifest, path)
    versions: dict[int, dict[str, dict[str, str]]] = {}
    now: dict[str, frozenset[str]] = {}
    for solution in (*solved(manifest, records, path), *solved_besides(manifest, records, path)):
        if solution.platform == PLUGIN:
            continue
        names = solution.asked_for
        if solution.release == manifest.release:
            now[solution.environment] = names
        names |= now.get(solution.environment, frozenset()) & solution.entries.keys()
        key = solution_key(solution.environment, solution.platform)
        requested = {name: solution.entries[name]["version"] for name in sorted(names)}
        versions.setdefault(solution.release, {})[key] = requested
    return versions


def package_records(
    repository: Repository,
    names: Iterable[str],
    read: Callable[[str, int], bytes] | None = None,
) -> dict[str, PackageRecord]:
    """Return archives of a repository as conda's solvers have them from its index.

    Args:
        repository: The repository.
        names: The archives, as `subdir/file`; those that the index lacks are left out.
        read: As for `read_records`.
    """
    entries = read_records(repository.manifest, repository.path, read, damaged=True)
    url, records = repository.channel, {}
    for name in names:
        if name in entries:
            subdir, _, file = name.rpartition("/")
            channel = Channel(f"{url}/{subdir}")
            place = {"fn": file, "subdir": subdir, "url": f"{url}/{name}", "channel": channel}
            records[name] = PackageRecord(**{"build_number": 0, **entries[name], **place})
    return records


def read_records(
    manifest: Manifest,
    path: Place,
    read: Callable[[str, int], bytes] | None = None,
    *,
    damaged: bool = False,
) -> dict[str, Mapping[str, Any]]:
    """Return the index entries of a release's packages, by `subdir/file`.

    Args:
        manifest: Of the release.
        path: Of the repository.
        read: Returns the content of an index file with at most so many bytes, or raises OSError; by
            default from the folder `path`.
        damaged: Whether to skip an index that is missing, unreadable, or not as in the manifest.

    Raises:
        ManifestError: An index file does not fit the manifest.
        UnreadableError: An index file cannot be read.
    """
    read = read or (lambda name, limit: read_regular(path / name, limit))
    records: dict[str, Mapping[str, Any]] = {}
    for subdir in sorted({name.rpartition("/")[0] for name in manifest.packages}):
        name = f"{subdir}/{INDEX_NAME}"
        sizes = manifest.allowed(name)
        try:
            content = read(name, max(sizes.values(), default=0))
            if sizes.get(hash_bytes(content).sha256) != len(content):
                raise ValueError(MISFIT)
            entries = index_entries(reading.load(content))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            if damaged:
                continue
            if isinstance(error, OSError) and error.errno not in NO_FILE:
                raise UnreadableError(path / name, error) from error
            raise IndexMisfitError(path / name) from error
        records |= {f"{subdir}/{file}": entry for file, entry in entries.items()}
    return records


def wheel_of(package: Package) -> ListedWheel | None:
    """Return the wheel that a package was made from; None if it is of a channel."""
    wheel = package.wheel
    if wheel is None:
        return None
    purl = f"pkg:pypi/{wheel.project}@{quote(wheel.version)}"
    url = public_or(package.url)
    return ListedWheel(index_of(package.url), wheel.file, url, wheel.sha256, purl)


def index_of(url: str) -> str:
    """Return where a wheel came from: `PyPI`, another server, or `a folder`."""
    parts = urlsplit(public_or(url))
    if parts.hostname in PYPI:
        return "PyPI"
    return parts.netloc if parts.scheme in NETWORK else "a folder"


def channel_of(archive: str, url: str) -> str:
    """Return the URL, without secrets, of the channel of an archive `subdir/file`.

    If the channel has its archives elsewhere, it is the URL of their folder.
    """
    folder = public_or(url).rpartition("/")[0] if "://" in url else ""
    return folder.removesuffix(f"/{archive.split('/')[-2]}")
