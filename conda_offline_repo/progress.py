"""What a build or a verification tells of its progress, while it works."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told how far the work is; the command line shows it, the work does not care how."""

    def step(self, text: str) -> None:
        """A new step begins."""

    def expect(self, what: str, packages: int, size: int) -> None:
        """So many packages with so many bytes are going to be handled; `what` says how."""

    def advance(self, size: int) -> None:
        """So many more bytes are done; called from several threads."""

    def finish(self) -> None:
        """All that was expected is done."""
