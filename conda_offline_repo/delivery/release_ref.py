"""The release that somebody means by a path."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.hashing import read_regular
from ..queries.contents import list_packages, packages_of, read_records
from ..repository import manifest_json
from ..repository.exceptions import UnreadableError
from ..repository.locate import locate_one
from ..repository.reading import LARGEST
from .unpack import opened

if TYPE_CHECKING:
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
        with opened(path) as volume:
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
