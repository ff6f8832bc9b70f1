"""What can go wrong with one download, told among the rooms of this wing."""

from __future__ import annotations


class DownloadFailedError(Exception):
    """An archive that could not be had; the text says why, without secrets."""


class TryAgainError(Exception):
    """A failure that may pass; `wait` is what the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(reason)


class WrongBytesError(Exception):
    """An answer that is not the archive that the channel states."""
