"""What can be wrong with a repository, one class a failure; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda.common.io import dashlist

from ..exceptions import OfflineRepoError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class InvalidLabelError(OfflineRepoError):
    """A label that cannot name a folder on every system."""

    def __init__(self, label: str, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"The label {label!r} cannot be used: {reason}.",
            "A label names a folder: use letters, digits, '.', '_' and '-', "
            "beginning with a letter or digit, at most 64 in all.",
        )


class RepositoryNotFoundError(OfflineRepoError):
    """A path at and below which there is no offline repository."""

    def __init__(self, path: Path, label: str | None, damaged: Iterable[Path] = ()) -> None:
        what = f"of label {label!r} " if label else ""
        unusable = dashlist(damaged)
        besides = f" These have a manifest that cannot be used:{unusable}" if unusable else ""
        super().__init__(
            f"There is no offline repository {what}in {path}.{besides}",
            "Give the folder that holds offline-repo.json, or the folder above it. "
            "If it should be there, the copy of it is incomplete: copy it again.",
        )


class UnreadableError(OfflineRepoError):
    """A file or folder of a repository that this user or this disk does not let be read."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"{path} cannot be read: {error.strerror or error}.",
            "Ask whoever owns it for permission to read the whole repository, or mount what it is "
            "on again, then repeat this command.",
        )


class AmbiguousRepositoryError(OfflineRepoError):
    """A root with several repositories and no label to choose by."""

    def __init__(self, path: Path, labels: Iterable[str]) -> None:
        super().__init__(
            f"{path} holds several offline repositories:{dashlist(labels)}",
            "Choose one with --label.",
        )


class ManifestError(OfflineRepoError):
    """A manifest, or its signature, that cannot be read or believed."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be used: {reason}.",
            "Copy the repository again from its source; at the source, build it again.",
        )


class SignatureError(ManifestError):
    """A signature that is broken, missing, or another manifest's."""


class PackageUnknownError(OfflineRepoError):
    """A package that no repository has."""

    def __init__(self, name: str, near: Iterable[str]) -> None:
        names = ", ".join(near)
        super().__init__(
            f"There is no package {name!r} here, and nothing that needs one of this name.",
            f"Nearest are: {names}."
            if names
            else "Without --why, `conda offline-repo show` lists all that there are.",
        )


class ArchiveError(OfflineRepoError):
    """An archive that is missing, is not the one that the manifest names, or cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be used: {reason}.",
            "`conda offline-repo verify` tells all that is wrong with the repository. Copy it "
            "again from its source; at the source, build it again.",
        )


class SbomMissingError(OfflineRepoError):
    """A bill of materials that is asked of a conda that cannot make one."""

    def __init__(self, version: str) -> None:
        super().__init__(
            f"This conda, {version}, cannot write a bill of materials: that takes conda 26.3 or "
            "newer, with the package conda-sboms.",
            "Install both: conda install -n base 'conda>=26.3' conda-sboms",
            "Where conda itself is new enough, `pip install conda-sboms` into its environment does "
            "as well.",
        )


class NotWrittenError(OfflineRepoError):
    """A file that cannot be written; nothing of it is left."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be written: {reason}.",
            "Give a folder that may be written, with -o.",
        )


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
