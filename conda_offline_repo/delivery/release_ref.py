"""The release that somebody means by a path or a number."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..exceptions import InvalidRequestError
from ..files.hashing import read_regular
from ..queries.contents import list_packages, packages_of, read_records
from ..repository import manifest_json
from ..repository.exceptions import UnreadableError
from ..repository.locate import locate_one
from ..repository.reading import LARGEST
from .volume import Base, base_of, open_volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..queries.contents import ListedPackage
    from ..repository.manifest import Manifest


@dataclass(frozen=True)
class Named:
    """A release.

    Attributes:
        path: What was named.
        manifest: What it is.
        signers: Who signed it; none where that is not known, as of a manifest alone.
        packages: What its index says of its packages; none where there is no index.
    """

    path: Path
    manifest: Manifest
    signers: tuple[str, ...] | None = None
    packages: tuple[ListedPackage, ...] | None = None


def named(text: str, label: str | None) -> Named:
    """Return a release.

    Args:
        text: A folder with it, a volume of it, or a copy of its `offline-repo.json`.
        label: Which, if a folder holds several.

    Raises:
        RepositoryNotFoundError: There is none.
        ManifestError: It, or its signature, cannot be used; a VolumeError: the volume.
        UnreadableError: It cannot be read.
    """
    path = Path(text).expanduser()
    if not path.is_file():
        repository = locate_one(path, label)
        packages = list_packages(repository)
        return Named(repository.path, repository.manifest, repository.signers, packages)
    if zipfile.is_zipfile(path):
        with open_volume(path) as volume:
            if not volume.has_index:
                return Named(path, volume.manifest, volume.signers)
            records = read_records(volume.manifest, path, volume.read)
            packages = packages_of(volume.manifest, records, path)
            return Named(path, volume.manifest, volume.signers, packages)
    try:
        content = read_regular(path, LARGEST)
    except OSError as error:
        raise UnreadableError(path, error) from error
    return Named(path, manifest_json.parse_bytes(content, path))


@dataclass(frozen=True)
class Since:
    """A release that a customer has.

    Attributes:
        label: Whose it is.
        base: Which it is.
        digests: By path, the SHA-256 digests of its files, as far as they are known.
    """

    label: str
    base: Base
    digests: Mapping[str, str]


def since(text: str, label: str | None, manifest: Manifest) -> Since:
    """Return the release that somebody names.

    Args:
        text: The number of a release that is kept, or a path; see `named`.
        label: Which, if a folder holds several.
        manifest: Of the release that is to be packed.

    Raises:
        InvalidRequestError: There is no such release, or it is the one that is to be packed.
        OfflineRepoError: See `named.named`.
    """
    if text.isascii() and text.isdigit() and not Path(text).exists():
        return _kept(int(text), manifest)
    found = named(text, label).manifest
    if found.raw == manifest.raw:
        raise _itself(found.release)
    digests = {name: one.sha256 for name, one in found.everything.items()}
    return Since(found.label, base_of(found), digests)


def _kept(build: int, manifest: Manifest) -> Since:
    if build == manifest.release:
        raise _itself(build)
    if build not in manifest.releases:
        there = ", ".join(map(str, sorted(manifest.releases))) or "none"
        raise InvalidRequestError(
            f"Release {build} is not kept beside release {manifest.release}; kept are: {there}.",
            "Name its offline-repo.json, a volume of it, or a folder with it.",
        )
    kept = manifest.releases[build]
    # what it kept itself is kept still, as far as it is named here
    names = {
        name
        for number, one in manifest.releases.items()
        if number <= build
        for names in one.solutions.values()
        for name in names
    }
    return Since(
        manifest.label,
        Base(build, kept.created, kept.manifest_sha256),
        {name: manifest.packages[name].sha256 for name in names},
    )


def _itself(build: int) -> InvalidRequestError:
    return InvalidRequestError(
        f"Release {build} is what would be packed: there is nothing new since.",
        "Name an older release with --since.",
    )
