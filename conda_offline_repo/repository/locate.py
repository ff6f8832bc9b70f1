"""Find the repository that a path means."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .exceptions import (
    AmbiguousRepositoryError,
    ManifestError,
    RepositoryNotFoundError,
    UnreadableError,
)
from .manifest import MANIFEST_NAME
from .manifest_json import present
from .signature import read
from .transition import allowing, read_next

if TYPE_CHECKING:
    from .manifest import Manifest


@dataclass(frozen=True)
class Repository:
    """A repository.

    Attributes:
        path: Its folder, absolute.
        manifest: What its manifest says.
        signers: The fingerprints of the keys that signed the manifest; none if it is not signed.
    """

    path: Path
    manifest: Manifest
    signers: tuple[str, ...] = ()


def locate(path: Path, label: str | None = None) -> tuple[Repository, ...]:
    """Return the repositories at `path` or right below it, by label.

    Args:
        path: A label's folder, or the root above several.
        label: Take only the repository of this label.

    Raises:
        RepositoryNotFoundError: There is none.
        UnreadableError: The folder cannot be read.
        ManifestError: One has a manifest that cannot be used, or a SignatureError: a signature
            that is not the manifest's. With a label, those of others do not matter.
    """
    path = path.absolute()
    folders = [path] if present(path) else _below(path)
    found = []
    damaged = {}
    for folder in folders:
        try:
            coming = read_next(folder)
            there = read(folder)
        except ManifestError as error:
            damaged[folder] = error
            continue
        if there and label in (None, there[0].label):
            found.append(Repository(folder, allowing(folder, there[0], coming), there[1]))
    # what is wrong with a neighbour is no concern of who wants one label, unless it is that one
    for folder, problem in damaged.items():
        if label is None or folder == path or folder.name == label:
            raise problem
    if not found:
        raise RepositoryNotFoundError(path, label, damaged)
    return tuple(found)


def locate_one(path: Path, label: str | None = None) -> Repository:
    """Return the one repository at `path` or right below it; raises as `locate` does.

    Raises:
        AmbiguousRepositoryError: There are several, and no label to choose by.
    """
    found = locate(path, label)
    if len(found) > 1:
        raise AmbiguousRepositoryError(path, sorted(r.manifest.label for r in found))
    return found[0]


def labels_in(root: Path) -> tuple[str, ...]:
    """Return the names of the repositories right below `root`; their manifests are not read."""
    return tuple(folder.name for folder in _below(root))


def enclosing(path: Path) -> Path | None:
    """Return the repository that `path` is or lies in, once links are followed; None if there is
    none.
    """
    place = Path(os.path.realpath(path))
    around = (place, *place.parents)
    return next((f for f in around if os.path.lexists(f / MANIFEST_NAME)), None)


def _below(path: Path) -> list[Path]:
    try:
        folders = sorted(path.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except ValueError:  # a path with a null character
        return []
    except OSError as error:
        if error.errno == errno.EINVAL:  # a path with a character that Windows has in no name
            return []
        raise UnreadableError(path, error) from error
    return [folder for folder in folders if not folder.name.startswith(".") and present(folder)]
