"""Which folders are ours to write, and which files of a repository must go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import DirEntry, scandir
from pathlib import Path

from conda.base.context import context

from ...files.atomic import remove
from ..manifest import JOURNAL_NAME, MANIFEST_NAME, Manifest
from ..names import INSTALLER, OF_SYSTEMS, PLUGIN
from .exceptions import ForeignFolderError


def check_ours(repository: Path) -> None:
    """Refuse a folder that is not a repository of ours.

    Raises:
        ForeignFolderError: It has files, but no manifest; or a link, which could lead our writing
            and deleting out of it.
    """
    folders = [folder for folder in (repository, repository / PLUGIN) if folder.is_dir()]
    if (
        repository.is_symlink()
        or (repository.exists() and not folders)
        or any(path.is_symlink() for folder in folders for path in folder.iterdir())
        or (folders and not (repository / MANIFEST_NAME).exists() and any(_ours(repository)))
    ):
        raise ForeignFolderError(repository)


def leftovers(new: Manifest, repository: Path, last: Manifest | None) -> tuple[str, ...]:
    """Return the files of a repository that its next release does not have.

    In a subdir that is every other file: conda would take an index in another format, or an archive
    that the index does not name, for a part of the channel. Elsewhere it is only what an earlier
    build put there.
    """
    inside = [
        f"{subdir.relative_to(repository).as_posix()}/{name}"
        for subdir in _subdirs(repository)
        for name in sorted(e.name for e in _ours(subdir) if not e.is_dir(follow_symlinks=False))
    ]
    known = {*last.everything, *last.on_the_way} if last else set()
    others = sorted({*known, JOURNAL_NAME}.difference(inside))
    existing = (*inside, *(name for name in others if (repository / name).exists()))
    return tuple(name for name in existing if name not in new.everything)


def _ours(folder: Path) -> Iterator[DirEntry[str]]:
    """Yield what is in a folder, but for what systems put there."""
    return (entry for entry in scandir(folder) if not OF_SYSTEMS.fullmatch(entry.name))


def _subdirs(repository: Path) -> list[Path]:
    """Return conda's folders in a repository and in the plugin's channel; others are the user's."""
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
        Those that could not be deleted, as another program has them open or the disk refuses.
    """
    undeleted = []
    for name in names:
        try:
            remove(repository / name)
        except OSError:
            undeleted.append(name)
    # inner folders first
    for folder in (*_subdirs(repository), repository / PLUGIN, repository / INSTALLER):
        if folder.is_dir() and not any(folder.iterdir()):
            try:
                folder.rmdir()
            except OSError:
                undeleted.append(folder.relative_to(repository).as_posix())
    return tuple(undeleted)
