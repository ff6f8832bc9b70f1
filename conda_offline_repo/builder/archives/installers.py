"""conda's installers that go along, for machines without conda."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ...files.hashing import copy_file, hash_file
from ...repository.names import INSTALLER, is_device
from ..exceptions import InstallerError
from .archive import Archive

if TYPE_CHECKING:
    from ...repository.manifest import Manifest

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)


def check_installers(given: Iterable[Path]) -> None:
    """Check that files can go along, before anything else is done.

    Raises:
        InstallerError: One is not a file, or has a name that does not travel.
    """
    names: dict[str, Path] = {}
    for path in given:
        if not path.is_file():
            raise InstallerError(path, "it is not a file")
        if not NAME.fullmatch(path.name) or is_device(path.name) or path.name.endswith("."):
            raise InstallerError(
                path, "its name has a character, or a length, that not every system knows"
            )
        other = names.setdefault(path.name.lower(), path)
        if other is not path:
            raise InstallerError(path, f"{other} has the same name")


def collect_installers(
    given: tuple[Path, ...] | None, last: Manifest | None, repository: Path, staging: Path | None
) -> tuple[Archive, ...]:
    """Return the installers that go along: in the repository, or staged.

    Args:
        given: Those of this build; None for those of the last one.
        last: The manifest of the published repository, if there is one.
        repository: Its folder.
        staging: A folder on the same file system; None to write nothing.

    Raises:
        InstallerError: One cannot be read, or is not what was published.
    """
    if given is None:
        return tuple(_published(name, last, repository) for name in shipped(last)) if last else ()
    archives = (_collected(path, repository, staging) for path in given)
    return tuple(sorted(archives, key=lambda archive: archive.name))


def shipped(last: Manifest) -> tuple[str, ...]:
    """Return the paths of the installers of a release, sorted."""
    return tuple(sorted(name for name in last.files if name.startswith(f"{INSTALLER}/")))


def _published(name: str, last: Manifest, repository: Path) -> Archive:
    archive = _archive(name, repository / name, staged=False)
    if archive.sha256 not in last.allowed(name):
        raise InstallerError(archive.path, "it is not the file that was published")
    return archive


def _collected(path: Path, repository: Path, staging: Path | None) -> Archive:
    name = f"{INSTALLER}/{path.name}"
    archive = _archive(name, path, staged=True)
    if (repository / name).is_file():
        published = _archive(name, repository / name, staged=False)
        if published.sha256 == archive.sha256:
            return published
    if staging is None:
        return archive
    target = staging / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    digests = copy_file(path, target)
    return Archive(name, target, True, digests.sha256, "", digests.size)


def _archive(name: str, path: Path, *, staged: bool) -> Archive:
    try:
        digests = hash_file(path)
    except OSError as error:
        raise InstallerError(path, error.strerror or str(error)) from error
    return Archive(name, path, staged, digests.sha256, "", digests.size)
