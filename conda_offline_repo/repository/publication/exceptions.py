"""What can be wrong where a repository is written; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from pathlib import Path

from ...exceptions import OfflineRepoError
from ...printable import human


class NotWritableFolderError(OfflineRepoError):
    """A folder that cannot be written."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"{folder} cannot be written: {reason}.",
            "Give another folder (of a build: with --root), or ask for write permission.",
        )


class FileSystemError(OfflineRepoError):
    """The disk or the system refuses a step."""

    def __init__(self, error: OSError) -> None:
        # of two files it is the target that is held, full or refused
        name = error.filename2 or error.filename
        where = f"{name}: " if name else ""
        super().__init__(
            f"{where}{error.strerror or error}.",
            "The repository is whole, at the old release or the new one. "
            "Fix the cause, then run the same command again.",
        )


class NoSpaceError(OfflineRepoError):
    """A disk that is too full for the new files.

    Args:
        folder: On that disk.
        new: Bytes of the files that are not there yet.
        reserve: Bytes that have to stay free.
        free: Bytes.
    """

    def __init__(self, folder: Path, new: int, reserve: int, free: int) -> None:
        super().__init__(
            f"The disk of {folder} has {human(free)} free, but {human(new + reserve)} are needed: "
            f"{human(new)} for packages and other files that the folder lacks, beside the old ones "
            f"until all are there, and {human(reserve)} for index files and the file system.",
            "Free some space on that disk, or give a folder on another one.",
        )


class ForeignFolderError(OfflineRepoError):
    """A folder in the place of the repository that is not ours."""

    def __init__(self, folder: Path | str) -> None:
        super().__init__(
            f"{folder} is not empty and is not an offline repository; it stays as it is.",
            "Give another folder (of a build: another --label or --root), or move this one away.",
        )


class NestedFolderError(OfflineRepoError):
    """A place for a repository inside another one."""

    def __init__(self, folder: Path | str, repository: Path | str, advice: str) -> None:
        super().__init__(
            f"{folder} is inside the repository {repository}, whose files it would mix with its "
            "own. Nothing was written.",
            advice,
        )
