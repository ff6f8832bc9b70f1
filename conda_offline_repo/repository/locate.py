"""Find the repositories at a path."""

from __future__ import annotations

import errno
import os
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context

from ..files.web import Place, WebFolder, channel_of
from .exceptions import (
    AmbiguousRepositoryError,
    ManifestError,
    OfflineError,
    PackedError,
    RepositoryNotFoundError,
    UnreadableError,
)
from .manifest import MANIFEST_NAME, Manifest
from .manifest_json import present, read
from .names import OF_SYSTEMS
from .signing.signature import checked
from .transition import allowing, read_next, unfinished

if TYPE_CHECKING:
    from ..exceptions import OfflineRepoError


@dataclass(frozen=True)
class Repository:
    """A repository.

    Attributes:
        path: Its folder, absolute, or its URL.
        signers: The fingerprints of the keys that signed the manifest; none if it is not signed.
        unfinished: Whether a publication of it is under way or was interrupted.
    """

    path: Place
    manifest: Manifest
    signers: tuple[str, ...] = ()
    unfinished: bool = False

    @property
    def channel(self) -> str:
        """It as a channel URL, without credentials."""
        return channel_of(self.path)

    @property
    def insecure(self) -> str:
        """A warning for who reads it, if it may be changed on its way unnoticed; else empty."""
        if self.signers or not str(self.path).startswith("http:"):
            return ""
        return (
            f"{self.path} is read without encryption (http:) and not signed: whoever can change "
            "what is on its way can change what is installed from it. Use https:, or ask your "
            "vendor to sign it."
        )


def locate(path: Place, label: str | None = None) -> tuple[Repository, ...]:
    """Return the repositories at `path` or right below it, by label.

    Args:
        path: A label's folder, or the root above several. What is below a URL, no server tells; so
            it is that of the label's folder, or there is a label.
        label: Take only the repository of this label.

    Raises:
        RepositoryNotFoundError: No repository found.
        PackedError: It is a zip file.
        UnreadableError: The folder, or a manifest, cannot be read.
        OfflineError: It is a URL, and conda is offline.
        ManifestError: A manifest cannot be used, or a SignatureError: a signature is not the
            manifest's. With a label, those of others do not matter.
    """
    repositories, damaged = readable(path, label)
    for problem in damaged.values():
        raise problem
    return repositories


def readable(
    path: Place, label: str | None = None
) -> tuple[tuple[Repository, ...], dict[Place, OfflineRepoError]]:
    """Return the repositories as `locate`, one at least, and what is wrong with those beside them
    that cannot be read, by folder.
    """
    if isinstance(path, WebFolder):
        return (_on_server(path, label),), {}
    path = absolute(path)
    _check_not_packed(path)
    repositories: list[Repository] = []
    damaged: dict[Path, ManifestError | UnreadableError] = {}
    for folder in [path] if present(path) else _below(path):
        try:
            repository = _in_folder(folder)
        except (ManifestError, UnreadableError) as error:
            damaged[folder] = error
        else:
            if repository and label in (None, repository.manifest.label):
                repositories.append(repository)
    # a damaged neighbour does not matter to one label, unless it may be that one
    meant: dict[Place, OfflineRepoError] = {
        f: e for f, e in damaged.items() if label is None or f == path or f.name == label
    }
    if not repositories:
        raise next(iter(meant.values()), RepositoryNotFoundError(path, label, damaged))
    return tuple(repositories), meant


def _in_folder(folder: Place) -> Repository | None:
    """Return the repository in a folder; None without a manifest."""
    coming, manifest = read_next(folder), read(folder)
    if manifest is None:
        return None
    manifest, signers = checked(folder, manifest)
    manifest = allowing(folder, manifest, coming)
    return Repository(folder, manifest, signers, unfinished(folder, manifest, coming))


def _on_server(place: WebFolder, label: str | None) -> Repository:
    """Return the repository at a URL, or of a label below it."""
    place = WebFolder.at(place.address)
    if context.offline:
        from .._conda.solver_settings import sources

        raise OfflineError(str(place), sources().get("offline", "its configuration"))
    problem: ManifestError | None = None
    folders = [place.repository(label), place] if label else [place]
    if label == place.name:  # which may be that of the folder above, too
        folders.reverse()
    for folder in folders:
        try:
            repository = _in_folder(folder)
        except ManifestError as error:  # a server may have a page for what it does not have
            problem = problem or error
            continue
        if repository and label in (None, repository.manifest.label):
            return repository
    raise problem or RepositoryNotFoundError(place, label)


def locate_one(path: Place, label: str | None = None, usual: str | None = None) -> Repository:
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
    except (ManifestError, RepositoryNotFoundError) as error:
        # the usual one may be right, or on a server, which does not tell of it
        if label or not usual or (isinstance(path, Path) and not isinstance(error, ManifestError)):
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


def labels_in(root: Place) -> tuple[str, ...]:
    """Return the names of the repositories right below a folder; their manifests are not read. What
    is below a URL, no server tells.
    """
    return tuple(folder.name for folder in _below(root)) if isinstance(root, Path) else ()


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
    folders = [f for f in folders if not (f.name.startswith(".") or OF_SYSTEMS.fullmatch(f.name))]
    return [folder for folder in folders if present(folder)]
