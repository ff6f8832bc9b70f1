"""What a question may not find, and why an answer is not written, one class a failure."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..exceptions import OfflineRepoError

if TYPE_CHECKING:
    from ..files.web import Place


class PackageUnknownError(OfflineRepoError):
    """A package that no repository has."""

    def __init__(self, name: str, near: Iterable[str]) -> None:
        names = ", ".join(near)
        super().__init__(
            f"No package here is named {name!r}, and none depends on it.",
            f"Similar names: {names}."
            if names
            else "Without --why or --scripts, `conda offline-repo show` lists all packages.",
        )


class ArchiveError(OfflineRepoError):
    """An archive that is missing, unreadable, or not the one that the manifest names."""

    def __init__(self, path: Place, reason: str) -> None:
        super().__init__(
            f"{path} cannot be used: {reason}.",
            "`conda offline-repo verify` lists all damage of the repository. Copy it again from "
            "its source; at the source, build it again.",
        )


class SbomMissingError(OfflineRepoError):
    """A conda that cannot make a bill of materials."""

    def __init__(self, version: str) -> None:
        super().__init__(
            f"This conda, {version}, cannot write a bill of materials: conda 26.3 or newer is "
            "required, with the package conda-sboms.",
            'Install both: conda install -n base "conda>=26.3" conda-sboms',
            "If conda itself is new enough, `pip install conda-sboms` in its environment does, "
            "too.",
        )


class NotWrittenError(OfflineRepoError):
    """A file that cannot be written; no part of it is left."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be written: {reason}.",
            "Give the path of a writable folder.",
        )
