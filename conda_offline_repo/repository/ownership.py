"""What is ours: which folders may be written, what a repository has too much, and how that goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.base.context import context

from ..files.atomic import remove
from .exceptions import ForeignFolderError
from .manifest import JOURNAL_NAME, MANIFEST_NAME
from .names import INSTALLER, PLUGIN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .manifest import Manifest


def check_ours(repository: Path) -> None:
    """Refuse a folder that nothing of ours made.

    Raises:
        ForeignFolderError: It holds something, but no manifest; or a link, which could lead
            our writing and deleting out of it.
    """
    if repository.is_symlink() or (repository.exists() and not repository.is_dir()):
        raise ForeignFolderError(repository)
    if not repository.is_dir():
        return
    for folder in (repository, repository / PLUGIN):
        if folder.is_dir() and any(path.is_symlink() for path in folder.iterdir()):
            raise ForeignFolderError(repository)
    if (repository / MANIFEST_NAME).exists():
        return
    if any(repository.iterdir()):
        raise ForeignFolderError(repository)


def leftovers(new: Manifest, repository: Path, last: Manifest | None) -> tuple[str, ...]:
    """Return the files of a repository that its next release does not have.

    A subdir is ours to the last file: an index in another format, or an archive that the index does
    not name, would be taken for a part of the channel. Outside the subdirs only what an earlier
    build put there is.
    """
    wanted = {*new.files, *new.packages}
    below = [
        f"{folder}/{path.name}"
        for subdir in _subdirs(repository)
        for folder in (subdir.relative_to(repository).as_posix(),)
        for path in sorted(subdir.iterdir())
        if path.is_symlink() or not path.is_dir()
    ]
    known = {*last.files, *last.packages, *last.on_the_way} if last else set()
    ours = {*known, JOURNAL_NAME} - {*below}
    others = sorted(name for name in ours if (repository / name).exists())
    return tuple(name for name in (*below, *others) if name not in wanted)


def _subdirs(repository: Path) -> list[Path]:
    """The folders of a repository, and of the plugin's channel in it, that are conda's; others are
    somebody's own.
    """
    subdirs = set(context.known_subdirs)
    return sorted(
        path
        for channel in (repository, repository / PLUGIN)
        if channel.is_dir() and not channel.is_symlink()
        for path in channel.iterdir()
        if path.name in subdirs and path.is_dir()
    )


def clear(repository: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Delete files of a repository, and the folders that they leave empty.

    Returns:
        Those that could not be deleted, because another program holds them or the disk refuses.
    """
    undeleted = []
    for name in names:
        try:
            remove(repository / name)
        except OSError:
            undeleted.append(name)
    # those inside of others first
    for folder in (*_subdirs(repository), repository / PLUGIN, repository / INSTALLER):
        if folder.is_dir() and not any(folder.iterdir()):
            try:
                folder.rmdir()
            except OSError:
                undeleted.append(folder.relative_to(repository).as_posix())
    return tuple(undeleted)
