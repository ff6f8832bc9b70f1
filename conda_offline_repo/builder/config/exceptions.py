"""What can go wrong where `offline-repo.yml` is written; see `conda_offline_repo.exceptions`."""

from __future__ import annotations

from pathlib import Path

from ...exceptions import OfflineRepoError


class ConfigWriteError(OfflineRepoError):
    """A label that cannot be written to a file; the file is as it was."""

    def __init__(self, path: Path, label: str, reason: str, *hints: str) -> None:
        super().__init__(f"The label {label!r} was not written to {path}: {reason}.", *hints)
