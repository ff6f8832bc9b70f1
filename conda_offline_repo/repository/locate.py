"""Find the repositories at a path."""

from __future__ import annotations

import errno
import os
import re
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..exceptions import InvalidRequestError
from ..urls import file_path, public
from .exceptions import (
    AmbiguousRepositoryError,
    ManifestError,
    PackedError,
    RepositoryNotFoundError,
    UnreadableError,
)
from .manifest import MANIFEST_NAME
from .manifest_json import present, read
from .signature import checked
from .transition import allowing, read_next

if TYPE_CHECKING:
    from .manifest import Manifest

#: How an address of the network begins.
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True)
class Repository:
    """A repository.

    Attributes:
        path: Its folder, absolute.
        signers: The fingerprints of the keys that signed the manifest; none if it is not signed.
    """

    path: Path
    manifest: Manifest
    signers: tuple[str, ...] = ()


def typed_path(text: str) -> Path:
    """Return a path as somebody types it: with `~`, or as a file URL as conda shows it.

    Raises:
        InvalidRequestError: It is an address of the network, or a URL that cannot be read.
    """
    try:
        if text.lower().startswith("file:"):
            # with a slash too few, a drive stands where a server would
            return Path(file_path(re.sub(r"^(?i:file):/{0,3}(?=[A-Za-z]:)", "file:///", text)))
        if not ADDRESS.match(text):
            return Path(text).expanduser()
        address = public(text)
    except ValueError as error:
        raise InvalidRequestError(
            "The URL of the folder cannot be read.", "Give the folder's path instead."
        ) from error
    raise InvalidRequestError(
        f"{address} is an address of the network, but only folders can be read.",
        "Give the path of the folder: where its share is mounted, or where you have copied it to "
        f"from {urlsplit(address).netloc or 'there'}.",
    )


def locate(path: Path, label: str | None = None) -> tuple[Repository, ...]:
    """Return the repositories at `path` or right below it, by label.

    Args:
        path: A label's folder, or the root above several.
        label: Take only the repository of this label.

    Raises:
        RepositoryNotFoundError: No repository found.
        PackedError: It is a zip file.
        UnreadableError: The folder cannot be read.
        ManifestError: A manifest cannot be used, or a SignatureError: a signature is not the
            manifest's. With a label, those of others do not matter.
    """
    path = absolute(path)
    _check_not_packed(path)
    repositories, damaged = [], {}
    for folder in [path] if present(path) else _below(path):
        try:
            coming, manifest = read_next(folder), read(folder)
            if manifest is None:
                continue
            manifest, signers = checked(folder, manifest)
        except ManifestError as error:
            damaged[folder] = error
            continue
        if label in (None, manifest.label):
            repositories.append(Repository(folder, allowing(folder, manifest, coming), signers))
    # a damaged neighbour does not matter to one label, unless it may be that one
    for folder, problem in damaged.items():
        if label is None or folder == path or folder.name == label:
            raise problem
    if not repositories:
        raise RepositoryNotFoundError(path, label, damaged)
    return tuple(repositories)


def locate_one(path: Path, label: str | None = None, usual: str | None = None) -> Repository:
    """Return the one repository at `path` or right below it; raises as `locate` does.

    Args:
        path: As for `locate`.
        label: As for `locate`.
        usual: The label to take without `label`, if there are several or others are damaged.

    Raises:
        AmbiguousRepositoryError: There are several, and no label to choose by.
    """
    try:
        repositories = locate(path, label)
    except ManifestError:
        if label or not usual:
            raise
        repositories = locate(path, usual)
    of_usual = [r for r in repositories if r.manifest.label == usual]
    if len(of_usual) == 1:
        return of_usual[0]
    if len(repositories) > 1:
        raise AmbiguousRepositoryError(path, sorted(r.manifest.label for r in repositories))
    return repositories[0]


def absolute(path: Path) -> Path:
    """Return an absolute path without `..`, which lasts when a folder that it came through is gone.

    Links and mapped drives stay as they are; but where `..` follows a link, the folder that the
    link leads to counts, as for the system.
    """
    path = path.absolute()
    if ".." not in path.parts:
        return path
    plain = Path(os.path.abspath(path))
    try:
        same = os.path.samefile(path, plain)
    except (OSError, ValueError):  # ValueError: a null character
        same = not os.path.exists(path)
    if same:
        return plain
    end = len(path.parts) - path.parts[::-1].index("..")
    return Path(os.path.realpath(Path(*path.parts[:end])), *path.parts[end:])


def labels_in(root: Path) -> tuple[str, ...]:
    """Return the names of the repositories right below `root`; their manifests are not read."""
    return tuple(folder.name for folder in _below(root))


def enclosing(path: Path) -> Path | None:
    """Return the repository that `path` is or lies in, links resolved; None outside of any."""
    path = Path(os.path.realpath(path))
    return next((f for f in (path, *path.parents) if os.path.lexists(f / MANIFEST_NAME)), None)


def _check_not_packed(path: Path) -> None:
    if path.is_file() and zipfile.is_zipfile(path):
        volume = False
        with suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            volume = archive.comment.startswith(b"{")
        raise PackedError(path, volume=volume)


def _below(path: Path) -> list[Path]:
    try:
        folders = sorted(path.iterdir())
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a null character
        return []
    except OSError as error:
        if error.errno == errno.EINVAL:  # a character that no name on Windows has
            return []
        raise UnreadableError(path, error) from error
    return [folder for folder in folders if not folder.name.startswith(".") and present(folder)]
