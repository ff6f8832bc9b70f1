"""The release that a path or a number names."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..exceptions import InvalidRequestError
from ..files.hashing import read_regular
from ..files.typed import typed_place
from ..files.web import Place, WebFolder
from ..printable import quoted
from ..queries.compare import at_release
from ..queries.contents import ListedPackage, packages_of, read_records
from ..repository import manifest_json
from ..repository.exceptions import AmbiguousRepositoryError, UnreadableError
from ..repository.locate import locate_one
from ..repository.manifest import INDEX_NAME, MANIFEST_NAME, Manifest
from ..repository.reading import LARGEST
from .volume import open_volume
from .volume_info import Base, base_of

if TYPE_CHECKING:
    from ..queries.dependencies import Records


@dataclass(frozen=True)
class Named:
    """A release.

    Attributes:
        path: Its folder, its URL or its file.
        signers: Who signed it; None if unknown, as of a manifest alone.
        records: The entries of its index, by `subdir/file`; None without an index, and for a
            release that is kept, whose entries may have changed since.
        packages: The packages of its index; None without an index.
    """

    path: Place
    manifest: Manifest
    signers: tuple[str, ...] | None = None
    records: Records | None = None
    packages: tuple[ListedPackage, ...] | None = None


def named(text: str, label: str | None) -> Named:
    """Return the release at a path.

    Args:
        text: The path or the URL of a folder with it, the path of a volume of it, or of a copy of
            its `offline-repo.json`.
        label: Chooses, if a folder holds several.

    Raises:
        RepositoryNotFoundError: There is no release.
        ManifestError: Its manifest or signature cannot be used; a VolumeError: its volume.
        UnreadableError: It cannot be read.
    """
    path = typed_place(text)
    if isinstance(path, WebFolder) and path.name == MANIFEST_NAME:
        return _stated(path)
    if isinstance(path, WebFolder) or not path.is_file():
        repository = locate_one(path, label)
        place, manifest = repository.path, repository.manifest
        records = read_records(manifest, place)
        listed = packages_of(manifest, records, place)
        return Named(place, manifest, repository.signers, records, listed)
    if zipfile.is_zipfile(path):
        with open_volume(path) as volume:
            manifest, entries = volume.manifest, None
            packages = None
            # volumes of a difference often have all index files
            if volume.names.issuperset(n for n in manifest.files if n.endswith(INDEX_NAME)):
                entries = read_records(manifest, path, volume.read)
                packages = packages_of(manifest, entries, path)
            return Named(path, manifest, volume.signers, entries, packages)
    return _stated(path)


def _stated(path: Place) -> Named:
    """Return the release of a manifest alone."""
    try:
        content = read_regular(path, LARGEST)
    except OSError as error:
        raise UnreadableError(path, error) from error
    return Named(path, manifest_json.parse_bytes(content, path))


def at(text: str, label: str | None) -> Named:
    """Return the release at a path, or with `@N` behind the path the release N that is kept there.

    Of a kept release nothing is known but its packages; the plugin's channel counts as the same.

    Raises:
        InvalidRequestError: Release N is not kept there.
        OfflineRepoError: As `named`.
    """
    path, _, number = text.rpartition("@")
    place = typed_place(text)
    if not path or not _is_number(number) or (isinstance(place, Path) and place.exists()):
        return named(text, label)
    release = named(path, label)
    manifest = release.manifest
    kept = manifest.installable.get(int(number))
    if kept is None:
        known = ", ".join(map(str, sorted(manifest.installable)))
        raise InvalidRequestError(
            f"{release.path} does not have release {number}; it has {known}.",
            f"`conda offline-repo show {quoted(release.path)} --releases` lists "
            "them. Another one has to be named by its offline-repo.json, a volume of it, or a "
            "folder with it.",
        )
    current = kept is manifest
    manifest = at_release(manifest, int(number))
    packages = release.packages
    listed = packages and tuple(each for each in packages if each.archive in manifest.packages)
    return replace(
        release,
        manifest=manifest,
        signers=release.signers if current else None,
        records=release.records if current else None,
        packages=listed,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def both(old: str, new: str, label: str | None) -> tuple[Named, Named]:
    """Return two releases as `at`; where one folder holds several labels, that of the other."""
    try:
        first = at(old, label)
    except AmbiguousRepositoryError:
        second = at(new, label)
        return at(old, second.manifest.label), second
    try:
        return first, at(new, label)
    except AmbiguousRepositoryError:
        return first, at(new, first.manifest.label)


@dataclass(frozen=True)
class Since:
    """A release that a customer has.

    Attributes:
        digests: By path, the SHA-256 digests of its files, as far as they are known.
    """

    label: str
    base: Base
    digests: Mapping[str, str]


def since(text: str, label: str | None, manifest: Manifest) -> Since:
    """Return the release that is the base of a difference to the release of `manifest`.

    `text` is the number of a release that is kept, or a path; see `named`, also for `label`.

    Raises:
        InvalidRequestError: There is no such release, or it is the one that will be packed.
        OfflineRepoError: As `named`.
    """
    is_number = _is_number(text) and not Path(text).exists()
    if is_number and int(text) != manifest.release:
        return _kept(int(text), manifest)
    if is_number or (old := named(text, label).manifest).raw == manifest.raw:
        raise InvalidRequestError(
            f"Release {manifest.release} is the one that would be packed: it has nothing new.",
            "Name an older release with --since.",
        )
    digests = {name: file.sha256 for name, file in old.everything.items()}
    return Since(old.label, base_of(old), digests)


def _kept(number: int, manifest: Manifest) -> Since:
    if number not in manifest.releases:
        known = ", ".join(map(str, sorted(manifest.releases))) or "none"
        raise InvalidRequestError(
            f"Release {number} is not kept beside release {manifest.release}; kept are: {known}.",
            "Name its offline-repo.json, a volume of it, or a folder with it.",
        )
    kept = manifest.releases[number]
    # what it kept itself is kept still, as far as it is named here
    digests = {
        name: manifest.packages[name].sha256
        for earlier, release in manifest.releases.items()
        if earlier <= number
        for name in set().union(*release.solutions.values())
    }
    return Since(manifest.label, Base(number, kept.created, kept.manifest_sha256), digests)
