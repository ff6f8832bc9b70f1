"""What can go wrong when a repository's folder is written, one class a failure.

See `conda_offline_repo.exceptions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exceptions import OfflineRepoError

if TYPE_CHECKING:
    from pathlib import Path


class NotWritableFolderError(OfflineRepoError):
    """A folder that has to be written and cannot."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"{folder} cannot be written: {reason}.",
            "Give another folder (of a build: with --root), or ask for write permission to this "
            "one.",
        )


class FileSystemError(OfflineRepoError):
    """The disk or the system refuses a step."""

    def __init__(self, error: OSError) -> None:
        # of two files it is the target that is held, full or refused
        name = error.filename2 or error.filename
        where = f"{name}: " if name else ""
        super().__init__(
            f"{where}{error.strerror or error}.",
            "The repository is whole, as it was before or as it was to be. "
            "Put the cause right, then run the same command again.",
        )


class NoSpaceError(OfflineRepoError):
    """A disk that the new files do not fit on; sizes in bytes."""

    def __init__(self, folder: Path, needed: int, free: int) -> None:
        super().__init__(
            f"{folder} has {free / 1e6:.0f} MB free, {needed / 1e6:.0f} MB are needed.",
            "Free some space, or give a folder on another disk.",
        )


class ForeignFolderError(OfflineRepoError):
    """A folder in the place of the repository that is none of ours."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} is not empty and is not an offline repository; it is left as it is.",
            "Give another folder (of a build: another --label or --root), or move that one away.",
        )


class NestedFolderError(OfflineRepoError):
    """A place for a repository inside of another one."""

    def __init__(self, folder: Path, repository: Path, advice: str) -> None:
        super().__init__(
            f"{folder} is in the repository {repository}, whose files would be mixed with those "
            "of another. Nothing was written.",
            advice,
        )
