"""The release that somebody means by a path."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..repository import manifest
from ..repository.exceptions import UnreadableError
from ..repository.hashing import read_regular
from ..repository.locate import locate_one
from ..repository.reading import LARGEST
from .unpack import manifest_in

if TYPE_CHECKING:
    from ..repository.manifest import Manifest


def named(text: str, label: str | None) -> Manifest:
    """Return the manifest of a release.

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
        return locate_one(path, label).manifest
    if zipfile.is_zipfile(path):
        return manifest_in(path)
    try:
        content = read_regular(path, LARGEST)
    except OSError as error:
        raise UnreadableError(path, error) from error
    return manifest.parse_bytes(content, path)
