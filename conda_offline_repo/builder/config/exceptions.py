"""What can be wrong with `offline-repo.yml`; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ...exceptions import OfflineRepoError
from ...printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, order=True)
class Mistake:
    """Something wrong at a place of the file; lines and columns count from 1."""

    line: int
    column: int
    message: str


class ConfigFileError(OfflineRepoError):
    """All mistakes of a file: objects with `line`, `column` and `message`, by place."""

    def __init__(self, path: Path, mistakes: Iterable[Mistake]) -> None:
        self.path = str(path)
        self.mistakes = [
            {**asdict(mistake), "message": printable(mistake.message)}
            for mistake in sorted(set(mistakes))
        ]
        lines = (f"{path}:{m['line']}:{m['column']}: {m['message']}" for m in self.mistakes)
        super().__init__("\n".join((f"{path} cannot be used as it is:", *lines)))


class ConfigWriteError(OfflineRepoError):
    """A label that cannot be written to a file; the file is as it was."""

    def __init__(self, path: Path, label: str, reason: str, *hints: str) -> None:
        super().__init__(f"The label {label!r} was not written to {path}: {reason}.", *hints)
