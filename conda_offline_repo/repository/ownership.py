"""Which folders may be written and cleared: those that are ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .exceptions import ForeignFolderError
from .manifest import MANIFEST_NAME
from .names import PLUGIN

if TYPE_CHECKING:
    from pathlib import Path


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
